"""One row being read: its cells by field, and what was found wrong with them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from caseload.rules.imports.candidates import Candidate, Ignored, Origin, ReadRow
from caseload.rules.imports.corrections import LEFT_OUT, Corrections
from caseload.rules.imports.dates import as_us_date, is_day_first
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.sheets import (
    Cell,
    Problem,
    Row,
    as_text,
    is_blank,
    is_excel_error,
    is_said,
    looks_like_formula,
    shown,
)
from registry.rules.dates import DateUnreadable, TimeUnreadable, read_date, read_time
from registry.rules.identifiers import normal_mrn
from registry.rules.names import Person as Name
from registry.rules.names import read_person

# Nobody is older; a birth date before it is a typing error or a wrong century.
_OLDEST = 120
# Hardly anybody is: where a birth year has two digits, the later century is meant.
_OLD = 110
# Before collaborative care was paid for, and before any record that an import can hold.
_FIRST_SERVICE = date(1990, 1, 1)

_TOTALS = re.compile(r"(grand |sub ?)?(totals?|count|sum|average|mean|n)\b", re.IGNORECASE)
# eClinicalWorks writes the account number before the name.
_ACCOUNT = re.compile(r"^\d+\s*:\s*")

# The columns whose words can say that a row is none of the import's.
_LEAVING = ("contact_type", "mode", "status")

Wrong = Callable[[str, str, str], None]


@dataclass
class RowReader:
    """Reads one row and remembers what was wrong.

    `faults` refuse the row; `losses` keep it without the value; `remarks` only say something.
    """

    table: Table
    number: int
    row: Row
    corrections: Corrections
    faults: list[Problem] = field(default_factory=list)
    losses: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def origin(self) -> Origin:
        return Origin(self.table.sheet.label, self.number)

    def cell(self, key: str) -> Cell:
        """The field's cell as it came, or the text that corrections put in its place."""
        cell = self.table.cell(self.row, key)
        text = as_text(cell)
        meant = self.corrections.meant(key, text)
        return cell if meant == text else meant

    def text(self, key: str) -> str:
        """The field as text; empty where it says nothing. What Excel shows of a failed formula is a loss."""
        text = as_text(self.cell(key))
        if is_excel_error(text):
            self.lose(key, f"Excel shows the error {text}", "Correct the formula, or enter it on the chart.")
            return ""
        return text if is_said(text) else ""

    def words(self, key: str, limit: int) -> str:
        """Text of at most `limit` characters, kept as text even where it looks like a formula; longer is a loss."""
        text = self.text(key)
        if looks_like_formula(text):
            self.remarks.append(f"{self.table.heading(key)} looks like a formula and is kept as text.")
        if len(text) > limit:
            self.lose(key, f"{len(text)} characters are more than {limit}", "Shorten it and enter it on the chart.")
            return ""
        return text

    def refuse(self, key: str, fault: str, fix: str) -> None:
        self.faults.append(self._problem(key, fault, fix))

    def lose(self, key: str, fault: str, fix: str) -> None:
        """Say once that a value is left out, however often it is asked for."""
        problem = self._problem(key, fault, fix)
        if problem not in self.losses:
            self.losses.append(problem)

    @property
    def left_out(self) -> str:
        """The word by which somebody chose to leave such rows out; empty where none did."""
        said = ((key, as_text(self.table.cell(self.row, key))) for key in _LEAVING)
        return next((text for key, text in said if text and self.corrections.meant(key, text) == LEFT_OUT), "")

    def mrn(self) -> str:
        """The record number with its leading zeros; empty where there is none or it is impossibly long."""
        mrn = normal_mrn(self.text("mrn"))
        if len(mrn) > 40:
            self.refuse("mrn", "this is too long for a record number", "Look whether the columns are right.")
        return mrn

    def person_name(self) -> Name | None:
        """The patient's name from one column or from several; a missing part refuses the row."""
        name = self._name_of_columns() or read_person(_ACCOUNT.sub("", self.words("name", 250)))
        key = "family" if self.table.column("family") else "name"
        if not name.family or not name.given:
            missing = "last" if not name.family else "first"
            self.refuse(key, f"there is no {missing} name", "Write the name as LAST, FIRST M.")
            return None
        family = " ".join(part for part in (name.family, name.suffix) if part)
        if max(len(family), len(name.given), len(name.middle)) > 100:
            self.refuse(key, "the name is too long", "Give each name at most 100 characters.")
            return None
        return Name(family, name.given, name.middle)

    def _name_of_columns(self) -> Name | None:
        if not self.table.column("family") or not self.text("family"):
            return None
        names = (_as_written(self.words(key, 250)) for key in ("family", "given", "middle"))
        return Name(*names)

    def birth_day(self, on: date, *, is_needed: bool = True) -> date | None:
        """The birth date; where it is needed, none or a wrong one refuses the row."""
        if self._is_likely_birth(on):
            return self._needed("birth_on", _years_before(on, _OLD), on)
        if is_needed:
            return self._needed("birth_on", _years_before(on, _OLDEST), on)
        return self._day("birth_on", _years_before(on, _OLDEST), on, self.lose) if self.text("birth_on") else None

    def _is_likely_birth(self, on: date) -> bool:
        """Whether exactly one reading of the birth date makes somebody of a usual age."""
        try:
            read_date(self._us_date("birth_on"), earliest=_years_before(on, _OLD), latest=on)
        except DateUnreadable:
            return False
        return bool(self.text("birth_on"))

    def _us_date(self, key: str) -> Cell:
        return as_us_date(self.cell(key), self.table, self.corrections)

    def needed_day(self, key: str, latest: date) -> date | None:
        """A date that the row cannot do without: none, an unreadable one or one after `latest` refuses the row."""
        return self._needed(key, _FIRST_SERVICE, latest)

    def day(self, key: str, latest: date) -> date | None:
        """A date that may be missing: a wrong one is a loss, the row is kept without it."""
        return self._day(key, _FIRST_SERVICE, latest, self.lose) if self.text(key) else None

    def clock(self, key: str, day_key: str) -> time | None:
        """The local time in its own column or behind the date; a wrong one is a loss."""
        cell = self.cell(key)
        day = self.cell(day_key)
        if not self.text(key):
            return time(day.hour, day.minute) if isinstance(day, datetime) and day.time() != time() else None
        try:
            return read_time(f"{cell:04d}" if isinstance(cell, int) else cell)
        except TimeUnreadable as problem:
            self.lose(key, f"“{shown(cell)}”: {problem}; kept with day and minutes only", problem.fix)
            return None

    def result(self, label: str, candidate: Candidate | None) -> ReadRow[Candidate]:
        mrn = normal_mrn(self.text("mrn"))
        return ReadRow(self.origin, label, candidate, tuple(self.faults), tuple(self.losses), tuple(self.remarks), mrn)

    def _needed(self, key: str, earliest: date, latest: date) -> date | None:
        if not self.text(key):
            self.refuse(key, "there is no date", "Fill it in, as 09/23/2026 or 2026-09-23.")
            return None
        return self._day(key, earliest, latest, self.refuse)

    def _day(self, key: str, earliest: date, latest: date, wrong: Wrong) -> date | None:
        try:
            return read_date(self._us_date(key), earliest=earliest, latest=latest)
        except DateUnreadable as problem:
            wrong(key, *self._date_fault(key, problem))
            return None

    def _date_fault(self, key: str, problem: DateUnreadable) -> tuple[str, str]:
        """What is wrong with a date, and the fix, in the words of the order in which the sheet's dates are read."""
        cell = shown(self.cell(key))
        if is_day_first(self.table, self.corrections) and "month first" in str(problem):
            return f"“{cell}”: there is no such month; dates here are day first", "Write it as 23/09/2026."
        return f"“{cell}”: {problem}", problem.fix

    def _problem(self, key: str, fault: str, fix: str) -> Problem:
        return Problem(self.table.sheet.label, self.number, self.table.heading(key), fault, fix)


