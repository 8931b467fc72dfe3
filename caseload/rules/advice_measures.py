"""How well loops close: days to a decision, how many are closed in time, how many are declined.

Of recommendations that a clinician decides and that were signed in the last 90 days. Source: psychiatric review, 5.5
of the clinical rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

WINDOW_DAYS: Final = 90
CLOSED_WITHIN_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Loop:
    """One recommendation: when it was signed, decided and closed, and whether it was declined."""

    proposed_on: date
    decided_on: date | None = None
    is_declined: bool = False
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class LoopMeasures:
    """Each with how many it rests on; a number is None where that is nothing. `halves`: half days to a decision."""

    proposed: int
    decided: int
    halves: int | None
    old_enough: int
    closed_percent: int | None
    declined_percent: int | None

    @property
    def days_to_decision(self) -> str:
        """`2` or `2.5`."""
        if self.halves is None:
            return ""
        return f"{self.halves // 2}{'.5' if self.halves % 2 else ''}"


def loop_measures(loops: Iterable[Loop], today: date) -> LoopMeasures:
    """The measures on a day. Closed in time is asked of those that are old enough to have been."""
    recent = [one for one in loops if one.proposed_on > today - timedelta(WINDOW_DAYS)]
    waits = sorted((one.decided_on - one.proposed_on).days for one in recent if one.decided_on is not None)
    old = [one for one in recent if one.proposed_on <= today - timedelta(CLOSED_WITHIN_DAYS)]
    closed = [one for one in old if _is_closed_in_time(one)]
    declined = [one for one in recent if one.decided_on is not None and one.is_declined]
    return LoopMeasures(
        proposed=len(recent),
        decided=len(waits),
        halves=_twice_the_median(waits),
        old_enough=len(old),
        closed_percent=_percent(len(closed), len(old)),
        declined_percent=_percent(len(declined), len(waits)),
    )


def _is_closed_in_time(one: Loop) -> bool:
    return one.closed_on is not None and (one.closed_on - one.proposed_on).days <= CLOSED_WITHIN_DAYS


def _twice_the_median(ordered: list[int]) -> int | None:
    if not ordered:
        return None
    middle = len(ordered) // 2
    return 2 * ordered[middle] if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]


def _percent(part: int, whole: int) -> int | None:
    """Rounded, a half upwards."""
    return (200 * part + whole) // (2 * whole) if whole else None
