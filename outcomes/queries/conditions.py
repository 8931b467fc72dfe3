"""The measures once more, as conditions on the measured rows that Postgres counts and lists by.

Written apart from the judges in outcomes.rules, and held to them row by row by a test. They stand on rows with the
columns of `with_days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, DateField, F, Func, IntegerField, Model, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest, TruncMonth

from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredReferral
from outcomes.rules.facts import DISENGAGED, GRADUATED
from outcomes.rules.groups import AGE_BANDS
from outcomes.rules.months import last_day_of


class Days(Func):
    """Whole days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


class LastDay(Func):
    """The last day of the month of a first day."""

    template = "(%(expressions)s + interval '1 month' - interval '1 day')::date"
    output_field = DateField()


@dataclass(frozen=True, slots=True)
class Condition:
    """Of which rows a measure asks (`scope`), which of them count, which of those meet it, and their values.

    `of` and `hits` are for rows that stand for several things: contacts, or safety concerns. Any of the conditions may
    come out as unknown where a column is empty: that is a no.
    """

    model: type[Model]
    scope: Q
    counted: Q
    met: Q | None = None
    value: Any = None
    of: Any = None
    hits: Any = None


def with_days(rows: QuerySet, months: Mapping[UUID, date] | None = None) -> QuerySet:
    """Measured rows with what conditions and groups stand on.

    Of all: `cohort` and `age_band`. Of episodes, in days: `day_first` and `day_last`, from enrolment to the month's
    first and last day; `days`, of treatment until the month's end or discharge; `score_age` and `review_age`, from the
    last score and review to the month's end. `cocm_…` are the same from the first day of collaborative care, and
    `reviewed_after` is from it. Of referrals and advice: the days until
    each step. `months` are those of the editions that the rows are of, where they are known: then nothing is joined.
    """
    days = _STEPS.get(rows.model) or _episode_days(months)
    found: QuerySet = rows.alias(age_band=_AGE_BAND, cohort=TruncMonth(BEGINS_ON[rows.model]), **days)
    return found


BEGINS_ON: Final[dict[type[Model], str]] = {
    MeasuredEpisode: "enrolled_on",
    MeasuredReferral: "referred_on",
    MeasuredAdvice: "proposed_on",
}
_AGE_BAND: Final = Case(
    *(When(age__gte=first, then=Value(words)) for first, words in reversed(AGE_BANDS)), output_field=CharField()
)


_STEPS: Final[dict[type[Model], dict[str, Any]]] = {
    MeasuredReferral: {
        "tried_after": Days(F("first_attempt_on"), F("referred_on")),
        "reached_after": Days(F("reached_on"), F("referred_on")),
        "enrolled_after": Days(F("enrolled_on"), F("referred_on")),
    },
    MeasuredAdvice: {
        "decided_after": Days(F("decided_on"), F("proposed_on")),
        "closed_after": Days(F("closed_on"), F("proposed_on")),
    },
}


def _episode_days(months: Mapping[UUID, date] | None) -> dict[str, Any]:
    first: Any = F("measured__month")
    last: Any = LastDay(first)
    if months:
        first = _by_edition(months)
        last = _by_edition({edition: last_day_of(month) for edition, month in months.items()})
    return {
        "first_day": first,
        "last_day": last,
        "day_first": Days(first, F("enrolled_on")),
        "day_last": Days(last, F("enrolled_on")),
        "days": Days(Coalesce(F("ended_on"), last), F("enrolled_on")),
        "score_age": Days(last, F("last_scored_on")),
        "review_age": Days(last, F("last_review_on")),
        "reviewed_after": Days(F("first_review_on"), F("cocm_from")),
        "cocm_day_first": Days(first, F("cocm_from")),
        "cocm_day_last": Days(last, F("cocm_from")),
        "cocm_days": Days(Coalesce(F("cocm_until"), last), F("cocm_from")),
    }


def _by_edition(days: Mapping[UUID, date]) -> Case:
    whens = [When(measured_id=edition, then=Value(day, output_field=DateField())) for edition, day in days.items()]
    return Case(*whens, output_field=DateField())


