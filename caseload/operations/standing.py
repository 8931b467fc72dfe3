"""The one row per episode that lists sort and filter on, rebuilt whole from what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from caseload.models import EpisodeStanding
from caseload.queries.courses import EpisodeInCourse, episodes_in_course
from caseload.rules.clock import local_date
from caseload.rules.listing import StandingSignal, standing_of

BATCH = 500
_KEY = ["organization", "episode"]
_COLUMNS = [
    field.name for field in EpisodeStanding._meta.concrete_fields if field.name not in {"id", "organization", "episode"}
]


@transaction.atomic(savepoint=False)
def rebuild_standing(*, organization_id: UUID, episode_ids: Sequence[UUID], at: datetime) -> int:
    """Work out the standing of live episodes anew, in two statements per five hundred. Returns how many.

    The episodes are locked first: of two writers at once the second sees what the first one wrote.
    """
    rebuilt = 0
    ordered = sorted(set(episode_ids))
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        lock_episodes(organization_id, some)
        rows = [standing_row(organization_id, episode, at) for episode in episodes_in_course(organization_id, some)]
        EpisodeStanding.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=_KEY, update_fields=_COLUMNS, batch_size=BATCH
        )
        rebuilt += len(rows)
    return rebuilt


def lock_episodes(organization_id: UUID, episode_ids: Sequence[UUID]) -> None:
    """Hold episodes until the transaction ends, in the order of their ids: nobody else changes what is theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM registry_episode WHERE organization_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [organization_id, list(episode_ids)],
        )


def standing_row(organization_id: UUID, episode: EpisodeInCourse, at: datetime) -> EpisodeStanding:
    """An episode's row as its facts make it at an instant, not stored."""
    standing = standing_of(episode.course, local_date(at, ZoneInfo(episode.time_zone)))
    phq9, gad7 = standing.phq9, standing.gad7
    return EpisodeStanding(
        organization_id=organization_id,
        episode_id=episode.id,
        patient_id=episode.patient_id,
        clinic_id=episode.clinic_id,
        care_manager_id=episode.care_manager_id,
        sort_name=episode.sort_name,
        status=episode.status,
        enrolled_on=episode.course.enrolled_on,
        phq9_baseline=phq9.baseline,
        phq9_last=phq9.last,
        phq9_last_on=phq9.last_on,
        phq9_series=list(phq9.series),
        gad7_baseline=gad7.baseline,
        gad7_last=gad7.last,
        gad7_last_on=gad7.last_on,
        gad7_series=list(gad7.series),
        item9_last=standing.item9_last,
        response_state=standing.response_state,
        last_contact_on=standing.last_contact_on,
        last_review_on=standing.last_review_on,
        next_due_on=episode.next_due_on,
        next_due_purpose=episode.next_due_purpose,
        signals=[_stored(signal) for signal in standing.signals],
        safety_from=standing.safety_from,
        overdue_from=standing.overdue_from,
        stalled_from=standing.stalled_from,
        rebuilt_at=at,
    )


def _stored(signal: StandingSignal) -> dict[str, Any]:
    return {
        "word": signal.word,
        "since": signal.since.isoformat(),
        "until": signal.until.isoformat() if signal.until else None,
        "evidence": [
            [fact.what, fact.on.isoformat(), fact.instrument, fact.value, fact.ref] for fact in signal.evidence
        ],
        "clears": signal.clears,
        "put_off": signal.put_off_until.isoformat() if signal.put_off_until else None,
    }
