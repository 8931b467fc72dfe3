"""The first assessment, written once and updated."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Episode, InitialAssessment
from registry.operations.errors import EpisodeEnded
from registry.operations.plan_errors import ContentRefused
from registry.operations.recording import Stamp
from registry.operations.versions import Kept, keep_version
from registry.rules.content import as_json, faults_of
from registry.rules.initial_assessment import FirstAssessment


@transaction.atomic
def record_first_assessment(
    *, by: Membership, at: datetime, episode: Episode, based_on: int, on: date, content: FirstAssessment, today: date
) -> Kept[InitialAssessment]:
    """The version after `based_on` of an open episode's first assessment, dated `on`; `today` is the clinic's day.

    Raises EpisodeEnded, ContentRefused, EditedMeanwhile.
    """
    if episode.ended_on is not None:
        raise EpisodeEnded
    if faults := faults_of(content, today=today, born_on=episode.patient.birth_date):
        raise ContentRefused(faults)
    kept = keep_version(
        InitialAssessment,
        stamp=Stamp(by, at),
        owner={"episode": episode},
        based_on=based_on,
        on=on,
        constraint="registry_initialassessment_number",
        content=as_json(content),
    )
    if kept.was_new:
        record(
            "first_assessment.recorded",
            by=by,
            at=at,
            patient_id=episode.patient_id,
            object_id=kept.row.id,
            fields=["on", "content"],
        )
    return kept
