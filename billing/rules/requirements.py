"""What a line of the BHI family needs beside its minutes: one small check for each gap, in a table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from caseload.rules.clock import last_day
from caseload.rules.minutes import Counted


@dataclass(frozen=True, slots=True)
class Basis:
    """What the checks look at: the month's facts, its last day, and the time taken as counting."""

    facts: MonthFacts
    book: RuleBook
    time: Counted
    ends_on: date


UNKNOWN_CODE = ""
"""Of a visit that a spreadsheet gave only the day of."""

Check = Callable[[Basis], bool]


def basis(facts: MonthFacts, book: RuleBook, time: Counted) -> Basis:
    """The checks' view of a month."""
    return Basis(facts, book, time, last_day(facts.month))


def missing(basis: Basis) -> tuple[str, ...]:
    """The gaps that any line of the BHI family would have."""
    return tuple(word for word, is_met in CHECKS if not is_met(basis))


def missing_for_cocm(basis: Basis) -> tuple[str, ...]:
    """The gaps that a CoCM line would have besides."""
    return tuple(word for word, is_met in COCM_CHECKS if not is_met(basis))


def year_before(day: date, years: int) -> date:
    """The same date so many years before; of 29 February, the 28th where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _has_visit(basis: Basis) -> bool:
    """A visit with the billing practitioner, from a year before enrolment to the first day with
    time that counts. One recorded without its code serves, and is flagged.
    """
    codes = _codes_of_visits_in_time(basis)
    return UNKNOWN_CODE in codes or not codes.isdisjoint(_initiating_codes(basis))


def rests_on_uncoded_visit(basis: Basis) -> bool:
    """Whether the only visit that serves is one whose code nobody recorded."""
    codes = _codes_of_visits_in_time(basis)
    return UNKNOWN_CODE in codes and codes.isdisjoint(_initiating_codes(basis))


def rests_on_assumed_plan(basis: Basis) -> bool:
    """Whether the only care plan that serves is one that an import assumed."""
    return (
        basis.book.requirements.care_plan
        and _is_any_by_the_end(basis.facts.assumed_care_plans, basis)
        and not _is_any_by_the_end(basis.facts.care_plans, basis)
    )


def _codes_of_visits_in_time(basis: Basis) -> set[str]:
    until = basis.time.first_on or basis.ends_on
    since = year_before(basis.facts.enrolled_on, basis.book.requirements.visit_within_years)
    return {visit.code for visit in basis.facts.visits if visit.by == "billing" and since <= visit.on <= until}


def _initiating_codes(basis: Basis) -> frozenset[str]:
    return basis.book.requirements.visit_codes.union(basis.book.options.extra_visit_codes)


def _is_any_by_the_end(days: tuple[date, ...], basis: Basis) -> bool:
    return any(day <= basis.ends_on for day in days)


def _has_diagnosis(basis: Basis) -> bool:
    return any(code.upper().startswith(basis.book.requirements.diagnosis_prefixes) for code in basis.facts.diagnoses)


def _has_care_plan(basis: Basis) -> bool:
    """A plan dated by the month's end. One that an import assumed serves, and is flagged."""
    plans = (*basis.facts.care_plans, *basis.facts.assumed_care_plans)
    return not basis.book.requirements.care_plan or _is_any_by_the_end(plans, basis)


def lacks_score(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether the month has no score of any scale yet that its payer takes, whatever its minutes reach."""
    ends_on = last_day(facts.month)
    since = ends_on.replace(day=1)
    within = book.options.scale_within
    if isinstance(within, int):
        since = min(since, ends_on - timedelta(days=within - 1))
    return book.requirements.rating_scale and not any(since <= day <= ends_on for day in facts.scores)


def _has_score(basis: Basis) -> bool:
    """A score of any scale dated in the month, or among the days before its end that the payer takes."""
    return not lacks_score(basis.facts, basis.book)


def _is_engaged(basis: Basis) -> bool:
    return basis.time.engaged or not basis.book.requirements.engagement


def _has_no_other_biller(basis: Basis) -> bool:
    codes = basis.book.requirements.other_biller_codes
    return not any(service.by == "other" and service.code in codes for service in basis.facts.other_services)


def _has_case_review(basis: Basis) -> bool:
    enrolled_on = basis.facts.enrolled_on
    return not basis.book.requirements.case_review or any(
        enrolled_on <= day <= basis.ends_on for day in basis.facts.reviews
    )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("initiating_visit_missing", _has_visit),
    ("diagnosis_missing", _has_diagnosis),
    ("care_plan_missing", _has_care_plan),
    ("rating_scale_missing", _has_score),
    ("no_engagement", _is_engaged),
    ("other_biller", _has_no_other_biller),
)
COCM_CHECKS: tuple[tuple[str, Check], ...] = (("case_review_missing", _has_case_review),)
