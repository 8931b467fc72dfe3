"""Safety notices as pages show them: what is open, who was told when, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from registry.models import Assessment, NoticeCause, SafetyNotice, SafetyStep, StepKind
from registry.queries.duty import has_rota
from registry.queries.protocols import protocol_of
from registry.queries.self_reports import given_in, tools_in
from registry.rules.duty import LAST_ROUND, next_round_at
from registry.rules.instruments import Instrument, instrument
from registry.rules.self_reports import Question

CLOSED_SHOWN_DAYS = 30
MOST_CLOSED = 50


@dataclass(frozen=True)
class StepShown:
    """One step of a notice, as a sentence's parts: who, what, when."""

    at: datetime
    person: str
    words: str
    tone: str
    icon: str


@dataclass(frozen=True)
class NoticeShown:
    """A notice of the list. `waited` is the time from it until somebody took it on, or until now."""

    id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    phone: str
    clinic_id: UUID
    clinic_name: str
    zone: ZoneInfo
    cause: str
    raised_at: datetime
    told: str
    taken_by: str
    closed_at: datetime | None
    waited: timedelta

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def waited_words(self) -> str:
        """`12 min`, `3 h 5 min`, `2 d 4 h`."""
        minutes = int(self.waited.total_seconds()) // 60
        days, hours = minutes // 1440, minutes // 60 % 24
        if days:
            return f"{days} d {hours} h"
        return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


@dataclass(frozen=True)
class AnswerToDanger:
    """What was answered to a question about danger: at first, and where it is another in what was then sent."""

    tool: str
    question: str
    first: str
    later: str


@dataclass(frozen=True)
class NoticePage:
    """One notice with all its steps. `next_round_at` is when the next person is called, None after the last."""

    notice: NoticeShown
    steps: tuple[StepShown, ...]
    answers: tuple[AnswerToDanger, ...]
    is_acknowledged: bool
    closing_note: str
    next_round_at: datetime | None
    crisis_text: str
    rota_is_empty: bool


def notice_list(organization_id: UUID, *, at: datetime) -> tuple[NoticeShown, ...]:
    """Open notices, the longest waiting first; then those closed within 30 days, the latest first. Four statements."""
    rows = SafetyNotice.objects.filter(organization_id=organization_id).select_related("patient", "clinic")
    waiting = rows.filter(closed_at__isnull=True).order_by("acknowledged_at", "raised_at", "id")
    since = at - timedelta(days=CLOSED_SHOWN_DAYS)
    over = rows.filter(closed_at__gte=since).order_by("-closed_at", "-id")[:MOST_CLOSED]
    found = [*sorted(waiting, key=lambda row: (row.acknowledged_at is not None, row.raised_at)), *over]
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    told = _told([row.id for row in found], people)
    return tuple(_shown(row, people, told.get(row.id, ()), at) for row in found)


def notice_page(notice_id: UUID, organization_id: UUID, *, at: datetime) -> NoticePage:
    """One notice. Raises NotFound."""
    rows = SafetyNotice.objects.filter(organization_id=organization_id, id=notice_id)
    row: SafetyNotice | None = rows.select_related("patient", "clinic", "assessment", "self_report").first()
    if row is None:
        raise NotFound
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    steps = list(SafetyStep.objects.filter(notice=row).order_by("at", "round", "id"))
    told = [people[step.member_id] for step in steps if step.kind == StepKind.TOLD and step.member_id]
    done = max((step.round for step in steps), default=0)
    is_waiting = row.acknowledged_at is None and row.closed_at is None
    return NoticePage(
        notice=_shown(row, people, told, at),
        steps=tuple(_step(step, people) for step in steps),
        answers=_answers(row),
        is_acknowledged=row.acknowledged_at is not None,
        closing_note=row.closing_note,
        next_round_at=next_round_at(row.raised_at, done) if is_waiting else None,
        crisis_text=protocol_of(row.clinic_id).crisis_text,
        rota_is_empty=is_waiting and not has_rota(row.clinic_id, organization_id),
    )


def _told(notice_ids: list[UUID], people: dict[UUID, str]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    steps = SafetyStep.objects.filter(notice_id__in=notice_ids, kind=StepKind.TOLD).order_by("at", "id")
    for notice_id, member_id in steps.values_list("notice_id", "member_id"):
        found.setdefault(notice_id, []).append(people[member_id])
    return found


def _shown(row: SafetyNotice, people: dict[UUID, str], told: list[str] | tuple[str, ...], at: datetime) -> NoticeShown:
    until = row.acknowledged_at or row.closed_at or at
    return NoticeShown(
        id=row.id,
        patient_id=row.patient_id,
        patient_name=row.patient.name,
        mrn=row.patient.mrn,
        phone=row.patient.phone,
        clinic_id=row.clinic_id,
        clinic_name=row.clinic.name,
        zone=ZoneInfo(row.clinic.time_zone),
        cause=NoticeCause(row.cause).label,
        raised_at=row.raised_at,
        told=", ".join(dict.fromkeys(told)),
        taken_by=people[row.acknowledged_by_id] if row.acknowledged_by_id else "",
        closed_at=row.closed_at,
        waited=max(until - row.raised_at, timedelta()),
    )


def _step(step: SafetyStep, people: dict[UUID, str]) -> StepShown:
    person = people[step.member_id] if step.member_id else ""
    words, tone, icon = {
        StepKind.TOLD: (_told_words(step.round), "info", "envelope"),
        StepKind.NOBODY: (_nobody_words(step.round), "warning", "exclamation-triangle"),
        StepKind.ACKNOWLEDGED: ("took it on", "good", "hand-raised"),
        StepKind.CLOSED: ("dealt with it", "good", "check"),
    }[StepKind(step.kind)]
    return StepShown(step.at, person, words, tone, icon)


def _told_words(number: int) -> str:
    return "was called, as lead" if number == LAST_ROUND else "was called, as on duty"


def _nobody_words(number: int) -> str:
    if number == LAST_ROUND:
        return "There is nobody who could be called"
    return "Nobody was on duty" if number == 1 else "Nobody else was on duty"


def _answers(row: SafetyNotice) -> tuple[AnswerToDanger, ...]:
    """From the score that was recorded with the notice, else from what the link holds."""
    if row.assessment is not None:
        later = Assessment.objects.filter(replaces=row.assessment).order_by("-recorded_at", "-id").first()
        return _of_tool(instrument(row.assessment.instrument), row.assessment.items or (), later)
    if row.self_report is None:
        return ()
    given = given_in(row.self_report)
    tools = [tool for tool in tools_in(row.self_report) if tool.key in given]
    return tuple(one for tool in tools for one in _of_tool(tool, given[tool.key].as_list(tool), None))


def _of_tool(tool: Instrument, items: Sequence[int | None], later: Assessment | None) -> tuple[AnswerToDanger, ...]:
    """The answers above 0 to the tool's questions about danger."""
    found = []
    for number, first in enumerate(items, start=1):
        if first and Question(tool, number).is_critical:
            item = tool.wordings["en"].items[number - 1]
            words = dict(zip(tool.points[number - 1], item.answers, strict=True))
            then = later.items[number - 1] if later is not None and later.items else first
            changed = words.get(then, "no answer") if then != first else ""
            found.append(AnswerToDanger(tool.name, item.text, words[first], changed))
    return tuple(found)
