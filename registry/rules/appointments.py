"""Visits that the practice has planned, as people are told of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

# "In clinic this week": today and the six days after it, so that a day of the week names one day only.
DAYS_AHEAD: Final = 6
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class InClinic:
    """A visit that lies ahead: the day, the clock time at the clinic where known, and with whom."""

    on: date
    at: time | None = None
    with_whom: str = ""

    def words(self, today: date) -> str:
        """`In clinic Thu 10:20 am with Dr. Rivera`."""
        parts = ["In clinic", _day(self.on, today), _clock(self.at), f"with {self.with_whom}" if self.with_whom else ""]
        return " ".join(part for part in parts if part)


def next_visit(visits: Iterable[InClinic], local: datetime) -> InClinic | None:
    """Of planned visits, the first of today and the six days after it whose hour is not over. `local` is the clinic's
    own clock. A visit without an hour lasts all day.
    """
    today = local.date()
    ahead = [
        one
        for one in visits
        if today <= one.on <= today + timedelta(days=DAYS_AHEAD)
        and (one.on > today or one.at is None or one.at >= local.time())
    ]
    return min(ahead, key=lambda one: (one.on, one.at is None, one.at or time.min), default=None)


def _day(on: date, today: date) -> str:
    if on == today:
        return "today"
    if on == today + timedelta(days=1):
        return "tomorrow"
    return _DAYS[on.weekday()]


def _clock(at: time | None) -> str:
    if at is None:
        return ""
    return f"{at.hour % 12 or 12}:{at.minute:02d} {'am' if at.hour < 12 else 'pm'}"
