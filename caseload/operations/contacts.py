"""A contact, with everything that one note updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from caseload.models import Activity, Contact, FollowUp, TimeEntry
from caseload.operations.advice import tell_patient
from caseload.operations.errors import FollowUpTooEarly, NotHowItIsDone, PatientDischarged
from caseload.operations.questions import question_in_note
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import (
    TREATMENT,
    Work,
    announce_months,
    lock_people,
    months_touched,
    timed,
)
from caseload.operations.timers import end_timer
from caseload.operations.treatment_changes import ChangeGiven, change_in_note
from caseload.queries.work import EpisodeAtWork, episode_at_work
from caseload.rules.notes import mode_fault, outcome_fault
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Fact
from registry.operations.assessments import ScoreGiven, result_columns
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, stamped
from registry.operations.risk_opening import heed_scores


@dataclass(frozen=True)
class NextContact:
    """When to be in touch again, and about what."""

    due_on: date
    purpose: str = ""


@dataclass(frozen=True)
class ContactKept:
    """What a contact left on record. `was_new` is false when the same form had been sent before."""

    contact: Contact
    entry: TimeEntry | None
    assessments: tuple[Assessment, ...]
    was_new: bool


@transaction.atomic
def record_contact(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    client_token: UUID,
    time: WorkTime,
    mode: str,
    work: Work = TREATMENT,
    outcome: str = "",
    note: str = "",
    parts: Mapping[str, str] | None = None,
    question: str = "",
    changed: ChangeGiven | None = None,
    told: Sequence[UUID] = (),
    scores: Sequence[ScoreGiven] = (),
    next_contact: NextContact | None = None,
    timer_id: UUID | None = None,
    import_id: UUID | None = None,
) -> ContactKept:
    """One note: the contact, its minutes, its scores and the next contact date, all or nothing.

    The minutes are held when they overlap the person's time for another patient; the rest is kept all the same. A
    score that means danger opens a risk case, a question goes to the consultant, what was `changed` of the treatment
    is recorded, and of the recommendations in `told` that the patient knows. A second submit of the same form returns
    what the first one kept. Raises PatientDischarged, ImpossibleTime, DayFull, ScoreUnusable, FollowUpTooEarly,
    NotHowItIsDone, FormReused, AdviceMoved, NotFound; TimerClosed where `timer_id`, the person's timer whose time
    this is, was saved or let go already.
    """
    lock_people([by.id])
    stamp = Stamp(by, at, import_id)
    episode = episode_at_work(by.organization_id, episode_id, time=time, token=client_token)
    if episode.contact_id is not None:
        return _same_contact(episode, episode.contact_id)
    if episode.ended_on is not None:
        raise PatientDischarged
    _refuse_unlikely(work.activity, mode, outcome)
    what = {"activity": work.activity, "mode": mode, "note": note, "client_token": client_token}
    contact = _noted(stamp, episode, time, **what)
    contact.outcome, contact.parts, contact.question = outcome, dict(parts or {}), question.strip()
    entry = timed(stamp, episode, time=time, work=work, worked_by=by, client_token=client_token, contact=contact)
    assessments = tuple(_assessment(stamp, episode, contact, given) for given in scores)
    record_facts([contact, entry, *assessments, *_for_review(stamp, contact, changed)])
    heed_scores(assessments, stamp=stamp)
    if timer_id is not None:
        end_timer(by=by, at=at, timer_id=timer_id, entry=entry)
    if told:
        of: dict[str, Any] = {"told_on": contact.on, "contact": contact, "client_token": client_token}
        tell_patient(by=by, at=at, recommendation_ids=told, **of)
    _plan_next(stamp, contact, next_contact)
    _audit(contact, assessments, next_contact, stamp=stamp)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    announce_months(episode, months_touched(time, episode.zone), at=at)
    return ContactKept(contact, entry, assessments, was_new=True)


def _noted(stamp: Stamp, episode: EpisodeAtWork, time: WorkTime, **what: Any) -> Contact:
    """The contact of whoever writes it, signed."""
    contact = draft_contact(
        stamp,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        worked_by=stamp.by,
        on=time.day(episode.zone),
        started_at=time.span[0] if time.span is not None else None,
        **what,
    )
    contact.signed_as = str(stamp.by)
    return contact


def _for_review(stamp: Stamp, contact: Contact, changed: ChangeGiven | None) -> Iterable[Fact]:
    """What a note leaves for the psychiatric review: its question, and that the treatment was changed."""
    if contact.question:
        yield question_in_note(stamp, contact)
    if changed is not None:
        yield change_in_note(stamp, contact, changed)


def _refuse_unlikely(activity: str, mode: str, outcome: str) -> None:
    """Kind, way and outcome of a contact have to go together."""
    for field, sentence in (("mode", mode_fault(activity, mode)), ("outcome", outcome_fault(activity, outcome))):
        if sentence:
            raise NotHowItIsDone(field, sentence)


def draft_follow_up(
    stamp: Stamp, *, patient_id: UUID, episode_id: UUID, due_on: date, purpose: str = "", contact: Contact | None = None
) -> FollowUp:
    """The next thing due, as it will be stored."""
    return stamped(
        FollowUp,
        stamp,
        patient_id=patient_id,
        episode_id=episode_id,
        due_on=due_on,
        purpose=purpose,
        from_contact=contact,
    )


def draft_contact(
    stamp: Stamp,
    *,
    patient_id: UUID,
    episode_id: UUID,
    worked_by: Membership,
    on: date,
    started_at: datetime | None,
    activity: str,
    mode: str,
    note: str,
    client_token: UUID,
) -> Contact:
    """What happened with the patient, or did not, as it will be stored."""
    return stamped(
        Contact,
        stamp,
        patient_id=patient_id,
        episode_id=episode_id,
        by=worked_by,
        on=on,
        started_at=started_at,
        activity=activity,
        mode=mode,
        note=note,
        client_token=client_token,
    )


def _assessment(stamp: Stamp, episode: EpisodeAtWork, contact: Contact, given: ScoreGiven) -> Assessment:
    return stamped(
        Assessment,
        stamp,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        on=contact.on,
        contact_id=contact.id,
        **result_columns(given),
    )


def _plan_next(stamp: Stamp, contact: Contact, next_contact: NextContact | None) -> None:
    """Close what this contact settles, and open the next.

    A date for the next contact replaces every open one. Without a date, having spoken with the patient settles
    what was due by that day; an attempt settles nothing.
    """
    if next_contact is not None and next_contact.due_on < contact.on:
        raise FollowUpTooEarly
    settled = Q() if next_contact is not None else Q(due_on__lte=contact.on)
    if next_contact is not None or contact.activity == Activity.TREATMENT:
        open_ones = FollowUp.objects.live().filter(episode_id=contact.episode_id, closed_on__isnull=True)
        open_ones.filter(settled).update(closed_on=contact.on, closed_by_contact=contact)
    if next_contact is not None:
        record_facts(
            [
                draft_follow_up(
                    stamp,
                    patient_id=contact.patient_id,
                    episode_id=contact.episode_id,
                    due_on=next_contact.due_on,
                    purpose=next_contact.purpose,
                    contact=contact,
                )
            ]
        )


def _audit(
    contact: Contact, assessments: Sequence[Assessment], next_contact: NextContact | None, *, stamp: Stamp
) -> None:
    fields = ["activity", "mode", "time", *(assessment.instrument for assessment in assessments)]
    fields += ["note"] if contact.note else []
    fields += ["next_contact"] if next_contact is not None else []
    record(
        "contact.recorded",
        by=stamp.by,
        at=stamp.at,
        patient_id=contact.patient_id,
        object_id=contact.id,
        fields=fields,
    )


def _same_contact(episode: EpisodeAtWork, contact_id: UUID) -> ContactKept:
    contact = Contact.objects.get(id=contact_id)
    if contact.episode_id != episode.id:
        raise FormReused
    entry = TimeEntry.objects.live().filter(contact=contact).first()
    assessments = tuple(Assessment.objects.live().filter(contact_id=contact.id, patient_id=contact.patient_id))
    return ContactKept(contact, entry, assessments, was_new=False)
