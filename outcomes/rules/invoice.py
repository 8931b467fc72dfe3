"""What a psychiatric consultant's hours of a month come to, for the sheet beside an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from uuid import UUID

from outcomes.rules.capacity import rounded

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Worked:
    """Seconds of a consultant for a clinic's patients on one local day, the same clock minutes counted once."""

    consultant_id: UUID
    clinic_id: UUID
    on: date
    seconds: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour costs from a day on, in dollars."""

    from_on: date
    hourly: Decimal


@dataclass(frozen=True, slots=True)
class Seen:
    """What a consultant did for a clinic in a month: distinct patients, reviews of them, sessions that were held."""

    patients: int = 0
    reviews: int = 0
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class HoursLine:
    """The minutes of a consultant for a clinic at one rate. `hourly` and `amount` are None where no rate was in force.

    `seen` stands on the first line of a consultant and clinic, whatever the rates: patients are counted once.
    """

    consultant_id: UUID
    clinic_id: UUID
    minutes: int
    hourly: Decimal | None
    amount: Decimal | None
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class HoursSum:
    """The sum of some lines. `amount` is what is known of it; `unknown` are the minutes without a rate."""

    minutes: int
    amount: Decimal
    unknown: int
    seen: Seen


def rate_on(rates: Sequence[Rate], on: date) -> Decimal | None:
    """The rate that was said last for a day on or before it; None before the first."""
    found = [rate for rate in sorted(rates, key=lambda rate: rate.from_on) if rate.from_on <= on]
    return found[-1].hourly if found else None


def hours_lines(
    worked: Iterable[Worked], rates: Mapping[UUID, Sequence[Rate]], seen: Mapping[tuple[UUID, UUID], Seen]
) -> tuple[HoursLine, ...]:
    """A line for each consultant, clinic and rate, in the order of the days on which the rates began to hold.

    Seconds of a line are added up and floored to minutes; the amount is that of these minutes, a half cent upwards, so
    that anybody can work it out again. Whoever was seen without time on record has a line of 0 minutes.
    """
    spent: dict[tuple[UUID, UUID], list[Worked]] = {key: [] for key in seen}
    for one in sorted(worked, key=lambda one: one.on):
        spent.setdefault((one.consultant_id, one.clinic_id), []).append(one)
    found = []
    for key, days in spent.items():
        own = rates.get(key[0], ())
        parts = _parts(days, own) or [(None, 0)]
        for place, (hourly, minutes) in enumerate(parts):
            amount = None if hourly is None else amount_of(minutes, hourly)
            found.append(HoursLine(*key, minutes, hourly, amount, None if place else seen.get(key, Seen())))
    return tuple(found)


def amount_of(minutes: int, hourly: Decimal) -> Decimal:
    """Dollars, a half cent upwards."""
    return Decimal(rounded(Fraction(minutes * 100, _MINUTE) * Fraction(hourly))).scaleb(-2)


def hours_sum(lines: Iterable[HoursLine]) -> HoursSum:
    """All lines together. Patients of two clinics or consultants are counted for each."""
    found = list(lines)
    seen = [line.seen for line in found if line.seen]
    return HoursSum(
        minutes=sum(line.minutes for line in found),
        amount=sum((line.amount for line in found if line.amount is not None), Decimal("0.00")),
        unknown=sum(line.minutes for line in found if line.amount is None),
        seen=Seen(
            sum(one.patients for one in seen), sum(one.reviews for one in seen), sum(one.sessions for one in seen)
        ),
    )


def time_words(minutes: int) -> str:
    """`12 h 5 min`, `45 min`, `2 h`."""
    hours, rest = divmod(minutes, _MINUTE)
    parts = [f"{hours:,} h"] if hours else []
    return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)


def _parts(days: Sequence[Worked], rates: Sequence[Rate]) -> list[tuple[Decimal | None, int]]:
    """The minutes of days in order, by the rate that held; the same rate twice in a row is one part."""
    runs = groupby(days, key=lambda one: rate_on(rates, one.on))
    return [(hourly, sum(one.seconds for one in run) // _MINUTE) for hourly, run in runs]
