"""Closing a month: what somebody should look at before, and what a correction afterwards asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

# The same length again and again looks made up to an auditor. Own choice: five times and a third of the entries.
REPEATED_TIMES = 5
REPEATED_SHARE = 3


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """A code, its units and the national amount of all of them (None where unknown); negative ones take back."""

    code: str
    units: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class OnClaim:
    """What else a month's claim tells, beside codes and payer; None for a coverage that nobody kept."""

    diagnoses: tuple[str, ...] = ()
    place_of_service: str = ""
    coverage_id: UUID | None = None


NOTHING_TOLD = OnClaim()


@dataclass(frozen=True, slots=True)
class Repeated:
    """One person's entries of one length in a month: how often, of how many entries."""

    person: str
    seconds: int
    times: int
    of: int


def repeated_durations(entries: Iterable[tuple[str, int]]) -> tuple[Repeated, ...]:
    """Lengths (person, seconds) that come at least five times and make up a third of the person's entries, the most
    frequent first.
    """
    found = Counter(entries)
    of = Counter(person for person, _ in found.elements())
    repeated = (
        Repeated(person, seconds, times, of[person])
        for (person, seconds), times in found.items()
        if times >= REPEATED_TIMES and times * REPEATED_SHARE >= of[person]
    )
    return tuple(sorted(repeated, key=lambda one: (-one.times, one.person, one.seconds)))


def standing_lines(lines: Sequence[FrozenLine]) -> tuple[FrozenLine, ...]:
    """What a frozen month asks for, without the lines that only take earlier ones back."""
    return tuple(line for line in lines if line.units > 0)


def asks_otherwise(before: Sequence[FrozenLine], now: Sequence[FrozenLine]) -> bool:
    """Whether other codes or units are asked. Estimates decide nothing: a payer is asked for codes."""
    return [(line.code, line.units) for line in before] != [(line.code, line.units) for line in now]


def told_otherwise(before: OnClaim, now: OnClaim) -> tuple[str, ...]:
    """What a closed month's claim would tell otherwise by now, in words, one for each."""
    found = []
    if before.diagnoses != now.diagnoses:
        was, are = (", ".join(one.diagnoses) or "none" for one in (before, now))
        found.append(f"Diagnoses were {was}, now {are}.")
    if before.place_of_service != now.place_of_service:
        found.append(f"Place of service was {before.place_of_service}, now {now.place_of_service}.")
    if before.coverage_id is not None and before.coverage_id != now.coverage_id:
        found.append("Another coverage by now.")
    return tuple(found)


def correction(before: Sequence[FrozenLine], now: Sequence[FrozenLine]) -> tuple[FrozenLine, ...]:
    """The lines of a correction: what was asked is taken back, then asked anew. Empty where nothing changes.

    A month's lines and all its corrections add up to what it asks now.
    """
    return () if standing_lines(before) == tuple(now) else restated(before, now)


def restated(before: Sequence[FrozenLine], now: Sequence[FrozenLine]) -> tuple[FrozenLine, ...]:
    """What was asked is taken back and asked anew, also where it is the same: it adds up to what is asked now."""
    asked = standing_lines(before)
    return (*(FrozenLine(line.code, -line.units, _negative(line.amount)) for line in asked), *now)


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount
