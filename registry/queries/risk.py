"""One person's risk case as its page shows it: the protocol with what is done of it, and everything recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, Func, JSONField, OuterRef, Q, Subquery

from bhi.errors import NotFound
from registry.models import Assessment, RelatedPerson, RiskCase, RiskCause, RiskStep, RiskStepKind, SafetyPlan
from registry.queries.risk_protocols import RiskSettings, risk_settings
from registry.rules.instruments import instrument
from registry.rules.instruments.words import critical_words
from registry.rules.risk import (
    HIGH,
    MODERATE,
    SCREENER_DAYS,
    SCREENERS,
    TIER_WORDS,
    Answered,
    fault_of_agreeing,
    faults_of_closing,
)
from registry.rules.risk_course import POSITIVE, RISEN, Course, Event, course_of
from registry.rules.risk_steps import Step, steps_of

MOST_EARLIER = 20


@dataclass(frozen=True)
class StepShown:
    """A step of the protocol: when it is due, and by whom and when it was done."""

    step: Step
    due_at: datetime
    is_overdue: bool
    done_by: str = ""
    done_at: datetime | None = None
    who: str = ""
    text: str = ""

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


@dataclass(frozen=True)
class EntryShown:
    """Something recorded about a case."""

    at: datetime
    by: str
    words: str
    who: str
    text: str
    tone: str
    icon: str


@dataclass(frozen=True)
class ScreenerShown:
    """A screener of today or yesterday, on which an assessment rests."""

    id: UUID
    name: str
    on: date
    tier: str
    word: str


@dataclass(frozen=True)
class AskedShown:
    """A lower tier that was asked for: by whom, why, and why the reader cannot answer (empty: they can)."""

    tier_word: str
    by: str
    at: datetime
    text: str
    why_not: str


@dataclass(frozen=True)
class EarlierCase:
    """A case of before: when it was open, how it was closed."""

    opened_on: date
    closed_on: date
    tier_word: str
    closed_by: str
    note: str


@dataclass(frozen=True)
class CasePage:
    """A case with all that its page shows. `seen` is how many steps there are: a form sends it back."""

    case: RiskCase
    course: Course
    settings: RiskSettings
    zone: ZoneInfo
    today: date
    reason: str
    steps: tuple[StepShown, ...]
    entries: tuple[EntryShown, ...]
    screener: ScreenerShown | None
    asked: AskedShown | None
    closing_faults: tuple[str, ...]
    seen: int
    has_screened_before: bool
    emergency_contact: str

    @property
    def tier_word(self) -> str:
        return TIER_WORDS[self.course.tier]

    @property
    def is_open(self) -> bool:
        return self.case.closed_at is None

    @property
    def phase_word(self) -> str:
        """What the steps are those of."""
        return "before the assessment" if self.course.is_unassessed else TIER_WORDS[self.course.tier].lower()


def case_page(
    case: RiskCase, *, for_id: UUID, roles: Iterable[str], people: Mapping[UUID, str], at: datetime
) -> CasePage:
    """A case of `cases_of` as somebody sees it. Three statements."""
    settings = risk_settings(case.clinic_id, case.clinic)
    rows = _steps(case.id)
    course = course_of(case.opened_at, map(event_of, rows))
    today = settings.today(at)
    screeners = _screeners(case.patient_id)
    basis = next((row for row in screeners if _is_of(row, today)), None)
    shown = tuple(_protocol(course, settings, {row.id: row for row in rows}, people, at))
    return CasePage(
        case=case,
        course=course,
        settings=settings,
        zone=settings.zone,
        today=today,
        reason=reason_words(case),
        steps=shown,
        entries=tuple(_entry(row, people) for row in reversed(rows)),
        screener=_screener(basis) if basis is not None else None,
        asked=_asked(course, rows, people, for_id, roles, settings),
        closing_faults=_closing_faults(case, course, sum(not one.is_done for one in shown), today),
        seen=len(rows),
        has_screened_before=any(row.on < today for row in screeners),
        emergency_contact=", ".join(filter(None, getattr(case, "emergency_contact", None) or ())),
    )


def cases_of(patient_id: UUID) -> list[RiskCase]:
    """The person's cases, the open one first, then the latest; with whom to call besides the patient. One statement."""
    contacts = RelatedPerson.objects.live().filter(patient_id=OuterRef("patient_id"), is_emergency_contact=True)
    said = Func("name", "relation", "phone", function="jsonb_build_array", output_field=JSONField())
    contact = contacts.order_by("id").values_list(said)[:1]
    rows = RiskCase.objects.live().filter(patient_id=patient_id).select_related("clinic", "closed_by")
    return list(rows.annotate(emergency_contact=Subquery(contact)).order_by("-opened_at", "-id")[: MOST_EARLIER + 1])


def has_open_case(patient_id: UUID) -> bool:
    """Whether the person has an open case. One statement."""
    found: bool = RiskCase.objects.live().filter(patient_id=patient_id, closed_at__isnull=True).exists()
    return found


def last_case(patient_id: UUID, organization_id: UUID) -> RiskCase:
    """The person's open case, else the last one. Raises NotFound."""
    rows = RiskCase.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    found: RiskCase | None = rows.order_by("-opened_at", "-id").first()
    if found is None:
        raise NotFound
    return found


def earlier_cases(cases: Iterable[RiskCase], people: Mapping[UUID, str]) -> tuple[EarlierCase, ...]:
    """Closed cases in short."""
    return tuple(
        EarlierCase(row.opened_on, row.closed_on, TIER_WORDS[row.tier], people[row.closed_by_id], row.closing_note)
        for row in cases
        if row.closed_on is not None and row.closed_by_id is not None
    )


def course_of_case(case: RiskCase) -> Course:
    """Where a case stands. One statement."""
    return course_of(case.opened_at, map(event_of, _steps(case.id)))


def open_steps(course: Course, settings: RiskSettings) -> list[Step]:
    """The steps asked for now that are not done."""
    return [step for step in steps_of(course.steps_tier, settings.own) if step.key not in course.done]


def seen_of(case_id: UUID) -> int:
    """How many steps a case has: another number means that somebody was faster."""
    return RiskStep.objects.live().filter(case_id=case_id).count()


def screener_for(patient_id: UUID, on: date) -> Assessment | None:
    """The last screener dated `on` or the day before, which an assessment of that day rests on."""
    return next((row for row in _screeners(patient_id) if _is_of(row, on)), None)


def earlier_positive(patient_id: UUID) -> str:
    """The last answer that meant danger, where no case has dealt with it: `item 9: 1 on 2026-02-03`. One statement."""
    told = Assessment.objects.live().filter(patient_id=patient_id)
    positive = told.filter(Q(item9__gt=0) | Q(detail__tier__in=[MODERATE, HIGH]))
    dealt_with = RiskCase.objects.live().filter(patient_id=OuterRef("patient_id"), closed_on__gte=OuterRef("on"))
    row = positive.exclude(Exists(dealt_with)).order_by("-on", "-recorded_at").first()
    return f"{answer_words(row)} on {row.on}" if row is not None else ""


def safety_plan_row(patient_id: UUID) -> dict[str, Any] | None:
    """The safety plan in force, as `safety_part` takes it."""
    rows = SafetyPlan.objects.live().filter(patient_id=patient_id).order_by("-number")
    found: dict[str, Any] | None = rows.values("number", "on", "content").first()
    return found


def answered(row: Assessment) -> Answered:
    """What a score said of danger."""
    scale = instrument(row.instrument)
    concerns = any(row.items[number - 1] for number in scale.critical_items) if row.items and not scale.tiers else False
    return Answered(row.on, scale.scale_key, max(row.item9 or 0, int(concerns)), row.detail.get("tier", ""))


def answer_words(row: Assessment) -> str:
    """What a score said of danger, in words."""
    scale, said = instrument(row.instrument), answered(row)
    tier = scale.tier(said.tier)
    if tier is not None:
        return f"{scale.name}: {tier.word.lower()}"
    return critical_words(scale, row.item9) if row.item9 else f"{scale.name}: a question about self-harm answered yes"


def reason_words(case: RiskCase) -> str:
    """Why a case is open: `item 9: 2`, or what somebody said."""
    return case.concern or str(RiskCause(case.cause).label)


