"""A practice's list of patients seen in a month: which column is what, what each row says, and what is wrong with it.

Sheets come from caseload's reader of workbooks, and rows are read with the parts of its imports. Here every fault stops
the whole file: a share of a file that is read in part would be of nobody in particular.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final

from caseload.rules.imports.candidates import Ignored
from caseload.rules.imports.columns import compact
from caseload.rules.imports.columns import fields as import_fields
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.numbers import NotANumber, read_score
from caseload.rules.imports.recognize import ROWS_SEARCHED, Column, Table, column_name, header_at
from caseload.rules.imports.rows import RowReader, data_rows
from caseload.rules.imports.sheets import Problem, Sheet, as_text, shown
from outcomes.rules.months import last_day_of
from outcomes.rules.screening import INSTRUMENT_WORDS, MOST_OF, PHQ2, PHQ9

# Fewer headings than this may be chance: "Date" heads many lists.
_LEAST_HEADINGS = 2
_LONGEST_WORDS = 100
_SEEN: Final = "seen_on"
_SCORES: Final = ("score", PHQ9, PHQ2)
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "mrn": ("Record number",),
    _SEEN: (
        *("Seen on", "Seen", "Visit date", "Date of visit", "Encounter date", "Date of service", "DOS", "Date"),
        *("Service date", "Appointment date", "Last visit", "Last visit date", "Visit", "Date seen"),
    ),
    "screened_on": (
        *("Screened on", "Screening date", "Screen date", "Date of screen", "Date screened", "Screened", "PHQ date"),
        *("Date of PHQ", "PHQ-9 date", "Last PHQ date", "Last screen", "Last screen date", "Date of last screen"),
        *("Last PHQ-9 date", "Score date", "Administered on"),
    ),
    "instrument": ("Instrument", "Tool", "Screen", "Screening tool", "Questionnaire", "Scale", "Measure", "Test"),
    "score": ("Score", "Total score", "Total", "Screen score", "Screening score", "PHQ score", "Result", "PHQ total"),
    PHQ2: ("PHQ-2", "PHQ-2 score", "PHQ-2 total", "PHQ-2 total score"),
    PHQ9: ("PHQ-9", "PHQ-9 score", "PHQ-9 total", "PHQ-9 total score", "PHQ-A", "PHQ-A score", "PHQ9 score"),
    "is_first": ("First PHQ-9", "First", "Is first", "Initial PHQ-9", "Initial", "First PHQ", "First ever"),
    "followed_up_on": (
        *("Followed up on", "Follow-up date", "Followup date", "Follow up", "Date of follow-up", "Follow-up on"),
        *("Followed up", "Follow-up"),
    ),
    "followed_up_by": (
        *("Followed up by", "Follow-up type", "Kind of follow-up", "Follow-up by", "Follow-up what", "Intervention"),
        *("Follow-up action", "Plan", "Action"),
    ),
}
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "first", "initial", "new"})
_NO: Final = frozenset({"", "no", "n", "false", "0", "repeat", "subsequent", "follow-up"})
_TOOLS: Final = {"phq2": PHQ2, "phq9": PHQ9, "phqa": PHQ9, "phq9a": PHQ9, "phq9m": PHQ9, "2": PHQ2, "9": PHQ9}


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One patient seen in the month, and the screen that counts."""

    row: int
    mrn: str
    seen_on: date
    screened_on: date | None = None
    instrument: str = ""
    score: int | None = None
    is_first: bool = False
    followed_up_on: date | None = None
    followed_up_by: str = ""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """What a file says. With `faults` nothing of it is taken. `repeated` rows were put together with another one."""

    rows: tuple[SeenRow, ...] = ()
    faults: tuple[Problem, ...] = ()
    ignored: int = 0
    repeated: int = 0
    remarks: tuple[str, ...] = ()


