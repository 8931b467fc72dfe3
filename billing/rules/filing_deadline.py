"""Until when a payer takes a claim: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

# From then on people are told that it is near.
NEAR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which a claim, or a corrected one, is taken."""

    on: date
    is_near: bool
    is_past: bool


def deadline(service_on: date, days: int, today: date) -> Deadline:
    """The day that is `days` after the date of service, still in time itself.

    Medicare counts one calendar year from the date of service (42 CFR 424.44): its 365 days are that, or, over a leap
    day, one day less, never more.
    """
    on = service_on + timedelta(days=days)
    return Deadline(on, is_near=today <= on <= today + NEAR, is_past=on < today)
