"""What a document of the chart holds: parts in words, choices, days and rows, each with its limit.

A document is a frozen dataclass whose fields are declared with `words`, `choice`, `day` and `rows`, in parts that a
page shows one below the other. From that declaration come its stored form, its faults, and how it is shown. A
document that was stored before a field existed reads as if the field had been left empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, TypeVar

C = TypeVar("C")
_SPEC: Final = "spec"
SHORT: Final = 200
LONG: Final = 4_000
MOST_ROWS: Final = 30
# How far ahead a day may be planned.
FAR_AHEAD: Final = timedelta(days=731)


@dataclass(frozen=True)
class Words:
    """Text of at most `most` characters. `required` is the sentence that asks for it; empty: it may be left out."""

    label: str
    most: int = SHORT
    is_long: bool = False
    required: str = ""
    help: str = ""


@dataclass(frozen=True)
class Choice:
    """One of a few; empty where nothing was chosen."""

    label: str
    choices: tuple[tuple[str, str], ...]
    required: str = ""
    help: str = ""

    def word(self, value: str) -> str:
        """How a stored choice is said; one that is not offered any more says itself."""
        return dict(self.choices).get(value, value)


@dataclass(frozen=True)
class Day:
    """A day. What is planned may lie ahead, what has happened may not."""

    label: str
    is_planned: bool = False
    required: str = ""
    help: str = ""


@dataclass(frozen=True)
class Rows:
    """Several of one kind, at most `most`. `one` is what a single one is called; a form offers `blank` empty ones."""

    label: str
    row: type[Any]
    one: str
    most: int = MOST_ROWS
    blank: int = 1
    help: str = ""


Spec = Words | Choice | Day | Rows


def words(label: str, *, most: int | None = None, is_long: bool = False, required: str = "", help: str = "") -> Any:  # noqa: A002
    """Declare a field of text, by default short; a long one is shown in lines."""
    limit = most or (LONG if is_long else SHORT)
    return field(default="", metadata={_SPEC: Words(label, limit, is_long, required, help)})


def choice(label: str, choices: tuple[tuple[str, str], ...], *, required: str = "", help: str = "") -> Any:  # noqa: A002
    """Declare a field of which one of a few is chosen, or nothing."""
    return field(default="", metadata={_SPEC: Choice(label, choices, required, help)})


def day(label: str, *, is_planned: bool = False, help: str = "") -> Any:  # noqa: A002
    """Declare a day that may be left out."""
    return field(default=None, metadata={_SPEC: Day(label, is_planned, help=help)})


def rows(row: type[Any], label: str, *, one: str, blank: int = 1, help: str = "") -> Any:  # noqa: A002
    """Declare rows, each a frozen dataclass declared in the same way."""
    return field(default=(), metadata={_SPEC: Rows(label, row, one, blank=blank, help=help)})


@dataclass(frozen=True)
class Part:
    """Fields that are shown together under one heading; in a form `is_open` from the start.

    That nothing is said of a part is told to the reader, unless it is not `is_expected` to say anything.
    """

    key: str
    title: str
    names: tuple[str, ...]
    is_open: bool = False
    is_expected: bool = True


def specs_of(kind: Any) -> Mapping[str, Spec]:
    """The declared fields of a document or row, in order."""
    return _specs(kind)


@cache
def _specs(kind: Any) -> Mapping[str, Spec]:
    return {one.name: one.metadata[_SPEC] for one in fields(kind)}


# Stored form


def as_json(content: Any) -> dict[str, Any]:
    """The document as it is stored: what is empty is left out, days are ISO dates."""
    return {name: _stored(value) for name in specs_of(type(content)) if (value := getattr(content, name))}


def from_json(kind: type[C], stored: Mapping[str, Any]) -> C:
    """The document that was stored; what it does not say, or says in no readable way, is empty."""
    return kind(**{name: _read(spec, stored[name]) for name, spec in specs_of(kind).items() if name in stored})


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [as_json(row) for row in value]
    return value.isoformat() if isinstance(value, date) else value


def _read(spec: Spec, value: Any) -> Any:
    if isinstance(spec, Rows):
        listed = value if isinstance(value, list) else []
        return tuple(from_json(spec.row, row) for row in listed if isinstance(row, Mapping))
    text = value if isinstance(value, str) else ""
    return _day(text) if isinstance(spec, Day) else text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# Faults


@dataclass(frozen=True)
class Fault:
    """What cannot be kept, at which field: `row` counts from 0 and `column` names the field of that row."""

    name: str
    sentence: str
    row: int | None = None
    column: str = ""


def faults_of(content: Any, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """Everything that a document cannot be kept for. Days lie after birth, and by `today` unless they are planned."""
    found: list[Fault] = []
    for name, spec in specs_of(type(content)).items():
        value = getattr(content, name)
        if isinstance(spec, Rows):
            found += _faults_of_rows(name, spec, value, today, born_on)
        elif sentence := _fault(spec, value, today, born_on):
            found.append(Fault(name, sentence))
    return tuple(found)


def _faults_of_rows(name: str, spec: Rows, value: Sequence[Any], today: date, born_on: date) -> Iterator[Fault]:
    if len(value) > spec.most:
        yield Fault(
            name, f"{spec.label}: at most {spec.most} rows can be kept, and these are {len(value)}. Clear some."
        )
    for number, row in enumerate(value):
        for column, cell in specs_of(spec.row).items():
            if sentence := _fault(cell, getattr(row, column), today, born_on):
                yield Fault(name, f"{spec.one} {number + 1}. {sentence}", number, column)


def _fault(spec: Spec, value: Any, today: date, born_on: date) -> str:
    if not value:
        return getattr(spec, "required", "")
    if isinstance(spec, Words):
        return _fault_of_text(spec, value)
    if isinstance(spec, Choice):
        return "" if value in dict(spec.choices) else f"{spec.label}: choose one from the list."
    assert isinstance(spec, Day)
    return _fault_of_day(spec, value, today, born_on)


def _fault_of_text(spec: Words, value: str) -> str:
    if len(value) > spec.most:
        return f"{spec.label} holds {spec.most:,} characters, and this has {len(value):,}. Shorten it."
    # Postgres keeps neither in JSON.
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
        return f"{spec.label} contains a sign that cannot be kept. Type it again instead of pasting it."
    return ""


def _fault_of_day(spec: Day, value: date, today: date, born_on: date) -> str:
    if value < born_on:
        return f"{spec.label}: this day is before the patient's birth. Correct it."
    if not spec.is_planned and value > today:
        return f"{spec.label}: this day is in the future. Correct it."
    if value > today + FAR_AHEAD:
        return f"{spec.label}: this day is more than two years ahead. Correct it."
    return ""


# How it is shown


@dataclass(frozen=True)
class Shown:
    """One field as a page shows it: lines of text, or a table of `rows` under `header` (empty columns left out)."""

    name: str
    label: str
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def is_filled(self) -> bool:
        """Whether anything is said."""
        return bool(self.lines or self.rows)

    @property
    def labelled_rows(self) -> list[list[tuple[str, str]]]:
        """Each row with the label of its column at each cell."""
        return [list(zip(self.header, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class ShownPart:
    """A part as a page shows it."""

    key: str
    title: str
    fields: tuple[Shown, ...]

    @property
    def is_filled(self) -> bool:
        """Whether any of its fields says something."""
        return any(one.is_filled for one in self.fields)


def shown(content: Any, parts: Sequence[Part]) -> tuple[ShownPart, ...]:
    """The document in its parts, with those that are empty."""
    return tuple(ShownPart(part.key, part.title, tuple(_shown(content, name) for name in part.names)) for part in parts)


def missing(content: Any, parts: Sequence[Part]) -> tuple[str, ...]:
    """The titles of the parts of which something is expected and nothing said."""
    filled = {part.key for part in shown(content, parts) if part.is_filled}
    return tuple(part.title for part in parts if part.is_expected and part.key not in filled)


def _shown(content: Any, name: str) -> Shown:
    spec, value = specs_of(type(content))[name], getattr(content, name)
    if not isinstance(spec, Rows):
        return Shown(name, spec.label, lines=_lines(spec, value))
    columns = specs_of(spec.row)
    kept = [column for column in columns if any(getattr(row, column) for row in value)]
    table = tuple(tuple(said(columns[column], getattr(row, column)) for column in kept) for row in value)
    return Shown(name, spec.label, header=tuple(columns[column].label for column in kept), rows=table)


def said(spec: Spec, value: Any) -> str:
    """A single value as people say it; empty when it is."""
    if isinstance(spec, Choice):
        return spec.word(value)
    if isinstance(value, date):
        return f"{value:%b} {value.day}, {value.year}"
    return str(value or "")


def lines_of(content: Any, name: str) -> tuple[str, ...]:
    """A field in lines, to be laid beside those of another version. A row is one: `Sertraline · Dose 50 mg`."""
    spec, value = specs_of(type(content))[name], getattr(content, name)
    if not isinstance(spec, Rows):
        return _lines(spec, value)
    return tuple(_row_line(specs_of(spec.row), row) for row in value)


def _lines(spec: Spec, value: Any) -> tuple[str, ...]:
    return tuple(line.strip() for line in said(spec, value).splitlines() if line.strip())


def _row_line(columns: Mapping[str, Spec], row: Any) -> str:
    """The first column bare, what follows with its label."""
    texts = [(spec.label, " ".join(said(spec, getattr(row, name)).split())) for name, spec in columns.items()]
    first, *others = texts
    return " · ".join([first[1], *(f"{label} {text}" for label, text in others if text)])
