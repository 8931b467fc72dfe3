"""That a treatment was changed on a day: what the score chart marks and what eases a stall (T13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.models import Contact, Recommendation, TreatmentChange
from caseload.operations.errors import PatientDischarged
from caseload.operations.standing import rebuild_standing
from caseload.rules.clock import local_date, short_day
from registry.models import Episode
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, stamped, void_facts


@dataclass(frozen=True)
class ChangeGiven:
    """What was changed: `of` is a ChangeOf, `text` says it in words."""

    of: str
    text: str


class ChangeDayImpossible(DomainError):
    """A treatment is changed in the episode, and not in the future."""

    def __init__(self, enrolled_on: date) -> None:
        super().__init__(f"Enter a day from {short_day(enrolled_on)}, {enrolled_on.year}, to today.")


@transaction.atomic
def record_treatment_change(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    on: date,
    of: str,
    text: str,
    client_token: UUID,
    from_recommendation: Recommendation | None = None,
) -> TreatmentChange:
    """Record a change of treatment. A second submit returns the first.

    It clears no signal: for four weeks a stall shows amber beside it. Raises NotFound, PatientDischarged,
    ChangeDayImpossible, FormReused.
    """
    episode = locked_episode(by.organization_id, episode_id)
    earlier = TreatmentChange.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if earlier is not None:
        return _same(earlier, episode)
    if episode.ended_on is not None:
        raise PatientDischarged
    if not episode.enrolled_on <= on <= local_date(at, ZoneInfo(episode.clinic.time_zone)):
        raise ChangeDayImpossible(episode.enrolled_on)
    made = stamped(
        TreatmentChange,
        Stamp(by, at),
        episode=episode,
        on=on,
        of=of,
        text=text.strip(),
        from_recommendation=from_recommendation,
        client_token=client_token,
    )
    record_facts([made])
    record(
        "treatment_change.recorded",
        by=by,
        at=at,
        patient_id=episode.patient_id,
        object_id=made.id,
        fields=["on", "of", "text"],
    )
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    return made


@transaction.atomic
def void_treatment_change(*, by: Membership, at: datetime, change_id: UUID, reason: str) -> TreatmentChange:
    """Take a change back that was recorded in error. Raises NotFound, ReasonMissing, AlreadyVoided."""
    found = TreatmentChange.objects.filter(organization_id=by.organization_id, id=change_id)
    change: TreatmentChange | None = found.select_related("episode").first()
    if change is None:
        raise NotFound
    locked_episode(by.organization_id, change.episode_id)
    void_facts([change], stamp=Stamp(by, at), reason=reason)
    record(
        "treatment_change.voided",
        by=by,
        at=at,
        patient_id=change.episode.patient_id,
        object_id=change.id,
        fields=["void_reason"],
    )
    rebuild_standing(organization_id=by.organization_id, episode_ids=[change.episode_id], at=at)
    return change


def change_in_note(stamp: Stamp, contact: Contact, given: ChangeGiven) -> TreatmentChange:
    """The change that a note tells of, as it will be stored with it."""
    return stamped(
        TreatmentChange,
        stamp,
        episode_id=contact.episode_id,
        on=contact.on,
        of=given.of,
        text=given.text,
        from_contact=contact,
        client_token=contact.client_token,
    )


def locked_episode(organization_id: UUID, episode_id: UUID) -> Episode:
    """A live episode with its clinic, locked until the transaction ends. Raises NotFound."""
    found = Episode.objects.live().filter(organization_id=organization_id, id=episode_id)
    row: Episode | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if row is None:
        raise NotFound
    return row


def _same(earlier: TreatmentChange, episode: Episode) -> TreatmentChange:
    if earlier.episode_id != episode.id:
        raise FormReused
    return earlier