def read_seen(sheets: Sequence[Sheet], *, month: date, on: date) -> SeenFile:
    """The patients seen in a month. `on` is the day of the upload, after which no day may lie.

    Of several sheets the one with most known headings is read. Several rows of a patient become one: the last visit
    and, of the screens, a first PHQ-9 of the month before others, else the latest.
    """
    table = _recognized(sheets)
    if table is None:
        return SeenFile(faults=(_unrecognized(sheets),))
    if missing := _missing(table):
        return SeenFile(faults=tuple(missing))
    read = list(data_rows(table, Corrections(), _SEEN))
    readers = [reader for reader in read if isinstance(reader, RowReader)]
    rows = [row for reader in readers if (row := _row(reader, month, on))]
    faults = tuple(fault for reader in readers for fault in (*reader.faults, *reader.losses))
    if not readers:
        faults = (Problem(table.sheet.label, 0, "", "there is no row below the headings", "Export the month again."),)
    kept = together(rows, month)
    ignored = sum(isinstance(reader, Ignored) for reader in read)
    return SeenFile(() if faults else kept, faults, ignored, len(rows) - len(kept), tuple(_remarks(table)))


def together(rows: Iterable[SeenRow], month: date) -> tuple[SeenRow, ...]:
    """Each patient once, in the order of the file."""
    found: dict[str, SeenRow] = {}
    for row in rows:
        earlier = found.get(row.mrn)
        found[row.mrn] = row if earlier is None else _merged(earlier, row, month)
    return tuple(found.values())


def _merged(one: SeenRow, other: SeenRow, month: date) -> SeenRow:
    """The last visit with the screen that counts and what followed that screen."""
    screen = max(one, other, key=lambda row: _weight(row, month))
    if screen.followed_up_on is None:
        rest = other if screen is one else one
        is_after = rest.followed_up_on is not None and screen.screened_on is not None
        if is_after and rest.followed_up_on >= screen.screened_on:  # type: ignore[operator]
            screen = replace(screen, followed_up_on=rest.followed_up_on, followed_up_by=rest.followed_up_by)
    return replace(screen, row=one.row, seen_on=max(one.seen_on, other.seen_on))


def _weight(row: SeenRow, month: date) -> tuple[bool, date, bool, int]:
    """By which of two screens counts: a first PHQ-9 of the month, else the latest; on the same day the PHQ-9, which a
    positive PHQ-2 asks for.
    """
    is_of_month = row.screened_on is not None and month <= row.screened_on <= last_day_of(month)
    return row.is_first and is_of_month, row.screened_on or date.min, row.instrument == PHQ9, row.score or 0


def _row(reader: RowReader, month: date, on: date) -> SeenRow | None:
    mrn = reader.mrn()
    if not mrn and not reader.faults:
        reader.refuse("mrn", "there is no record number", "Fill it in: patients are counted by it.")
    seen_on = _seen_on(reader, month, on)
    screened_on = reader.needed_day("screened_on", on) if reader.text("screened_on") else None
    instrument, score = _score(reader)
    _compare(reader, screened_on, score)
    is_first = _is_first(reader, instrument)
    followed_up_on = reader.needed_day("followed_up_on", on) if reader.text("followed_up_on") else None
    _compare_follow_up(reader, screened_on, followed_up_on)
    by = reader.words("followed_up_by", _LONGEST_WORDS)
    if not mrn or seen_on is None or reader.faults:
        return None
    if screened_on is None or score is None:
        return SeenRow(reader.number, mrn, seen_on)
    return SeenRow(reader.number, mrn, seen_on, screened_on, instrument, score, is_first, followed_up_on, by)


def _seen_on(reader: RowReader, month: date, on: date) -> date | None:
    seen_on = reader.needed_day(_SEEN, on)
    if seen_on and not month <= seen_on <= last_day_of(month):
        reader.refuse(
            _SEEN,
            f"{seen_on:%b} {seen_on.day}, {seen_on.year} is not in {month:%B %Y}",
            "Leave the row out, or choose the month that it is of.",
        )
    return seen_on


def _score(reader: RowReader) -> tuple[str, int | None]:
    """The instrument and its total, from a column each, or from a column for each instrument: then the PHQ-9 first."""
    for key in (PHQ9, PHQ2):
        if (score := _number(reader, key, key)) is not None:
            return key, score
    if not reader.text("score"):
        return "", None
    instrument = _instrument(reader)
    return instrument, _number(reader, "score", instrument) if instrument else None


def _number(reader: RowReader, key: str, instrument: str) -> int | None:
    if not reader.text(key):
        return None
    try:
        return read_score(reader.cell(key), INSTRUMENT_WORDS[instrument], MOST_OF[instrument])
    except NotANumber as wrong:
        reader.refuse(key, str(wrong), wrong.fix)
        return None


