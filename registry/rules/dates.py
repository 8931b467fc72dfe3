"""Dates and times of day as spreadsheets hold them: typed cells, Excel's serial numbers, and text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

Cell = str | int | Decimal | date | datetime | time | bool | None

# Excel counts days from 1900-01-01 as 1 and believes in a 29 February 1900, number 60.
_EXCEL_BEFORE_LEAP = date(1899, 12, 31)
_EXCEL_AFTER_LEAP = date(1899, 12, 30)
_EXCEL_FALSE_LEAP = 60
_EXCEL_LAST = 2_958_465
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME_AFTER = r"(?:[T ]+\d{1,2}:\d{2}.*)?"
_ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME_AFTER}")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_SLASHED = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME_AFTER}")
_DAY_FIRST_NAMED = re.compile(rf"(\d{{1,2}})[- ]+([a-z]{{3,9}})\.?,?[- ]+(\d{{4}}|\d{{2}}){_TIME_AFTER}", re.IGNORECASE)
_MONTH_FIRST_NAMED = re.compile(
    rf"([a-z]{{3,9}})\.?[- ]+(\d{{1,2}}),?[- ]+(\d{{4}}|\d{{2}}){_TIME_AFTER}", re.IGNORECASE
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_CLOCK = re.compile(r"(\d{1,2})(?::([0-5]\d))?(?::([0-5]\d))?\s*(?:([ap])\.?m?\.?)?", re.IGNORECASE)
_MILITARY = re.compile(r"([01]\d|2[0-3])([0-5]\d)")

_FIX_DATE = "Write it as 09/23/2026 or 2026-09-23."
_FIX_TIME = "Write it as 14:05 or 2:05 PM."


class Unreadable(ValueError):
    """A cell that does not say one date or time. The message is the fault, `fix` what to do about it."""

    def __init__(self, fault: str, fix: str) -> None:
        super().__init__(fault)
        self.fix = fix


class DateUnreadable(Unreadable):
    """No date, more than one possible date, or one outside the limits."""


class TimeUnreadable(Unreadable):
    """No time of day."""


@dataclass(frozen=True, slots=True)
class _Written:
    """Year, month and day as written; the year may have two digits only."""

    year: str
    month: int
    day: int


def read_date(cell: Cell, *, latest: date, earliest: date) -> date:
    """The date in a cell, from `earliest` to `latest`, both allowed.

    Numbers are month first (US), as `9/23/26`. Two digits of a year stand for the one year that puts the date
    within the limits; two such years are refused, so choose `earliest` by what the column means: for births
    about 110 years back, for services the start of the records. Raises DateUnreadable.
    """
    possible = [day for day in _readings(cell) if earliest <= day <= latest]
    if len(possible) > 1:
        raise DateUnreadable("the year can be either of two centuries", "Write the year with four digits.")
    if not possible:
        raise _outside(_readings(cell), latest, earliest)
    return possible[0]


def _outside(readings: list[date], latest: date, earliest: date) -> DateUnreadable:
    if min(readings) > latest:
        return DateUnreadable(f"the date lies after {_said(latest)}", "Check the year.")
    return DateUnreadable(f"no reading of it lies from {_said(earliest)} to {_said(latest)}", "Check the year.")


def _said(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _readings(cell: Cell) -> list[date]:
    """Every date that the cell can mean; more than one only where the year has two digits."""
    if isinstance(cell, datetime):
        return [cell.date()]
    if isinstance(cell, date):
        return [cell]
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return [_from_serial(Decimal(cell))]
    if isinstance(cell, str):
        return _from_text(" ".join(cell.split()))
    raise DateUnreadable("the cell holds no date", _FIX_DATE)


def _from_serial(serial: Decimal) -> date:
    number = int(serial)
    if not 1 <= number <= _EXCEL_LAST or number == _EXCEL_FALSE_LEAP:
        raise DateUnreadable("the number is not a day of Excel's calendar", _FIX_DATE)
    start = _EXCEL_AFTER_LEAP if number > _EXCEL_FALSE_LEAP else _EXCEL_BEFORE_LEAP
    return start + timedelta(days=number)


def _from_text(text: str) -> list[date]:
    if _SERIAL.fullmatch(text):
        return [_from_serial(Decimal(text))]
    written = _written(text)
    if written is None:
        raise DateUnreadable("this is no date", _FIX_DATE)
    return list(_days(written))


def _written(text: str) -> _Written | None:
    if found := _ISO.fullmatch(text):
        return _Written(found[1], int(found[3]), int(found[4]))
    if found := _COMPACT.fullmatch(text):
        return _Written(found[1], int(found[2]), int(found[3]))
    if found := _SLASHED.fullmatch(text):
        return _Written(found[4], int(found[1]), int(found[3]))
    if found := _DAY_FIRST_NAMED.fullmatch(text):
        return _Written(found[3], _month(found[2]), int(found[1]))
    if found := _MONTH_FIRST_NAMED.fullmatch(text):
        return _Written(found[3], _month(found[1]), int(found[2]))
    return None


def _month(name: str) -> int:
    try:
        return _MONTHS.index(name[:3].casefold()) + 1
    except ValueError:
        raise DateUnreadable("no month has this name", _FIX_DATE) from None


def _days(written: _Written) -> Iterator[date]:
    if written.month > len(_MONTHS):
        raise DateUnreadable("there is no such month; dates here are month first", "Write it as 09/23/2026.")
    centuries = ("",) if len(written.year) > 2 else ("19", "20")
    days = [_day(int(century + written.year), written) for century in centuries]
    if not any(days):
        raise DateUnreadable("that month has no such day", "Check the day and the month.")
    return (day for day in days if day)


def _day(year: int, written: _Written) -> date | None:
    try:
        return date(year, written.month, written.day)
    except ValueError:
        return None


def read_time(cell: Cell) -> time:
    """The time of day in a cell, to the minute: `9:40 AM`, `14:05`, `1405`, a time cell, a fraction of a day.

    Without AM or PM it is on the 24-hour clock. Raises TimeUnreadable.
    """
    if isinstance(cell, datetime):
        return time(cell.hour, cell.minute)
    if isinstance(cell, time):
        return time(cell.hour, cell.minute)
    if isinstance(cell, Decimal):
        return _from_fraction(cell)
    if isinstance(cell, str):
        return _from_clock(" ".join(cell.split()))
    raise TimeUnreadable("the cell holds no time of day", _FIX_TIME)


def _from_fraction(fraction: Decimal) -> time:
    """Excel keeps a time as a fraction of a day; before it may stand the day's number."""
    minutes = round(fraction % 1 * 1440)
    if fraction < 0 or minutes == 1440:
        raise TimeUnreadable("the number is no time of day", _FIX_TIME)
    return time(*divmod(minutes, 60))


def _from_clock(text: str) -> time:
    if found := _MILITARY.fullmatch(text):
        return time(int(found[1]), int(found[2]))
    found = _CLOCK.fullmatch(text)
    if found is None or not (found[2] or found[4]):
        raise TimeUnreadable("this is no time of day", _FIX_TIME)
    hour, half = int(found[1]), (found[4] or "").casefold()
    if not (1 <= hour <= 12 if half else hour <= 23):
        raise TimeUnreadable("there is no such hour", _FIX_TIME)
    return time(hour % 12 + (12 if half == "p" else 0) if half else hour, int(found[2] or 0))
