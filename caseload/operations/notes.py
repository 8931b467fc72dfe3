"""What is done with a signed note: added to, signed beside, taken back. The note itself never changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import (
    Addendum,
    Contact,
    CoSignature,
    FollowUp,
    RecommendationStep,
    ReviewQuestion,
    Supervision,
    TimeEntry,
    TreatmentChange,
)
from caseload.operations.advice import void_step
from caseload.operations.errors import NoteTakenBack, NotYoursToSign, NotYoursToTakeBack, SignedAlready
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import announce_months, months_touched, time_of
from caseload.queries.work import episode_at_work
from caseload.rules.advice import TOLD
from caseload.rules.clock import month_of
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Fact, FactQuerySet
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, refusing, stamped, void_facts


@transaction.atomic
def add_addendum(*, by: Membership, at: datetime, contact_id: UUID, text: str, client_token: UUID) -> Addendum:
    """Add to a signed note, signed by whoever adds. A second submit returns the first.

    Raises NotFound, NoteTakenBack, FormReused.
    """
    contact = _live(by, contact_id)
    earlier: Addendum | None = Addendum.objects.filter(
        organization_id=by.organization_id, client_token=client_token
    ).first()
    if earlier is not None:
        if earlier.contact_id != contact.id:
            raise FormReused
        return earlier
    said = {"contact": contact, "text": text, "signed_as": str(by), "client_token": client_token}
    addendum = stamped(Addendum, Stamp(by, at), **said)
    record_facts([addendum])
    record(
        "contact.added_to",
        by=by,
        at=at,
        patient_id=contact.patient_id,
        object_id=contact.id,
        fields=["text"],
    )
    return addendum


@transaction.atomic
def co_sign(*, by: Membership, at: datetime, contact_id: UUID, remark: str = "") -> CoSignature:
    """Sign beside the note of a supervised person.

    Raises NotFound, NoteTakenBack; NotYoursToSign where `by` does not supervise whoever wrote it; SignedAlready.
    """
    contact = _live(by, contact_id)
    of = {"organization_id": by.organization_id, "supervised_id": contact.by_id}
    if not Supervision.objects.filter(**of, supervisor=by, is_current=True).exists():
        raise NotYoursToSign
    signature = stamped(CoSignature, Stamp(by, at), contact=contact, by=by, signed_as=str(by), remark=remark)
    with refusing({"caseload_cosignature_one": SignedAlready}):
        record_facts([signature])
    record(
        "contact.co_signed",
        by=by,
        at=at,
        patient_id=contact.patient_id,
        object_id=contact.id,
        fields=["remark"] if remark else [],
    )
    return signature


@transaction.atomic
def void_contact(*, by: Membership, at: datetime, contact_id: UUID, reason: str) -> Contact:
    """Take back a note, with its minutes, its scores, the next contact that it planned, and what it left for review.

    What it had closed is due again, unless something was recorded since; what the patient was told in it is to be told
    again. A consent given in it stays. Raises
    NotFound, NoteTakenBack, ReasonMissing; NotYoursToTakeBack unless `by` wrote it or leads a clinic.
    """
    contact = _live(by, contact_id)
    if by.id not in (contact.by_id, contact.recorded_by_id) and Role.CLINIC_LEAD not in by.roles:
        raise NotYoursToTakeBack
    day = WorkTime(on=contact.on, seconds=1)
    episode = episode_at_work(by.organization_id, contact.episode_id, time=day, token=contact.client_token)
    entries = list(TimeEntry.objects.live().filter(organization_id=by.organization_id, contact=contact))
    scores = list(Assessment.objects.live().filter(organization_id=by.organization_id, contact_id=contact.id))
    planned = list(_follow_ups(by, from_contact=contact, closed_on__isnull=True))
    void_facts([contact, *entries, *scores, *planned, *_for_review(contact)], stamp=Stamp(by, at), reason=reason)
    for step_id in _tellings(contact):
        void_step(by=by, at=at, step_id=step_id, reason=reason)
    if not _is_followed(contact):
        _follow_ups(by, closed_by_contact=contact).update(closed_on=None, closed_by_contact=None)
    record(
        "contact.voided",
        by=by,
        at=at,
        patient_id=contact.patient_id,
        object_id=contact.id,
        fields=["void_reason"],
    )
    rebuild_standing(organization_id=by.organization_id, episode_ids=[contact.episode_id], at=at)
    announce_months(episode, months_of_note(contact, entries, episode.zone), at=at)
    return contact


def months_of_note(contact: Contact, entries: list[TimeEntry], zone: ZoneInfo) -> list[str]:
    """The months that a note's day and its minutes touch."""
    touched = {month for entry in entries for month in months_touched(time_of(entry), zone)}
    return sorted(touched | {month_of(contact.on)})


def _for_review(contact: Contact) -> list[Fact]:
    """The question that a note asked, unless a review answered it, and the change of treatment that it told of."""
    of = {"organization_id": contact.organization_id, "from_contact": contact}
    asked = ReviewQuestion.objects.live().filter(**of, answered_by__isnull=True)
    return [*asked, *TreatmentChange.objects.live().filter(**of)]


def _tellings(contact: Contact) -> list[UUID]:
    """The steps with which the note ended loops of recommendations."""
    of = {"organization_id": contact.organization_id, "contact": contact, "state": TOLD}
    return list(
        RecommendationStep.objects.live().filter(**of).order_by("recommendation_id").values_list("id", flat=True)
    )


def _live(by: Membership, contact_id: UUID) -> Contact:
    contact: Contact | None = Contact.objects.filter(organization_id=by.organization_id, id=contact_id).first()
    if contact is None:
        raise NotFound
    if contact.voided_at is not None:
        raise NoteTakenBack
    return contact


def _follow_ups(by: Membership, **of: object) -> FactQuerySet:
    return FollowUp.objects.live().filter(organization_id=by.organization_id, **of)


def _is_followed(contact: Contact) -> bool:
    """Whether another contact of the episode was recorded since: what is due was decided anew."""
    of = {"organization_id": contact.organization_id, "episode_id": contact.episode_id}
    return Contact.objects.live().filter(**of, recorded_at__gt=contact.recorded_at).exists()