def _never_negative(column: str) -> Greatest:
    return Greatest(F(column), Value(0))


def _day_in_month(count: int, prefix: str = "") -> Q:
    return Q(**{f"{prefix}day_first__lte": count, f"{prefix}day_last__gte": count})


IN_MONTH: Final = Q(is_in_month=True)
PATIENT: Final = Q(is_last_in_month=True)
COCM_PATIENT: Final = Q(is_last_cocm=True)
OPEN: Final = IN_MONTH & Q(ended_on=None)
ENDED: Final = IN_MONTH & Q(ended_on__isnull=False)
ELEVATED: Final = Q(is_elevated=True)
IMPROVED: Final = Q(latest__lte=F("improved_at"))
NOT_IMPROVED: Final = Q(latest=None) | Q(improved_at=None) | Q(latest__gt=F("improved_at"))
CLOSED: Final = Q(is_billed__isnull=False)


def _episodes(scope: Q, counted: Q | None = None, **others: Any) -> Condition:
    return Condition(MeasuredEpisode, scope, scope & counted if counted else scope, **others)


def _referrals(counted: Q, **others: Any) -> Condition:
    return Condition(MeasuredReferral, Q(), Q(excluded="") & counted, **others)


def _advice(counted: Q, **others: Any) -> Condition:
    return Condition(MeasuredAdvice, Q(), counted, **others)


def _at_16_weeks(met: Q) -> Condition:
    return _episodes(_day_in_month(112), ELEVATED, met=met)


def _at_discharge(met: Q) -> Condition:
    return _episodes(ENDED, ELEVATED, met=met)


def _stays(column: str, other: str) -> Condition:
    known = Q(**{f"{column}__isnull": False, f"{other}__isnull": False})
    return _episodes(_day_in_month(182), Q(days__gte=182) & known, value=F(column))


def _said(column: str) -> Condition:
    return _episodes(Q(**{f"{column}__isnull": False}), value=F(column))


def _earned(column: str) -> Condition:
    is_known = Q(is_billed=False) | Q(**{f"{column}__isnull": False})
    return _episodes(IN_MONTH, CLOSED & is_known, value=Coalesce(F(column), Value(0), output_field=_MONEY))


_MONEY: Final = MeasuredEpisode._meta.get_field("expected")
_ALL: Final = _episodes(PATIENT)
_NEW: Final = _episodes(_day_in_month(0))
_TREATMENT: Final = _episodes(ENDED, value=F("days"))
_BOTH: Final = Q(contacts__gt=0, scales__gt=0)
_IN_REMISSION: Final = ELEVATED & Q(last_in_month__lt=F("remission_below"))
_COCM_LONG: Final = Q(cocm_days__gte=70) & ELEVATED
_CONSULTATION: Final = _episodes(COCM_PATIENT, _COCM_LONG & NOT_IMPROVED, met=Q(review_age__lt=60))
_STAYED: Final = Q(ended_on=None) | Q(days__gt=90) | ~Q(end_reason__in=DISENGAGED)
_GRADUATED: Final = Q(end_reason=GRADUATED, ended_on__isnull=False, days__lte=90)
_SAFETY: Final = _episodes(
    Q(positives__gt=0),
    met=Q(positives_same_day=F("positives")),
    of=F("positives"),
    hits=F("positives_same_day"),
)
_MINUTES: Final = _episodes(Q(seconds__gt=0) | Q(contacts__gt=0), value=F("seconds"), of=F("contacts"))


def _medicaid(one: Condition) -> Condition:
    return replace(one, counted=one.counted & Q(is_medicaid=True))


