"""A contact in which the patient agreed: the note and the consent, in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.tenancy.models import Membership
from caseload.operations.contacts import ContactKept, NextContact, record_contact
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import TREATMENT, Work
from caseload.operations.treatment_changes import ChangeGiven
from caseload.rules.worktime import WorkTime
from registry.models import ConsentForm, ConsentText, Episode
from registry.operations.assessments import ScoreGiven
from registry.operations.consents import take_consent


@dataclass(frozen=True)
class Agreed:
    """When and how the patient agreed; without a clock time `given_at` is the local start of the day."""

    given_at: datetime
    is_time_known: bool = True
    form: str = ConsentForm.VERBAL
    script: ConsentText | None = None


@transaction.atomic
def record_contact_with_consent(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    agreed: Agreed | None,
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
) -> ContactKept:
    """`record_contact`, with the consent given in it to the services of the episode's treating clinician.

    A second submit changes nothing. Raises what `record_contact` raises, and ConsentImpossible.
    """
    kept = record_contact(
        by=by,
        at=at,
        episode_id=episode.id,
        client_token=client_token,
        time=time,
        mode=mode,
        work=work,
        outcome=outcome,
        note=note,
        parts=parts,
        question=question,
        changed=changed,
        told=told,
        scores=scores,
        next_contact=next_contact,
        timer_id=timer_id,
    )
    if agreed is not None and kept.was_new:
        take_consent(
            by=by,
            at=at,
            patient=episode.patient,
            given_at=agreed.given_at,
            is_time_known=agreed.is_time_known,
            form=agreed.form,
            treating_clinician=episode.treating_clinician,
            script=agreed.script,
        )
        rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    return kept
