"""One way to write a frozen dataclass down, so that equal facts have equal bytes for ever.

Canonical JSON: keys sorted, no spaces, dates and Decimals as text, tuples as lists. Reading goes by the
declared types of the dataclass: a field that is missing takes its default, so that facts stored by an earlier
version still read.
"""

import hashlib
import json
import types
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Unreadable(ValueError):
    """A stored document has a field that its version does not know, lacks one, or holds what cannot
    be there.
    """


def plain(value: object) -> Any:
    """The value as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def to_json(value: object) -> str:
    """Canonical JSON of a dataclass made of text, whole numbers, booleans, dates, Decimals, tuples and
    dataclasses.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(value: object) -> str:
    """The fingerprint of a value: sha256 of its canonical JSON, in hexadecimal."""
    return hashlib.sha256(to_json(value).encode()).hexdigest()


def read(kind: type[T], document: Mapping[str, Any]) -> T:
    """A dataclass from its plain form.

    Raises Unreadable for a field too many, one without default too few, or a value that cannot be of its
    type.
    """
    known = _types(cast("Hashable", kind))
    unknown = document.keys() - known.keys()
    if unknown:
        raise Unreadable(f"{kind.__name__} has no field {min(unknown)!r}")
    try:
        return kind(**{name: _typed(known[name], value) for name, value in document.items()})
    except (AttributeError, IndexError, TypeError, ValueError) as fault:
        raise Unreadable(f"{kind.__name__}: {fault}") from fault


@cache
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    """The value as its declared type has it; what JSON already says exactly is left alone."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = _alternative(kind, value)
    if isinstance(value, list):
        return tuple(_typed(item, part) for item, part in zip(_item_types(kind, value), value, strict=True))
    if kind is date or kind is Decimal:
        return date.fromisoformat(value) if kind is date else Decimal(value)
    if isinstance(kind, type) and is_dataclass(kind):
        return read(kind, value)
    return value


def _alternative(kind: Any, value: Any) -> Any:
    """Which of several declared types a value has: none, a list, or the one that is not None."""
    choices = [choice for choice in get_args(kind) if choice is not type(None)]
    if value is None:
        return type(None)
    fitting = [choice for choice in choices if (get_origin(choice) is tuple) == isinstance(value, list)]
    return (fitting or choices)[0]


def _item_types(kind: Any, value: list[Any]) -> list[Any]:
    parts = get_args(kind)
    return [parts[0]] * len(value) if parts[1:] == (Ellipsis,) else list(parts)