_NEW_YORK: Final = {
    "nys_1": _episodes(COCM_PATIENT),
    "nys_2": _medicaid(_episodes(COCM_PATIENT)),
    "nys_3": _medicaid(_episodes(_day_in_month(0, "cocm_"))),
    "nys_4": _medicaid(
        _episodes(Q(cocm_until__gte=F("first_day"), cocm_until__lte=F("last_day")), value=F("cocm_days"))
    ),
    "nys_5": _medicaid(_episodes(COCM_PATIENT, met=_BOTH)),
    "nys_6": _medicaid(_episodes(COCM_PATIENT, _COCM_LONG, met=IMPROVED)),
    "nys_7": _medicaid(_episodes(COCM_PATIENT, met=_IN_REMISSION)),
    "nys_8": _medicaid(_CONSULTATION),
}
_ENGAGEMENT: Final = {
    "enrolled": _ALL,
    "newly_enrolled": _NEW,
    "treatment_weeks": _TREATMENT,
    "referred_enrolled": _referrals(Q(), met=Q(enrolled_after__lte=60)),
    "reached_share": _referrals(Q(), met=Q(reached_after__lte=60)),
    "attempt_days": _referrals(Q(first_attempt_on__isnull=False), value=_never_negative("tried_after")),
    "reached_days": _referrals(Q(reached_on__isnull=False), value=_never_negative("reached_after")),
    "enrolled_days": _referrals(Q(enrolled_on__isnull=False), value=_never_negative("enrolled_after")),
    "retention_90": _episodes(_day_in_month(90), met=_GRADUATED | (Q(contact_from_day_60_on__isnull=False) & _STAYED)),
    "early_contacts": _episodes(_day_in_month(28), met=Q(contacts_in_28_days__gte=2)),
    "contact_rate": _episodes(PATIENT, met=Q(contacts__gt=0)),
    "score_rate": _episodes(PATIENT, met=Q(scales__gt=0)),
    "contact_and_score": _episodes(PATIENT, met=_BOTH),
}
_CHANGE: Final = {
    "improvement": _episodes(PATIENT, Q(days__gte=70) & ELEVATED, met=IMPROVED),
    "remission": _episodes(PATIENT, met=_IN_REMISSION),
    "response_16": _at_16_weeks(Q(at_16_weeks__lte=F("response_at"))),
    "remission_16": _at_16_weeks(Q(at_16_weeks__lt=F("remission_below"))),
    "response_discharge": _at_discharge(Q(latest__lte=F("response_at"))),
    "remission_discharge": _at_discharge(Q(latest__lt=F("remission_below"))),
    "completeness": _episodes(OPEN, Q(days__gte=28), met=Q(score_age__lt=35)),
    "ed_before": _stays("ed_before", "ed_after"),
    "ed_after": _stays("ed_after", "ed_before"),
    "stays_before": _stays("stays_before", "stays_after"),
    "stays_after": _stays("stays_after", "stays_before"),
}
_REVIEW: Final = {
    "first_review_days": _episodes(
        Q(cocm_from__isnull=False, first_review_on__gte=F("first_day"), first_review_on__lte=F("last_day")),
        value=_never_negative("reviewed_after"),
    ),
    "reviewed_30": _episodes(_day_in_month(30, "cocm_"), Q(cocm_days__gte=30), met=Q(reviewed_after__lte=30)),
    "consultation": _CONSULTATION,
    "decision_days": _advice(Q(decided_on__isnull=False), value=_never_negative("decided_after")),
    "closed_14": _advice(Q(), met=Q(closed_after__lte=14)),
    "declined": _advice(Q(decided_on__isnull=False), met=Q(decision="declined")),
}
_OTHERS: Final = {
    "safety_same_day": _SAFETY,
    "caseload_per_fte": _ALL,
    "minutes_per_contact": _MINUTES,
    "registry_complete": _episodes(OPEN, met=Q(lacks=[])),
    "said_reached": _said("said_reached"),
    "said_heard": _said("said_heard"),
    "said_recommend": _said("said_recommend"),
    "said_share": _episodes(IN_MONTH, met=Q(said_recommend__isnull=False)),
    "billed_share": _episodes(IN_MONTH, CLOSED, met=Q(is_billed=True)),
    "expected_mean": _earned("expected"),
    "paid_mean": _earned("paid"),
}
CONDITIONS: Final[dict[str, Condition]] = {**_NEW_YORK, **_ENGAGEMENT, **_CHANGE, **_REVIEW, **_OTHERS}
