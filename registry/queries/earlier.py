"""Earlier enrolments of a patient: how they went, why they ended, and what was said about coming back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from registry.models import Assessment, ClosingNote, Episode
from registry.rules.instruments import INSTRUMENTS


@dataclass(frozen=True)
class EarlierEpisode:
    """An enrolment that ended. `scores` are the last of each scale, as `PHQ-9 6 on Oct 12, 2025`'s parts."""

    id: UUID
    program: str
    enrolled_on: date
    ended_on: date
    reason: str
    summary: str
    way_back: str
    scores: tuple[tuple[str, int | None, date], ...]


def earlier_episodes(patient_id: UUID) -> tuple[EarlierEpisode, ...]:
    """The patient's ended enrolments, the latest first. One statement where there are none, else three."""
    ended = list(
        Episode.objects.live().filter(patient_id=patient_id, ended_on__isnull=False).order_by("-enrolled_on", "-id")
    )
    if not ended:
        return ()
    ids = [episode.id for episode in ended]
    notes = {note.episode_id: note for note in ClosingNote.objects.live().filter(episode_id__in=ids)}
    scores = _last_scores(ids)
    return tuple(_earlier(episode, notes.get(episode.id), scores.get(episode.id, ())) for episode in ended)


def _earlier(
    episode: Episode, note: ClosingNote | None, scores: Iterable[tuple[str, int | None, date]]
) -> EarlierEpisode:
    assert episode.ended_on is not None
    return EarlierEpisode(
        id=episode.id,
        program=episode.get_program_display(),
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        reason=episode.get_end_reason_display(),
        summary=note.summary if note else "",
        way_back=note.way_back if note else "",
        scores=tuple(scores),
    )


def _last_scores(episode_ids: Iterable[UUID]) -> dict[UUID, list[tuple[str, int | None, date]]]:
    """The last score of each scale in each episode."""
    found: dict[UUID, list[tuple[str, int | None, date]]] = {}
    rows = Assessment.objects.live().filter(episode_id__in=list(episode_ids))
    last = rows.order_by("episode_id", "instrument", "-on", "-id").distinct("episode_id", "instrument")
    for row in last:
        if row.episode_id is not None and row.instrument in INSTRUMENTS:
            found.setdefault(row.episode_id, []).append((INSTRUMENTS[row.instrument].name, row.total, row.on))
    return found
