"""The nightly sweep: announces the signals that began, and verifies and repairs what lists are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from caseload.models import EpisodeStanding, SignalBegan, SignalSweep
from caseload.operations.standing import BATCH, lock_episodes, rebuild_standing, standing_row
from caseload.queries.courses import EpisodeInCourse, episodes_in_course
from caseload.queries.sweeps import last_sweep, open_episodes
from caseload.rules.clock import local_date
from caseload.rules.sweeps import says, spans_to_announce

# What a row says on any day. The facts behind a signal, and when it was worked out, say nothing about being right.
_COMPARED = [
    field.attname
    for field in EpisodeStanding._meta.concrete_fields
    if field.name not in {"id", "signals", "rebuilt_at"}
]


@dataclass(frozen=True)
class Swept:
    """What a sweep found: episodes looked at, signals newly announced, rows that were not what their facts say."""

    episodes: int
    began: int
    differed: int


@transaction.atomic
def sweep_signals(
    *, organization_id: UUID, on: date, at: datetime, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Swept:
    """Look at every open episode of an organization for the night of `on`.

    A second run of the same night announces nothing twice and keeps the night's one row; a late run makes up for
    the nights that were missed. A row that differs is looked at again with its episode locked before it counts.
    """
    before = last_sweep(organization_id, before=on)
    episode_ids = open_episodes(organization_id)
    began = differed = 0
    for start in range(0, len(episode_ids), BATCH):
        some = episode_ids[start : start + BATCH]
        found = episodes_in_course(organization_id, some)
        began += _announce(organization_id, found, before.swept_at if before else None, at=at)
        differed += _verify(organization_id, found, at=at)
        progress(min(start + BATCH, len(episode_ids)), len(episode_ids))
    return _keep(organization_id, on, Swept(len(episode_ids), began, differed), at=at)


def _announce(
    organization_id: UUID, episodes: Sequence[EpisodeInCourse], swept_at: datetime | None, *, at: datetime
) -> int:
    """Keep that a signal began, once; returns how many were not kept before."""
    wanted = {
        (episode.id, span.word, span.begins_on)
        for episode in episodes
        for span in spans_to_announce(
            episode.course, swept_on=_day(swept_at, episode) if swept_at else None, today=_day(at, episode)
        )
    }
    kept = SignalBegan.objects.filter(organization_id=organization_id, episode_id__in=[one.id for one in episodes])
    fresh = sorted(wanted - set(kept.values_list("episode_id", "word", "since_on")))
    SignalBegan.objects.bulk_create(
        [
            SignalBegan(
                organization_id=organization_id, episode_id=episode_id, word=word, since_on=since, announced_at=at
            )
            for episode_id, word, since in fresh
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    return len(fresh)


def _verify(organization_id: UUID, episodes: Sequence[EpisodeInCourse], *, at: datetime) -> int:
    """Write rows anew that are not what would be written now; returns how many said something wrong."""
    odd = _odd(organization_id, episodes, at=at)
    if not odd:
        return 0
    lock_episodes(organization_id, sorted(odd))
    stored = _stored(organization_id, odd)
    rebuild_standing(organization_id=organization_id, episode_ids=odd, at=at)
    made = _stored(organization_id, odd)
    days = {episode.id: _day(at, episode) for episode in episodes}
    return sum(_differs(stored.get(one), made.get(one), days[one]) for one in odd)


def _odd(organization_id: UUID, episodes: Iterable[EpisodeInCourse], *, at: datetime) -> list[UUID]:
    expected = {episode.id: (standing_row(organization_id, episode, at), _day(at, episode)) for episode in episodes}
    stored = _stored(organization_id, list(expected))
    return [key for key, (row, day) in expected.items() if _differs(stored.get(key), row, day)]


def _differs(stored: EpisodeStanding | None, made: EpisodeStanding | None, today: date) -> bool:
    if stored is None or made is None:
        return stored is not made
    if says(stored.signals, today) != says(made.signals, today):
        return True
    return any(getattr(stored, name) != getattr(made, name) for name in _COMPARED)


def _stored(organization_id: UUID, episode_ids: Sequence[UUID]) -> dict[UUID, EpisodeStanding]:
    found = EpisodeStanding.objects.filter(organization_id=organization_id, episode_id__in=episode_ids)
    return {row.episode_id: row for row in found}


def _keep(organization_id: UUID, on: date, found: Swept, *, at: datetime) -> Swept:
    """The night's row. Of a night that is swept again, what was found adds up."""
    values: dict[str, Any] = {"swept_at": at, "episodes": found.episodes, "began": found.began}
    values["differed"] = found.differed
    row, is_new = SignalSweep.objects.select_for_update().get_or_create(
        organization_id=organization_id, on=on, defaults=values
    )
    if not is_new:
        row.swept_at, row.episodes = at, found.episodes
        row.began, row.differed = row.began + found.began, row.differed + found.differed
        row.save()
    return Swept(row.episodes, row.began, row.differed)


def _day(at: datetime, episode: EpisodeInCourse) -> date:
    return local_date(at, ZoneInfo(episode.time_zone))
