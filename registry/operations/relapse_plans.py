"""The plan against relapse, version by version."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Episode, RelapsePlan
from registry.operations.errors import EpisodeEnded
from registry.operations.plan_errors import ContentRefused
from registry.operations.recording import Stamp
from registry.operations.versions import Kept, keep_version
from registry.rules.content import as_json
from registry.rules.relapse_plans import RelapsePrevention, faults_of_prevention


@transaction.atomic
def record_relapse_plan(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    based_on: int,
    on: date,
    content: RelapsePrevention,
    today: date,
) -> Kept[RelapsePlan]:
    """The version after `based_on` of an open episode's plan against relapse, dated `on`; `today` is the clinic's day.

    It changes no status: relapse prevention is begun on the status page, which asks for this plan. Raises
    EpisodeEnded, ContentRefused, EditedMeanwhile.
    """
    if episode.ended_on is not None:
        raise EpisodeEnded
    if faults := faults_of_prevention(content, today=today, born_on=episode.patient.birth_date):
        raise ContentRefused(faults)
    kept = keep_version(
        RelapsePlan,
        stamp=Stamp(by, at),
        owner={"episode": episode},
        based_on=based_on,
        on=on,
        constraint="registry_relapseplan_number",
        content=as_json(content),
    )
    if kept.was_new:
        fields = ["on", "content"]
        record(
            "relapse_plan.recorded", by=by, at=at, patient_id=episode.patient_id, object_id=kept.row.id, fields=fields
        )
    return kept