def data_rows(table: Table, corrections: Corrections, telling: str) -> Iterator[RowReader | Ignored]:
    """The rows below the header. `telling` is the date field that a real row has and a totals row lacks."""
    header = [as_text(cell) for cell in table.header]
    for number, row in enumerate(table.data, start=table.header_row + 1):
        reader = RowReader(table, number, row, corrections)
        reason = "blank row" if is_blank(row) else _no_row(reader, header, telling)
        yield Ignored(reader.origin, reason) if reason else reader


def _no_row(reader: RowReader, header: list[str], telling: str) -> str:
    """Why the row is none; empty where it is one."""
    texts = [as_text(cell) for cell in reader.row]
    said = [text for text in texts if text]
    if is_header_again(texts, header):
        return "the header again"
    if reader.left_out:
        return f"rows with “{shown(reader.left_out)}” are left out, as you chose"
    if as_text(reader.table.cell(reader.row, telling)):
        return ""
    if _TOTALS.match(said[0]):
        return "a totals row"
    if len(said) == 1 and " " in said[0]:
        return f"only a remark, “{shown(said[0])}”"
    return ""


def is_header_again(texts: list[str], header: list[str]) -> bool:
    """Whether a row repeats the headings, as reports do on every page; blanks at the end do not matter."""
    short = [text.casefold() for text in header]
    return _trimmed([text.casefold() for text in texts]) == _trimmed(short) != []


def _trimmed(texts: list[str]) -> list[str]:
    end = max((number for number, text in enumerate(texts, start=1) if text), default=0)
    return texts[:end]


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, 1, 1)


def _as_written(text: str) -> str:
    """A name in its own column: all capitals (but initials) are set the usual way, all else is untouched."""
    if not text.isupper() or len(text) <= 2 or looks_like_formula(text):
        return text
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), text)