def _instrument(reader: RowReader) -> str:
    text = reader.text("instrument")
    found = _TOOLS.get(compact(text), "")
    if not found:
        fault = f"“{shown(text)}” is neither PHQ-2 nor PHQ-9" if text else "nothing says which instrument it is"
        key = "instrument" if reader.table.column("instrument") else "score"
        reader.refuse(key, fault, "Write PHQ-2 or PHQ-9, and leave other screens out.")
    return found


def _compare(reader: RowReader, screened_on: date | None, score: int | None) -> None:
    """A screen is a day and a score: either without the other is a mistake, but for one that was declined."""
    if reader.faults or (score is None and any(map(reader.text, _SCORES))):
        return
    if score is not None and screened_on is None:
        reader.refuse("screened_on", "there is a score but no day", "Fill in the day of the screen.")
    if screened_on is not None and score is None:
        key = next(name for name in _SCORES if reader.table.column(name))
        reader.refuse(key, "there is a day but no score", "Fill in the score; clear the day if it was not done.")


def _is_first(reader: RowReader, instrument: str) -> bool:
    text = reader.text("is_first").casefold()
    if text not in _YES | _NO:
        reader.refuse("is_first", f"“{shown(text)}” is neither yes nor no", "Write yes or no.")
    return text in _YES and instrument == PHQ9


def _compare_follow_up(reader: RowReader, screened_on: date | None, followed_up_on: date | None) -> None:
    if followed_up_on and screened_on and followed_up_on < screened_on:
        reader.refuse("followed_up_on", "the follow-up is before the screen", "Correct one of the two days.")


def _recognized(sheets: Sequence[Sheet]) -> Table | None:
    tables = [table for sheet in sheets if (table := _table(sheet))]
    return max(tables, key=lambda table: sum(bool(column.field) for column in table.columns), default=None)


def _table(sheet: Sheet) -> Table | None:
    best, number = _LEAST_HEADINGS - 1, 0
    for row, cells in enumerate(sheet.rows[:ROWS_SEARCHED], start=1):
        named = {_field_of(cell) for cell in cells if isinstance(cell, str)} - {""}
        if len(named) > best:
            best, number = len(named), row
    # The kind decides only whose row reader reads the table.
    return Table(sheet, "contacts", number, _columns(sheet, number)) if number else None


def _columns(sheet: Sheet, number: int) -> tuple[Column, ...]:
    """What each column holds; of two of one meaning the first."""
    taken: set[str] = set()
    columns = []
    for position, cell in enumerate(header_at(sheet, number)):
        heading = as_text(cell)
        key = _field_of(heading)
        key = "" if key in taken else key
        taken.add(key)
        columns.append(Column(position, heading or f"Column {column_name(position)}", key, is_headed=bool(heading)))
    return tuple(columns)


def _missing(table: Table) -> list[Problem]:
    has = {key: table.column(key) is not None for key in _FIELDS}
    wanted = {
        "Record number": has["mrn"],
        "Seen on": has[_SEEN],
        "Screened on": has["screened_on"],
        "Score, with Instrument, or PHQ-2 and PHQ-9": has[PHQ2] or has[PHQ9] or (has["score"] and has["instrument"]),
    }
    return table.without(wanted, "Head it so, or export the file again with it.")


def _remarks(table: Table) -> list[str]:
    unused = [column.header for column in table.columns if column.is_headed and not column.field]
    remarks = [f"Not used: {', '.join(unused)}."] if unused else []
    if not table.column("is_first"):
        remarks.append("No column says which PHQ-9 is the patient’s first, so how many are 10 or more is not counted.")
    if not table.column("followed_up_on"):
        remarks.append("No column says who was followed up: referrals and contacts of the program count alone.")
    return remarks


def _unrecognized(sheets: Sequence[Sheet]) -> Problem:
    label = sheets[0].file if sheets else "The file"
    fix = "Its first row needs headings, such as Record number, Seen on, Screened on, Instrument and Score."
    return Problem(label, 0, "", "no row names columns of patients seen and screened", fix)


def _field_of(heading: str) -> str:
    known = _by_heading()
    return known.get(compact(heading)) or known.get(compact(re.sub(r"[(\[].*?[)\]]", "", heading))) or ""


@cache
def _by_heading() -> Mapping[str, str]:
    known = {compact(heading): key for key, headings in _FIELDS.items() for heading in headings}
    for heading in import_fields("patients")["mrn"].headers:
        known.setdefault(compact(heading), "mrn")
    return known
