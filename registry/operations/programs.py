"""A clinic's switch from one program to the other: what new patients begin in, and moving those it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from registry.models import Episode, Program
from registry.operations.episodes import change_program
from registry.operations.errors import DateOutOfOrder


@dataclass(frozen=True)
class Moved:
    """How many were moved, and who was not, each with the reason."""

    count: int
    refused: tuple[tuple[UUID, str], ...]


@transaction.atomic
def move_patients(
    *, by: Membership, at: datetime, today: date, clinic_id: UUID, to: str, on: date, episode_ids: Collection[UUID]
) -> Moved:
    """Move patients of a clinic to the other program from a day on, each as `change_program` does.

    Who was enrolled after that day, or is in the program already, stays as they are and is named. Raises
    DateOutOfOrder for a day to come; nobody is moved then.
    """
    if on > today:
        raise DateOutOfOrder("The day is in the future. Move the patients once it has come.")
    rows = Episode.objects.live().filter(
        organization_id=by.organization_id, clinic_id=clinic_id, id__in=list(episode_ids), ended_on__isnull=True
    )
    refused: list[tuple[UUID, str]] = []
    moved = 0
    for episode in rows.order_by("id"):
        fault = _moved(by, at, episode, to, on)
        moved += not fault
        if fault:
            refused.append((episode.id, fault))
    if moved:
        record("program.moved", by=by, at=at, object_id=clinic_id, fields=["program"], count=moved)
    return Moved(moved, tuple(refused))


def _moved(by: Membership, at: datetime, episode: Episode, to: str, on: date) -> str:
    """Why an episode was not moved; empty when it was."""
    if to not in Program.values:
        return "There is no such program."
    if on < episode.enrolled_on:
        return "Enrolled after that day."
    try:
        with transaction.atomic():
            change_program(by=by, at=at, episode=episode, to=to, on=on)
    except DomainError as fault:
        return str(fault)
    return ""
