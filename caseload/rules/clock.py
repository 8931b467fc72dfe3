"""Local dates, clock times and calendar months of a clinic's time zone.

Instants are aware datetimes; local dates and months belong to one zone, given by the caller. Nothing here
knows what time it is now.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = [
    "day_start",
    "first_day",
    "is_ambiguous",
    "is_nonexistent",
    "last_day",
    "local_date",
    "local_instant",
    "month_index",
    "month_named",
    "month_of",
    "month_starts_and_ends",
    "occurrence",
    "short_day",
]

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local clock time, in UTC.

    A time that occurs twice is the earlier one; one that does not exist takes the offset before the change,
    so that 02:30 on the night the clocks go forward is 03:30 daylight time. Forms refuse both before they
    come here (`is_ambiguous`, `is_nonexistent`); stories and day limits rely on this reading. Raises
    ValueError for a datetime that already has an offset.
    """
    if local.tzinfo is not None:
        raise ValueError("a local clock time has no offset")
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    earlier = local.replace(tzinfo=zone, fold=0).utcoffset()
    later = local.replace(tzinfo=zone, fold=1).utcoffset()
    assert earlier is not None
    assert later is not None
    return earlier, later


def is_ambiguous(local: datetime, zone: ZoneInfo) -> bool:
    """Whether this local clock time occurs twice, on a night the clocks go back."""
    earlier, later = _offsets(local, zone)
    return earlier > later


def is_nonexistent(local: datetime, zone: ZoneInfo) -> bool:
    """Whether this local clock time is skipped, on a night the clocks go forward."""
    earlier, later = _offsets(local, zone)
    return earlier < later


def occurrence(instant: datetime, zone: ZoneInfo) -> str:
    """Of a local clock time that occurs twice, which one an instant is: `first` or `second`; else empty."""
    local = instant.astimezone(zone)
    if not is_ambiguous(local.replace(tzinfo=None), zone):
        return ""
    return "second" if local.fold else "first"


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins."""
    return local_instant(datetime.combine(day, time()), zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The local day of an instant."""
    return instant.astimezone(zone).date()


def month_of(day: date) -> str:
    """The calendar month of a day, as `2026-10`."""
    return f"{day.year:04d}-{day.month:02d}"


@lru_cache(maxsize=4096)
def month_index(month: str) -> int:
    """A month as a whole number, so that neighbours differ by one. Raises ValueError for what is no month."""
    year, separator, number = month.partition("-")
    if separator != "-" or len(year) != 4 or len(number) != 2 or not (year + number).isdigit():
        raise ValueError("a month is written like 2026-10")
    if not 1 <= int(number) <= 12 or int(year) == 0:
        raise ValueError("a month is written like 2026-10")
    return int(year) * 12 + int(number) - 1


def month_named(index: int) -> str:
    """The month of a `month_index`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def first_day(month: str) -> date:
    """The first day of a month."""
    index = month_index(month)
    return date(index // 12, index % 12 + 1, 1)


@lru_cache(maxsize=4096)
def last_day(month: str) -> date:
    """The last day of a month."""
    return first_day(month_named(month_index(month) + 1)) - timedelta(days=1)


def month_starts_and_ends(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants `[starts_at, ends_at)` of a month in a zone."""
    return day_start(first_day(month), zone), day_start(last_day(month) + timedelta(days=1), zone)


def short_day(day: date) -> str:
    """A day as people say it beside an entry: `Oct 12`."""
    return f"{MONTH_NAMES[day.month - 1]} {day.day}"
