"""Open risk cases as lists show them, and positive screens that nobody followed up the same day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from registry.models import RelatedPerson, RiskCase, RiskStep, SafetyPlan
from registry.queries.risk import event_of, open_steps, reason_words
from registry.queries.risk_protocols import RiskSettings, risk_settings_of
from registry.rules.risk import TIER_WORDS, Circumstances, alerts
from registry.rules.risk_course import Event, course_of, raises_of

MISSED_SHOWN_DAYS = 90


@dataclass(frozen=True)
class CaseRow:
    """An open case: where it stands, what is overdue, and what is wrong around it."""

    patient_id: UUID
    patient_name: str
    mrn: str
    phone: str
    clinic_name: str
    today: date
    reason: str
    opened_on: date
    tier_word: str
    assessed_on: date | None
    recheck_on: date | None
    is_unassessed: bool
    is_risen: bool
    is_lowering_asked: bool
    overdue_steps: int
    open_steps: int
    alerts: tuple[tuple[str, str], ...]

    @property
    def is_due(self) -> bool:
        """Whether its recheck is due."""
        return not self.is_unassessed and self.recheck_on is not None and self.recheck_on <= self.today


@dataclass(frozen=True)
class MissedRow:
    """A positive screen that was not assessed on its own day, and when it was, if ever."""

    patient_id: UUID
    patient_name: str
    mrn: str
    clinic_name: str
    reason: str
    on: date
    assessed_on: date | None
    today: date

    @property
    def days(self) -> int:
        """How many days it took, or takes so far."""
        return ((self.assessed_on or self.today) - self.on).days


@dataclass(frozen=True)
class RiskLists:
    """Open cases in the order in which they ask for somebody; what was missed, the latest first; every clinic."""

    open: tuple[CaseRow, ...]
    missed: tuple[MissedRow, ...]
    clinics: tuple[RiskSettings, ...] = ()


def risk_lists(organization_id: UUID, *, at: datetime, last_contacts: Mapping[UUID, date]) -> RiskLists:
    """Both lists, given when each patient was last spoken with. Six statements.

    First who was not assessed, or whose risk rose, the longest first; then by the day of the recheck. Those who died
    ask for nobody.
    """
    settings = risk_settings_of(organization_id)
    since = at.date() - timedelta(days=MISSED_SHOWN_DAYS)
    cases = list(_cases(organization_id).filter(Q(closed_at__isnull=True) | Q(opened_on__gte=since)))
    events = _events(cases)
    people = {case.patient_id for case in cases if case.closed_at is None}
    plans = _with(SafetyPlan.objects.live(), people)
    contacts = _with(RelatedPerson.objects.live().filter(is_emergency_contact=True), people)
    rows = [
        _row(case, events[case.id], settings[case.clinic_id], at, plans, contacts, last_contacts.get(case.patient_id))
        for case in cases
        if case.closed_at is None
    ]
    rows.sort(key=_place)
    missed = [row for case in cases for row in _missed(case, events[case.id], settings[case.clinic_id].today(at))]
    missed = [row for row in missed if row.on >= since]
    missed.sort(key=lambda row: (row.on, row.patient_name), reverse=True)
    return RiskLists(tuple(rows), tuple(missed), tuple(settings.values()))


def patients_at_risk(organization_id: UUID) -> list[UUID]:
    """Whom open cases are about. One statement."""
    return list(_cases(organization_id).filter(closed_at__isnull=True).values_list("patient_id", flat=True))


def _cases(organization_id: UUID) -> QuerySet[Any]:
    ours = RiskCase.objects.live().filter(organization_id=organization_id, patient__voided_at__isnull=True)
    return ours.filter(patient__merged_into__isnull=True, patient__died_on__isnull=True).select_related(
        "patient", "clinic"
    )


def _events(cases: Iterable[RiskCase]) -> dict[UUID, list[Event]]:
    found: dict[UUID, list[Event]] = defaultdict(list)
    for row in RiskStep.objects.live().filter(case_id__in=[case.id for case in cases]):
        found[row.case_id].append(event_of(row))
    return found


def _with(rows: QuerySet[Any], people: Collection[UUID]) -> set[UUID]:
    return set(rows.filter(patient_id__in=people).values_list("patient_id", flat=True))


def _row(
    case: RiskCase,
    events: Iterable[Event],
    settings: RiskSettings,
    at: datetime,
    plans: Collection[UUID],
    contacts: Collection[UUID],
    last_contact_on: date | None,
) -> CaseRow:
    course, today = course_of(case.opened_at, events), settings.today(at)
    waiting = open_steps(course, settings)
    overdue = [step for step in waiting if at > step.due_at(course.begun_at, settings.zone)]
    now = Circumstances(
        today=today,
        tier=case.tier,
        opened_on=case.opened_on,
        recheck_on=None if course.is_unassessed else case.recheck_on,
        last_contact_on=last_contact_on,
        has_plan=case.patient_id in plans,
        has_emergency_contact=case.patient_id in contacts,
    )
    return CaseRow(
        patient_id=case.patient_id,
        patient_name=case.patient.name,
        mrn=case.patient.mrn,
        phone=case.patient.phone,
        clinic_name=case.clinic.name,
        today=today,
        reason=reason_words(case),
        opened_on=case.opened_on,
        tier_word=TIER_WORDS[case.tier],
        assessed_on=case.assessed_on,
        recheck_on=case.recheck_on,
        is_unassessed=course.is_unassessed,
        is_risen=course.is_risen,
        is_lowering_asked=course.asked is not None,
        overdue_steps=len(overdue),
        open_steps=len(waiting),
        alerts=alerts(now),
    )


def _place(row: CaseRow) -> tuple[bool, date, str]:
    return (not row.is_unassessed, row.recheck_on or row.opened_on, row.patient_name)


def _missed(case: RiskCase, events: Iterable[Event], today: date) -> Iterable[MissedRow]:
    for raised in raises_of(case.opened_at, case.opened_on, events):
        if raised.is_missed(today):
            yield MissedRow(
                case.patient_id,
                case.patient.name,
                case.patient.mrn,
                case.clinic.name,
                reason_words(case),
                raised.on,
                raised.assessed_on,
                today,
            )
