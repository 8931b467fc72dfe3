"""What the psychiatric consultant is asked about a patient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.models import Contact, QuestionKind, ReviewQuestion
from caseload.operations.errors import PatientDischarged
from caseload.operations.standing import rebuild_standing
from caseload.operations.treatment_changes import locked_episode
from caseload.rules.clock import local_date
from registry.operations.errors import FormReused, ReasonMissing
from registry.operations.recording import Stamp, record_facts, stamped


class QuestionSettled(DomainError):
    """A question is answered or taken back once."""

    def __init__(self) -> None:
        super().__init__("This question was answered or taken back already. Nothing was changed.")


@transaction.atomic
def ask_consultant(
    *, by: Membership, at: datetime, episode_id: UUID, kind: str, text: str, client_token: UUID
) -> ReviewQuestion:
    """Ask the consultant about a patient: brings them into the review queue beside the computed signals.

    A second submit returns the first. Raises NotFound, PatientDischarged, FormReused.
    """
    episode = locked_episode(by.organization_id, episode_id)
    sent = ReviewQuestion.objects.filter(organization_id=by.organization_id, client_token=client_token)
    earlier: ReviewQuestion | None = sent.first()
    if earlier is not None:
        if earlier.episode_id != episode.id:
            raise FormReused
        return earlier
    if episode.ended_on is not None:
        raise PatientDischarged
    made = stamped(
        ReviewQuestion,
        Stamp(by, at),
        episode=episode,
        kind=kind,
        text=text.strip(),
        asked_by=by,
        asked_on=local_date(at, ZoneInfo(episode.clinic.time_zone)),
        client_token=client_token,
    )
    record_facts([made])
    record("question.asked", by=by, at=at, patient_id=episode.patient_id, object_id=made.id, fields=["kind", "text"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    return made


@transaction.atomic
def take_back_question(*, by: Membership, at: datetime, question_id: UUID, reason: str) -> ReviewQuestion:
    """A question that needs no answer any more. Raises NotFound, ReasonMissing, QuestionSettled."""
    if not reason.strip():
        raise ReasonMissing
    found = ReviewQuestion.objects.live().filter(organization_id=by.organization_id, id=question_id)
    question: ReviewQuestion | None = found.select_related("episode").first()
    if question is None:
        raise NotFound
    locked_episode(by.organization_id, question.episode_id)
    # Asked of the row itself: of two who take it back at once, the second changes nothing.
    taken = found.filter(answered_by__isnull=True, taken_back_because="").update(taken_back_because=reason.strip())
    if not taken:
        raise QuestionSettled
    record(
        "question.taken_back",
        by=by,
        at=at,
        patient_id=question.episode.patient_id,
        object_id=question.id,
        fields=["taken_back_because"],
    )
    rebuild_standing(organization_id=by.organization_id, episode_ids=[question.episode_id], at=at)
    return question


def question_in_note(stamp: Stamp, contact: Contact) -> ReviewQuestion:
    """The question that a note asks, as it will be stored with it."""
    return stamped(
        ReviewQuestion,
        stamp,
        episode_id=contact.episode_id,
        kind=QuestionKind.QUESTION,
        text=contact.question,
        asked_by=contact.by,
        asked_on=contact.on,
        from_contact=contact,
        client_token=contact.client_token,
    )
