"""When a screen locks and when a session is over. Pure: seconds since the epoch in, an answer out.

45 CFR 164.312(a)(2)(iii), automatic logoff. Idle means: nothing that the person did; what a page asks by itself does
not count. During a marked call somebody listens and does not type, so the screen waits longer, but never beyond
half an hour. A session ends twelve hours after it began whatever happens in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

IDLE: Final = 15 * 60  # the longest; an organization may choose less
LEAST_MINUTES: Final = 5
MOST_MINUTES: Final = IDLE // 60
ON_CALL: Final = 30 * 60
ABSOLUTE: Final = 12 * 60 * 60
WARNING: Final = 2 * 60  # so long before it locks the page says so
STEP: Final = 30  # what was done is noted to this: a screen locks so much early at most, never late


class Standing(StrEnum):
    OPEN = "open"
    LOCKED = "locked"
    OVER = "over"


@dataclass(frozen=True)
class Watch:
    """A session in seconds since the epoch; `on_call_until` while a call is marked, `locked_at` once it locked.

    `idle` is after how many seconds of nothing its person's screen locks.
    """

    began: int
    seen: int
    on_call_until: int | None = None
    locked_at: int | None = None
    idle: int = IDLE


def locks_at(watch: Watch) -> int:
    """The second from which the screen is locked, if nothing is done before."""
    if watch.locked_at is not None:
        return watch.locked_at
    if watch.on_call_until is None:
        return watch.seen + watch.idle
    return max(watch.seen + watch.idle, min(watch.on_call_until, watch.seen + ON_CALL))


def standing(watch: Watch, now: int) -> Standing:
    """Open, locked or over at `now`. A locked session is over, too, when its twelve hours are."""
    if now >= watch.began + ABSOLUTE:
        return Standing.OVER
    return Standing.LOCKED if now >= locks_at(watch) else Standing.OPEN
