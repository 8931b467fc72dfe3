"""The fields that an import knows, and the column headings by which each is recognized."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

SheetKind = Literal["patients", "contacts"]
KINDS: tuple[SheetKind, ...] = ("patients", "contacts")

_SOURCE = Path(__file__).with_name("columns.toml")


@dataclass(frozen=True)
class Field:
    """One thing a column can hold.

    `one_of` names a group of which one field must be there. `telling` fields make a sheet one of its kind.
    """

    kind: SheetKind
    key: str
    label: str
    headers: tuple[str, ...]
    required: bool = False
    one_of: str = ""
    telling: bool = False


def compact(header: str) -> str:
    """A heading as it is compared: small letters and digits only, `#` read as "item"."""
    return re.sub(r"[^a-z0-9]", "", header.casefold().replace("#", "item"))


@cache
def fields(kind: SheetKind) -> Mapping[str, Field]:
    """The fields of a kind of sheet, by key, in the order of columns.toml."""
    source = tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
    return {key: _field(source, kind, key) for key in source[kind]}


def field_of(kind: SheetKind, header: str) -> str | None:
    """The key of the field that a heading names on such a sheet, or None."""
    known = _by_heading(kind)
    unbracketed = re.sub(r"[(\[].*?[)\]]", "", header)
    return known.get(compact(header)) or known.get(compact(unbracketed))


@cache
def _by_heading(kind: SheetKind) -> Mapping[str, str]:
    return {compact(header): field.key for field in fields(kind).values() for header in (*field.headers, field.label)}


def _field(source: Mapping[str, Any], kind: SheetKind, key: str) -> Field:
    entry = dict(source[kind][key])
    like = entry.pop("like", None)
    headers = (*entry.pop("headers", ()), *(_at(source, like)["headers"] if like else ()))
    return Field(kind=kind, key=key, headers=headers, **entry)


def _at(source: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    kind, key = place.split(".")
    entry: Mapping[str, Any] = source[kind][key]
    return entry
