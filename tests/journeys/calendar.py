"""Days of the demonstration's clinics, as a browser test reckons them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def today() -> date:
    return datetime.now(ZoneInfo("America/Chicago")).date()


def this_month() -> str:
    return f"{today():%Y-%m}"


def last_month() -> str:
    return f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
