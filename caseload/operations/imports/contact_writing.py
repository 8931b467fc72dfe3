"""The contacts of an import plan as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from caseload.models import Contact, FollowUp, TimeEntry
from caseload.operations.contacts import draft_contact, draft_follow_up
from caseload.operations.imports.drafts import REPLACED, Drafts
from caseload.operations.imports.naming import Named
from caseload.operations.timekeeping import Work, draft_time
from caseload.rules.clock import local_instant
from caseload.rules.imports.plans import ContactPlan
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Fact, Patient
from registry.operations.assessments import draft_assessment
from registry.operations.recording import Stamp, void_facts


def void_replaced(plans: Sequence[ContactPlan], stamp: Stamp) -> dict[str, TimeEntry]:
    """Take back the contacts that the file corrects, with their time and scores; the time by contact key."""
    keys = [plan.replaces for plan in plans if plan.replaces]
    if not keys:
        return {}
    of = {"organization_id": stamp.by.organization_id}
    contacts = list(Contact.objects.live().filter(**of, id__in=keys))
    entries = list(TimeEntry.objects.live().filter(**of, contact_id__in=keys))
    scores = list(Assessment.objects.live().filter(**of, contact_id__in=keys))
    void_facts([*entries, *scores, *contacts], stamp=stamp, reason=REPLACED)
    return {str(entry.contact_id): entry for entry in entries}


def draft_contacts(
    plans: Sequence[ContactPlan],
    named: Named,
    drafts: Drafts,
    stamp: Stamp,
    replaced: Mapping[str, TimeEntry],
) -> None:
    """Put every planned contact into `drafts`, with its time, scores and next contact date.

    `replaced` holds the voided time of contacts that the file corrects, by the contact's key.
    """
    entries: dict[str, TimeEntry] = {}
    last: dict[UUID, tuple[ContactPlan, Contact]] = {}
    for plan in plans:
        contact = _draft_contact(plan, named, drafts, stamp)
        if plan.candidate.minutes:
            entries[plan.key] = _draft_time(plan, contact, named, stamp, replaced)
        if contact.episode_id not in last or last[contact.episode_id][0].candidate.on <= plan.candidate.on:
            last[contact.episode_id] = (plan, contact)
    for plan in plans:
        if plan.key in entries:
            _hold(plan, entries, drafts)
    for plan, contact in last.values():
        _draft_next(plan, contact, named, drafts, stamp)


def _draft_contact(plan: ContactPlan, named: Named, drafts: Drafts, stamp: Stamp) -> Contact:
    row = plan.candidate
    patient, episode = named.patients[plan.patient], named.episode_of(plan)
    contact = draft_contact(
        stamp,
        patient_id=patient.id,
        episode_id=episode.id,
        worked_by=named.staff[plan.staff],
        on=row.on,
        started_at=_started_at(plan, patient, named),
        activity=row.type.activity,
        mode=row.type.mode,
        note=row.note,
        client_token=_token(stamp, plan.key, "contact"),
    )
    drafts.add("contact", contact)
    scales = (("phq9", row.scores.phq9, row.scores.item9), ("gad7", row.scores.gad7, None))
    for scale, total, item9 in scales:
        if total is not None:
            score = draft_assessment(
                stamp,
                patient=patient,
                episode=episode,
                instrument_key=scale,
                on=row.on,
                total=total,
                item9=item9,
                contact_id=contact.id,
            )
            drafts.add("score", score)
    return contact


def _started_at(plan: ContactPlan, patient: Patient, named: Named) -> datetime | None:
    """The instant of the start, also where no minutes were logged; None where only the day is known."""
    if plan.span:
        return plan.span[0]
    if plan.candidate.start is None:
        return None
    clinic = next(each for each in named.clinics.values() if each.id == patient.clinic_id)
    return local_instant(datetime.combine(plan.candidate.on, plan.candidate.start), ZoneInfo(clinic.time_zone))


def _draft_time(
    plan: ContactPlan, contact: Contact, named: Named, stamp: Stamp, replaced: Mapping[str, TimeEntry]
) -> TimeEntry:
    row = plan.candidate
    untimed = (None, None) if plan.span else (row.on, (row.minutes or 0) * 60)
    entry = draft_time(
        stamp,
        patient_id=contact.patient_id,
        episode_id=contact.episode_id,
        time=WorkTime(plan.span, *untimed),
        work=Work(activity=row.type.activity),
        program=plan.service,
        worked_by=named.staff[plan.staff],
        client_token=_token(stamp, plan.key, "time"),
        contact=contact,
    )
    entry.replaces = replaced.get(plan.replaces)
    return entry


def _hold(plan: ContactPlan, entries: Mapping[str, TimeEntry], drafts: Drafts) -> None:
    entry = entries[plan.key]
    if not plan.held_with:
        drafts.add("time", entry)
        return
    other = entries.get(plan.held_with)
    entry.held, entry.held_with_id = True, other.id if other else UUID(plan.held_with)
    drafts.add("held", entry)


def _draft_next(plan: ContactPlan, contact: Contact, named: Named, drafts: Drafts, stamp: Stamp) -> None:
    """The next contact that the last row of an open episode announces."""
    if plan.candidate.next_on is None or named.episode_of(plan).ended_on is not None:
        return
    drafts.add(
        "next",
        draft_follow_up(
            stamp,
            patient_id=contact.patient_id,
            episode_id=contact.episode_id,
            due_on=plan.candidate.next_on,
            contact=contact,
        ),
    )


def close_follow_ups(new: Sequence[Fact]) -> None:
    """What was due before is settled by the contact that sets a new date."""
    for fact in new:
        assert isinstance(fact, FollowUp)
        contact = fact.from_contact
        assert contact is not None
        older = FollowUp.objects.live().filter(episode_id=fact.episode_id, closed_on__isnull=True).exclude(id=fact.id)
        older.update(closed_on=contact.on, closed_by_contact=contact)


def _token(stamp: Stamp, key: str, what: str) -> UUID:
    """The same for the same row of the same import, so that it can never be stored twice."""
    assert stamp.import_id is not None
    return uuid5(stamp.import_id, f"{what} {key}")
