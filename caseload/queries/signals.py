"""One patient's signals as they stand today, and which of them somebody put off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseload.models import EpisodeStanding, SignalBegan, Snooze
from caseload.queries.caseload_list import standing_signals
from caseload.rules.signal_words import SignalShown
from caseload.rules.signals import KIND_OF, PUT_OFF_TASK


@dataclass(frozen=True)
class PutOffShown:
    """A signal that was put off: until when, why, by whom."""

    id: UUID
    label: str
    until_on: date
    reason: str
    by_id: UUID


def signals_of(organization_id: UUID, episode_id: UUID, *, today: date) -> list[SignalShown]:
    """Every signal that stands today, the most urgent first, those put off included. Two statements."""
    row = EpisodeStanding.objects.filter(organization_id=organization_id, episode_id=episode_id).first()
    began = SignalBegan.objects.filter(organization_id=organization_id, episode_id=episode_id)
    told = [(word, since.isoformat()) for word, since in began.values_list("word", "since_on")]
    return standing_signals(row.signals, today, told) if row is not None else []


def signals_put_off(organization_id: UUID, episode_id: UUID, *, today: date) -> list[PutOffShown]:
    """The signals of an episode that were put off until a later day, the first to come back on top."""
    found = Snooze.objects.live().filter(
        organization_id=organization_id, episode_id=episode_id, task__startswith=PUT_OFF_TASK, until_on__gt=today
    )
    rows = ((row, KIND_OF.get(row.task.removeprefix(PUT_OFF_TASK))) for row in found.order_by("until_on", "id"))
    return [
        PutOffShown(row.id, kind.label, row.until_on, row.reason, row.recorded_by_id)
        for row, kind in rows
        if kind is not None
    ]
