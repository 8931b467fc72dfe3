"""Case summaries made for paper: asked for, kept sealed for a day, then gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.files.models import StoredFile
from bhi.files.operations import discard_made, keep_for_a_day
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from caseload.queries.summary_files import PURPOSE, purpose_of
from caseload.rules.clock import local_date
from registry.models import Episode
from registry.operations.disclosures import disclose
from registry.rules.part_two import Use

MAKE = "make_case_summary"


@transaction.atomic
def ask_for_summary(*, by: Membership, at: datetime, patient_id: UUID, episode_id: UUID) -> UUID:
    """Queue the making of one episode's summary for the person who asks, once while it waits; kept as a
    disclosure for treatment, once a day. Returns the job's id. Raises PartTwoRefused."""
    episode = Episode.objects.select_related("clinic").get(organization_id=by.organization_id, id=episode_id)
    told: dict[str, Any] = {"recipient": "Who treats or reviews, on paper", "what": "Case summary"}
    on = local_date(at, ZoneInfo(episode.clinic.time_zone))
    disclose(by=by, at=at, patient_id=patient_id, on=on, use=Use.TREATMENT, object_id=episode_id, **told)
    record("summary.printed", by=by, at=at, patient_id=patient_id, object_id=episode_id)
    return queue(
        MAKE,
        organization_id=by.organization_id,
        key=f"{episode_id} {by.id}",
        arguments={"episode_id": episode_id},
        owner=by,
        at=at,
    )


@transaction.atomic
def keep_summary(*, organization_id: UUID, episode_id: UUID, content: bytes, at: datetime) -> StoredFile:
    """Keep a made summary for a day in place of the one before it. Raises FileTooLarge."""
    made = [("application/pdf", content)]
    return keep_for_a_day(made, organization_id=organization_id, purpose=purpose_of(episode_id), at=at)[0]


def discard_summaries(*, organization_id: UUID, at: datetime) -> int:
    """Delete the summaries whose day is over. Returns how many."""
    return discard_made(organization_id=organization_id, purposes=PURPOSE, at=at)
