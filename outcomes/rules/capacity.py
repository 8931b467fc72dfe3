"""How much work care managers have time for, how much there is, and when somebody has to be hired.

A month has 160 paid hours for a full-time post. Part of them is work for patients (the productive share); the weekly
psychiatric review is taken off that. What is needed are minutes for new patients, for contacts and for attempts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import islice
from typing import Final

HOURS_A_MONTH: Final = 160
WEEKS_A_MONTH: Final = Fraction(52, 12)
REVIEW_HOURS_A_WEEK: Final = Decimal(3)
"""AIMS Center, University of Washington: three hours of psychiatric time a week for each full-time care manager."""
INITIAL_MINUTES: Final = Decimal(85)
CONTACT_MINUTES: Final = Decimal(55)
ATTEMPT_MINUTES: Final = Decimal(10)
"""Middles of what a time study of depression care managers found (AJMC, December 2007): 75 to 95 for a first
assessment, 51 to 60 for each follow-up that reached the patient, 9 to 11 for a call that reached nobody.
"""
MOST_MONTHS: Final = 24
ENOUGH: Final = 10
"""An own average of fewer is left to chance: the published one stands in."""
_HOUR: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A month of the program: posts, patients, and what each piece of work takes, in minutes.

    `contacts` are per active patient and month; `attempts`, `new` and `leaving` are those of the whole program a month.
    """

    posts: Decimal
    productive_percent: int
    new: Decimal
    leaving: Decimal
    active: int
    contacts: Decimal
    attempts: Decimal
    initial_minutes: Decimal = INITIAL_MINUTES
    contact_minutes: Decimal = CONTACT_MINUTES
    attempt_minutes: Decimal = ATTEMPT_MINUTES
    review_hours: Decimal = REVIEW_HOURS_A_WEEK


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a plan comes to. Minutes are whole, a half upwards.

    `left` is below 0 where the work does not fit. `fits` is how many more active patients fit, below 0 how many are too
    many, None where a patient takes no time. `posts_needed` is None where a post has no time for patients.
    """

    for_new: int
    for_contacts: int
    for_attempts: int
    needed: int
    paid: int
    for_review: int
    there: int
    fits: int | None
    posts_needed: Decimal | None

    @property
    def left(self) -> int:
        """Minutes that are there and not needed."""
        return self.there - self.needed

    @property
    def percent(self) -> int | None:
        """Needed of what is there; None where nothing is there."""
        return rounded(Fraction(100 * self.needed, self.there)) if self.there else None


@dataclass(frozen=True, slots=True)
class MonthAhead:
    """A month from now: 0 is the present one. `is_over`: the work does not fit any more."""

    months: int
    active: int
    needed: int
    there: int
    is_over: bool


def capacity(plan: Plan) -> Capacity:
    """Minutes needed and there in a month, and how many more patients fit."""
    there, needed = _there(plan), sum(_parts(plan), Fraction(0))
    of_one, for_post = _of_one_patient(plan), _there(replace(plan, posts=Decimal(1)))
    for_new, for_contacts, for_attempts = _parts(plan)
    return Capacity(
        for_new=rounded(for_new),
        for_contacts=rounded(for_contacts),
        for_attempts=rounded(for_attempts),
        needed=rounded(needed),
        paid=rounded(_paid(plan)),
        for_review=rounded(_paid(plan) - there),
        there=rounded(there),
        fits=math.floor((there - needed) / of_one) if of_one else None,
        posts_needed=_hundredths_up(needed / for_post) if for_post else None,
    )


def months_ahead(plan: Plan, count: int) -> tuple[MonthAhead, ...]:
    """The present month and so many after it, if as many come and leave each month as planned."""
    return tuple(islice(_ahead(plan), count + 1))


def over_in(plan: Plan) -> int | None:
    """In how many months the work no longer fits; 0: it does not now. None: not within two years."""
    return next((one.months for one in months_ahead(plan, MOST_MONTHS) if one.is_over), None)


def hire_in(plan: Plan, lead_months: int) -> int | None:
    """In how many months hiring has to begin, when it takes so long until somebody new works; None: not in sight."""
    over = over_in(plan)
    return None if over is None else max(0, over - lead_months)


def own_minutes(seconds: int, count: int) -> Decimal | None:
    """The average in minutes, to one decimal; None of fewer than ENOUGH."""
    if count < ENOUGH:
        return None
    return Decimal(rounded(Fraction(10 * seconds, _HOUR * count))).scaleb(-1)


def a_month(count: int, months: int, *, places: int = 1) -> Decimal:
    """The average of a count per month, rounded; 0 without months."""
    return shared(count, months, places=places) or Decimal(0)


def shared(part: int, whole: int, *, places: int = 1) -> Decimal | None:
    """One for each of the other, rounded; None of nothing."""
    return Decimal(rounded(Fraction(part * 10**places, whole))).scaleb(-places) if whole else None


def rounded(value: Fraction) -> int:
    """To a whole number, a half upwards."""
    return math.floor(value + Fraction(1, 2))


def _paid(plan: Plan) -> Fraction:
    return Fraction(plan.posts) * HOURS_A_MONTH * _HOUR * plan.productive_percent / 100


def _there(plan: Plan) -> Fraction:
    review = Fraction(plan.posts) * Fraction(plan.review_hours) * _HOUR * WEEKS_A_MONTH
    return max(Fraction(0), _paid(plan) - review)


def _parts(plan: Plan) -> tuple[Fraction, Fraction, Fraction]:
    return (
        Fraction(plan.new) * Fraction(plan.initial_minutes),
        plan.active * Fraction(plan.contacts) * Fraction(plan.contact_minutes),
        Fraction(plan.attempts) * Fraction(plan.attempt_minutes),
    )


def _of_one_patient(plan: Plan) -> Fraction:
    """What one more active patient takes: their contacts, and their part of the attempts."""
    attempts = Fraction(plan.attempts) / plan.active if plan.active else Fraction(0)
    contacts = Fraction(plan.contacts) * Fraction(plan.contact_minutes)
    return contacts + attempts * Fraction(plan.attempt_minutes)


def _ahead(plan: Plan) -> Iterator[MonthAhead]:
    there, of_one, now = _there(plan), _of_one_patient(plan), sum(_parts(plan), Fraction(0))
    for months in range(MOST_MONTHS + 1):
        more = max(months * (Fraction(plan.new) - Fraction(plan.leaving)), Fraction(-plan.active))
        needed = now + more * of_one
        yield MonthAhead(months, plan.active + rounded(more), rounded(needed), rounded(there), is_over=needed > there)


def _hundredths_up(value: Fraction) -> Decimal:
    return Decimal(math.ceil(100 * value)).scaleb(-2)


def hours_of(minutes: int) -> Decimal:
    """Hours of minutes, to one decimal."""
    return (Decimal(minutes) / _HOUR).quantize(Decimal("0.1"), ROUND_HALF_UP)
