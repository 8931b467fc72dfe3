"""Dates as one sheet writes them: which comes first, day or month, and from when its workbook counts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from caseload.rules.imports.columns import fields
from caseload.rules.imports.corrections import DAY_FIRST, Corrections
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.sheets import Cell, as_text

# Days between the two calendars of Excel: 1900-01-00 and 1904-01-01.
_FROM_1904 = 1462
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(\2(?:\d{4}|\d{2})(?:[T ].*)?)")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.IGNORECASE)
# One date in ten that can only be month first is what typing errors leave of a sheet that is day first.
_CLEARLY = 9


@dataclass(frozen=True)
class Orders:
    """How many dates of a sheet can only be day first and only month first; `example` is one of the former."""

    day_first: int = 0
    month_first: int = 0
    example: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether day first is possible: some dates demand it, and not clearly more demand the other."""
        return self.day_first > 0 and self.month_first < _CLEARLY * self.day_first


def as_us_date(cell: Cell, table: Table, corrections: Corrections) -> Cell:
    """The cell as a date is read: month first, counted from 1900, without the name of the day of the week."""
    text = as_text(cell) if isinstance(cell, str) else ""
    if table.sheet.counts_from_1904 and (isinstance(cell, int | Decimal) or _SERIAL.fullmatch(text)):
        return Decimal(text or str(cell)) + _FROM_1904 if not isinstance(cell, bool) else cell
    bare = _WEEKDAY.sub("", text, count=1) if text else ""
    found = _NUMBERS.fullmatch(bare)
    if found and is_day_first(table, corrections):
        return f"{found[3]}{found[2]}{found[1]}{found[4]}"
    return bare or cell


def is_day_first(table: Table, corrections: Corrections) -> bool:
    """Whether somebody said that the sheet's dates are day first; nothing else makes them so."""
    return corrections.date_order(table.sheet.key) == DAY_FIRST


def orders(table: Table) -> Orders:
    """What the sheet's dates of numbers only tell about their order."""
    day_first = month_first = 0
    example = ""
    for first, second, text in _written(table):
        if second <= 12 < first:
            day_first, example = day_first + 1, example or text
        elif first <= 12 < second:
            month_first += 1
    return Orders(day_first, month_first, example)


def questions(tables: tuple[Table, ...], corrections: Corrections) -> tuple[str, ...]:
    """What to ask about sheets whose dates may be day first, until somebody has said."""
    asked = ((table, orders(table)) for table in tables if not corrections.date_order(table.sheet.key))
    return tuple(
        f"{table.sheet.label}: dates like {found.example} look day first. Are they day first or month first?"
        for table, found in asked
        if found.is_doubtful
    )


def _written(table: Table) -> Iterator[tuple[int, int, str]]:
    places = [
        column.position
        for column in table.columns
        if column.field.endswith("_on") and column.field in fields(table.kind)
    ]
    for row in table.data:
        for place in places:
            cell = row[place] if place < len(row) else None
            if isinstance(cell, str) and (found := _NUMBERS.fullmatch(as_text(cell))):
                yield int(found[1]), int(found[3]), as_text(cell)[:20]