def _steps(case_id: UUID) -> list[RiskStep]:
    return list(RiskStep.objects.live().filter(case_id=case_id).order_by("at", "id"))


def event_of(row: RiskStep) -> Event:
    """A stored step as the rules read it."""
    return Event(row.id, row.kind, row.at, row.on, row.by_id, row.key, row.tier)


def _screeners(patient_id: UUID) -> list[Assessment]:
    rows = Assessment.objects.live().filter(patient_id=patient_id, instrument__in=SCREENERS, detail__has_key="tier")
    return list(rows.order_by("-on", "-recorded_at", "-id")[:2])


def _is_of(row: Assessment, on: date) -> bool:
    return on - timedelta(days=SCREENER_DAYS) <= row.on <= on


def _screener(row: Assessment) -> ScreenerShown:
    tier = row.detail["tier"]
    return ScreenerShown(row.id, instrument(row.instrument).name, row.on, tier, TIER_WORDS[tier])


def _protocol(
    course: Course, settings: RiskSettings, rows: Mapping[UUID, RiskStep], people: Mapping[UUID, str], at: datetime
) -> Iterable[StepShown]:
    for step in steps_of(course.steps_tier, settings.own):
        due_at = step.due_at(course.begun_at, settings.zone)
        done = course.done.get(step.key)
        if done is None:
            yield StepShown(step, due_at, is_overdue=at > due_at)
        else:
            row = rows[done.id]
            yield StepShown(
                step, due_at, is_overdue=False, done_by=people[row.by_id], done_at=row.at, who=row.who, text=row.text
            )


def _closing_faults(case: RiskCase, course: Course, count: int, today: date) -> tuple[str, ...]:
    return faults_of_closing(
        tier=course.tier,
        assessed_on=case.assessed_on,
        is_risen=course.is_unassessed,
        is_asked=course.asked is not None,
        open_steps=count,
        today=today,
    )


def _asked(
    course: Course,
    rows: Iterable[RiskStep],
    people: Mapping[UUID, str],
    for_id: UUID,
    roles: Iterable[str],
    settings: RiskSettings,
) -> AskedShown | None:
    asked = course.asked
    if asked is None:
        return None
    row = next(one for one in rows if one.id == asked.id)
    why_not = fault_of_agreeing(asked.by, for_id, list(roles), is_supervisor=for_id in settings.supervisors)
    return AskedShown(TIER_WORDS[asked.tier], people[asked.by], asked.at, row.text, why_not)


_ENTRIES = {
    RiskStepKind.ASSESSED: ("assessed", "info", "clipboard-document-check"),
    RiskStepKind.DONE: ("did a step", "good", "check"),
    RiskStepKind.CALLED: ("called", "info", "phone"),
    RiskStepKind.LOWERING_ASKED: ("asked to lower it to", "warning", "arrow-down"),
    RiskStepKind.LOWERING_AGREED: ("agreed to", "good", "check"),
    RiskStepKind.LOWERING_REFUSED: ("kept", "warning", "hand-raised"),
    RiskStepKind.NOTE: ("noted", "", "pencil"),
    RiskStepKind.CLOSED: ("closed it", "good", "check"),
}


def _entry(row: RiskStep, people: Mapping[UUID, str]) -> EntryShown:
    words, tone, icon = _ENTRIES[RiskStepKind(row.kind)]
    if row.kind == RiskStepKind.NOTE and row.key in (RISEN, POSITIVE):
        words, tone, icon = ("recorded something new", "danger", "exclamation-triangle")
    if row.tier and row.kind != RiskStepKind.NOTE:
        words = f"{words}: {TIER_WORDS[row.tier].lower()}"
    if row.kind == RiskStepKind.DONE:
        words = _step_words(row.key)
    return EntryShown(row.at, people[row.by_id], words, row.who, row.text, tone, icon)


def _step_words(key: str) -> str:
    """What a step said, by its key; one of the clinic's own may have been changed since."""
    name = key.partition(".")[2]
    found = (step.words for tier in ("", "low", "moderate", "high") for step in steps_of(tier) if step.key == name)
    return f"did: {next(found, 'a step of the clinic’s own').rstrip('.')}"
