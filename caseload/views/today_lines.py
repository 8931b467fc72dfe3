"""A row of Today in the words and addresses that its template lays out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.urls import reverse

from bhi.tenancy.models import Membership
from caseload.queries.today import WaitingRow, WorkRow
from caseload.queries.today_patients import PersonShown
from caseload.rules.worklist import Task

People = Mapping[UUID, Membership]

# By kind of task: where the first button leads, and what it says.
_FIRST_STEP = {
    "risk_unassessed": ("risk_case", "Open protocol"),
    "risk_recheck": ("risk_case", "Recheck"),
    "risk_steps": ("risk_case", "Open protocol"),
    "score_overdue": ("assessment_new", "Enter score"),
    "consent_missing": ("consent_new", "Record consent"),
    "advice_safety": ("advice", "Open"),
    "advice_unsent": ("advice", "Ask"),
    "advice_unanswered": ("advice", "Record answer"),
    "advice_declined": ("advice", "Open"),
    "advice_to_do": ("advice", "Carry out"),
    "advice_to_tell": ("contact_new", "Write note"),
    "clinician_untold": ("clinician_request_new", "Ask clinician"),
}
_OF_REFERRAL = frozenset({"first_attempt", "referral_due", "interim_contact"})
_TONES = {"stay_ended": "danger", "follow_up_overdue": "danger", "contact_overdue": "warning"}
_QUIET = frozenset({"follow_up_today", "coordination", "month_near"})


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task as a chip with its reason."""

    label: str
    tone: str
    words: str
    since: date


@dataclass(frozen=True, slots=True)
class Line:
    """What a row says, and where each of its acts leads; an address is empty where the act is not open."""

    key: str
    url: str
    person: PersonShown
    about: str
    in_clinic: str
    risk: str
    news: str
    today: date
    first: TaskLine
    more: tuple[TaskLine, ...]
    is_attention: bool
    step_url: str
    step_label: str
    attempt_url: str
    note_url: str
    plan_url: str
    snooze_url: str
    timer_url: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """What was put off, by whom and why."""

    url: str
    name: str
    label: str
    until_on: date
    today: date
    reason: str
    by: str
    end_url: str


def line_of(row: WorkRow, slug: str, by: Membership, people: People, *, names_clinics: bool) -> Line:
    """One row, with the acts that its patient allows: a referral has none of an episode's."""
    patient = row.patient
    to = [slug, patient.patient_id]
    has_episode = patient.episode_id is not None
    step_url, step_label = _step(row, slug)
    return Line(
        key=str(patient.patient_id),
        url=reverse("patient_chart", args=to),
        person=patient.person,
        about=_about(row, by, people, names_clinics=names_clinics),
        in_clinic=patient.person.in_clinic.words(patient.today) if patient.person.in_clinic else "",
        risk=_risk(row),
        news=", ".join(patient.news),
        today=patient.today,
        first=_task(row.first),
        more=tuple(_task(task) for task in row.more),
        is_attention=row.first.is_safety,
        step_url=step_url,
        step_label=step_label,
        attempt_url=reverse("attempt_new", args=to) if has_episode else "",
        note_url=reverse("contact_new", args=to) if has_episode else "",
        plan_url=reverse("follow_up", args=to) if has_episode else "",
        snooze_url=reverse("snooze_new", args=to) if has_episode and not all(t.is_safety for t in row.tasks) else "",
        timer_url=reverse("timer_start", args=to) if has_episode else "",
    )


def waiting_lines(rows: Iterable[WaitingRow], slug: str, people: People) -> list[WaitingLine]:
    """What was put off, the first to come back on top."""
    return [
        WaitingLine(
            url=reverse("patient_chart", args=[slug, row.patient.patient_id]),
            name=row.patient.person.name,
            label=row.task.label,
            until_on=row.put_off.until_on,
            today=row.patient.today,
            reason=row.put_off.reason,
            by=_name(row.put_off.by_id, people),
            end_url=reverse("snooze_end", args=[slug, row.put_off.id]),
        )
        for row in rows
    ]


def _task(task: Task) -> TaskLine:
    tone = "danger" if task.is_safety else "" if task.kind in _QUIET else _TONES.get(task.kind, "warning")
    return TaskLine(task.label, tone, task.words, task.since)


def _step(row: WorkRow, slug: str) -> tuple[str, str]:
    """The step that settles the first task; empty where it is a call, which the row offers anyway."""
    kind, patient = row.first.kind, row.patient
    if kind == "safety_notice" and patient.is_notice_taken and patient.standing.risk is not None:
        return reverse("risk_case", args=[slug, patient.patient_id]), "Open protocol"
    if kind == "safety_notice":
        return reverse("safety_notice", args=[slug, patient.notice_id]), "Open notice"
    if kind in _OF_REFERRAL:
        return reverse("referral", args=[slug, patient.referral_id]), "Open referral"
    name, label = _FIRST_STEP.get(kind, ("", ""))
    return (reverse(name, args=[slug, patient.patient_id]), label) if name else ("", "")


def _risk(row: WorkRow) -> str:
    """An open risk case that no task of the row says already."""
    risk = row.patient.standing.risk
    is_said = any(task.kind in ("risk_unassessed", "risk_recheck") for task in row.tasks)
    return "" if risk is None or is_said else risk.chip


def _about(row: WorkRow, by: Membership, people: People, *, names_clinics: bool) -> str:
    """Age, record number, clinic where there are several, and whose patient it is where not one's own."""
    patient = row.patient
    born, on = patient.person.birth_date, patient.today
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    owner = patient.care_manager_id
    whose = "" if owner == by.id else _name(owner, people) if owner else "nobody’s yet"
    parts = (f"{years} years", patient.person.mrn, patient.clinic.name if names_clinics else "", whose)
    return " · ".join(filter(None, parts))


def _name(seat_id: UUID, people: People) -> str:
    return people[seat_id].name if seat_id in people else ""
