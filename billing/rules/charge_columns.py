"""Which column of a list of charges and appointments is what, and what the words of its status column mean."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from caseload.rules.imports.columns import compact
from caseload.rules.imports.columns import fields as import_fields
from caseload.rules.imports.corrections import DATE_ORDERS, NOT_USED
from caseload.rules.imports.recognize import ROWS_SEARCHED, Column, Table, column_name, header_at
from caseload.rules.imports.sheets import Problem, Sheet, as_text

_SOURCE = Path(__file__).with_name("charge_columns.toml")
# Fewer headings than this may be chance: "Date" and "Name" head many lists.
_LEAST_HEADINGS = 2
_PERSON: Final = ("mrn", "name", "family")


class ChoicesUnreadable(ValueError):
    """A choice names something that a list of charges does not have; the message says what."""


@dataclass(frozen=True)
class ChargeChoices:
    """What a person said of a file: columns by position from 0 to a field or NOT_USED; whether dates of numbers only
    are month first or day first (empty: nobody has said); whom a name in it means, `key: who`, as its page keeps it.
    """

    columns: Mapping[int, str] = field(default_factory=dict)
    date_order: str = ""
    people: Mapping[str, str] = field(default_factory=dict)


def read_choices(stored: Mapping[str, Any]) -> ChargeChoices:
    """Choices from the form in which they are stored. Raises ChoicesUnreadable."""
    columns = {int(position): str(key) for position, key in stored.get("columns", {}).items()}
    for key in columns.values():
        if key != NOT_USED and key not in field_labels():
            raise ChoicesUnreadable(f"There is no field {key!r}.")
    order = str(stored.get("date_order", ""))
    if order not in ("", *DATE_ORDERS):
        raise ChoicesUnreadable(f"Dates are {' or '.join(DATE_ORDERS)}, not {order!r}.")
    people = {str(name): str(who) for name, who in stored.get("people", {}).items()}
    return ChargeChoices(columns, order, people)


def stored_choices(choices: ChargeChoices) -> dict[str, Any]:
    """The form in which choices are stored: what read_choices reads."""
    columns = {str(position): key for position, key in choices.columns.items()}
    return {"columns": columns, "date_order": choices.date_order, "people": dict(choices.people)}


@cache
def field_labels() -> Mapping[str, str]:
    """The fields that a column can hold, each with what people call it, in the order of a form."""
    return {key: entry["label"] for key, entry in _source()["fields"].items()}


def status_of(written: str) -> str | None:
    """`kept`, `planned`, `missed` or `canceled`; empty where nothing is written, None where it is not understood."""
    if not written:
        return ""
    known = _statuses()
    begin = re.split(r"\s[-–(:]|[,;(]", written)[0]
    return known.get(_plain(written)) or known.get(_plain(begin))


def recognize_charges(sheets: Sequence[Sheet], choices: ChargeChoices) -> tuple[Table | None, tuple[Problem, ...]]:
    """The table of charges among the sheets of a file, its header row and its columns; and what keeps it from being
    read. Without any heading that is known there is no table.
    """
    tables = [table for sheet in sheets if (table := _table(sheet, choices))]
    if not tables:
        return None, (_unrecognized(sheets),)
    best = max(tables, key=lambda table: sum(bool(column.field) for column in table.columns))
    return best, (*_missing(best), *_doubled(best))


def _table(sheet: Sheet, choices: ChargeChoices) -> Table | None:
    best, number = _LEAST_HEADINGS - 1, 0
    for row, cells in enumerate(sheet.rows[:ROWS_SEARCHED], start=1):
        named = {_field_of(cell) for cell in cells if isinstance(cell, str)} - {""}
        if len(named) > best:
            best, number = len(named), row
    # With all its columns chosen by somebody, a file needs no heading that is known.
    if not number and not choices.columns:
        return None
    number = number or 1
    # The kind decides only whose row reader reads the table: that of a list of contacts.
    return Table(sheet, "contacts", number, _columns(sheet, number, choices))


def _columns(sheet: Sheet, number: int, choices: ChargeChoices) -> tuple[Column, ...]:
    """What each column holds: as chosen, else by its heading; of two columns of one heading the first."""
    taken = set(choices.columns.values())
    columns = []
    for position, cell in enumerate(header_at(sheet, number)):
        heading = as_text(cell)
        key = choices.columns.get(position)
        if key is None:
            key = _field_of(heading)
            key = "" if key in taken else key
            taken.add(key)
        name = heading or f"Column {column_name(position)}"
        columns.append(Column(position, name, "" if key == NOT_USED else key, is_headed=bool(heading)))
    return tuple(columns)


def _missing(table: Table) -> list[Problem]:
    labels = field_labels()
    wanted = {
        f"{labels['mrn']} or {labels['name']}": any(table.column(key) for key in _PERSON),
        labels["contact_on"]: table.column("contact_on") is not None,
    }
    return table.without(wanted, "Choose which column holds it, or export the file again with it.")


def _doubled(table: Table) -> list[Problem]:
    by_field: dict[str, list[str]] = {}
    for column in table.columns:
        by_field.setdefault(column.field, []).append(column.header)
    return [
        Problem(
            table.sheet.label,
            table.header_row,
            "",
            f"{' and '.join(headers)} are both chosen for {field_labels()[key]}",
            "Choose one of them, and Not used for the others.",
        )
        for key, headers in by_field.items()
        if key and len(headers) > 1
    ]


def _unrecognized(sheets: Sequence[Sheet]) -> Problem:
    label = sheets[0].file if sheets else "The file"
    fault = "no row names columns of charges or appointments"
    fix = "Its first row needs headings, such as MRN, Date of Service, CPT Code and Provider."
    return Problem(label, 0, "", fault, fix)


def _field_of(heading: str) -> str:
    known = _by_heading()
    unbracketed = re.sub(r"[(\[].*?[)\]]", "", heading)
    return known.get(compact(heading)) or known.get(compact(unbracketed)) or ""


@cache
def _by_heading() -> Mapping[str, str]:
    known: dict[str, str] = {}
    for key, entry in _source()["fields"].items():
        like = entry.get("like")
        headers = import_fields(like[0])[like[1]].headers if like else ()
        for header in (entry["label"], *entry.get("headers", ()), *headers):
            known.setdefault(compact(header), key)
    return known


@cache
def _statuses() -> Mapping[str, str]:
    return {_plain(word): meaning for meaning, words in _source()["statuses"].items() for word in words}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
