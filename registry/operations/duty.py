"""A clinic's rota of who is called when an answer means danger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import DutyTurn
from registry.operations.self_report_errors import TurnOverlaps, TurnUnusable
from registry.queries.duty import all_turns_of, reachable, turn_of
from registry.rules.duty import Turn, overlapping
from registry.rules.protocols import WEEKDAY_NAMES, clock_words


@transaction.atomic
def add_turns(
    *,
    by: Membership,
    at: datetime,
    clinic_id: UUID,
    weekdays: Sequence[int],
    begins_at: time,
    ends_at: time,
    people: Sequence[UUID],
) -> list[DutyTurn]:
    """Put one or two people on duty on some weekdays, in the order in which they are called.

    Raises TurnUnusable for no day, nobody, the same person twice or somebody who cannot be called; TurnOverlaps
    where somebody is called at that place and time already; NotFound for no clinic of ours.
    """
    # Two who fill in one rota take turns: the second sees what the first put there.
    if not Clinic.objects.select_for_update(no_key=True).filter(id=clinic_id).exists():
        raise NotFound
    _check_people(people, by.organization_id)
    if not weekdays:
        raise TurnUnusable("Choose at least one day.")
    turns = [
        Turn(person, weekday, begins_at, ends_at, rank)
        for weekday in sorted(set(weekdays))
        for rank, person in enumerate(people, start=1)
    ]
    _check_free(turns, clinic_id)
    made = [
        DutyTurn(
            organization_id=by.organization_id,
            clinic_id=clinic_id,
            member_id=turn.member_id,
            weekday=turn.weekday,
            begins_at=turn.begins_at,
            ends_at=turn.ends_at,
            rank=turn.rank,
            made_at=at,
            made_by=by,
        )
        for turn in turns
    ]
    DutyTurn.objects.bulk_create(made)
    record("duty.set", by=by, at=at, object_id=clinic_id, count=len(made))
    return made


@transaction.atomic
def end_turn(*, by: Membership, at: datetime, turn_id: UUID, clinic_id: UUID) -> None:
    """Take a turn off the rota; that it was on it stays in the history. Twice changes nothing. Raises NotFound."""
    row = turn_of(turn_id, clinic_id)
    if row.is_current:
        row.is_current = False
        row.save(update_fields=["is_current"])
        record("duty.ended", by=by, at=at, object_id=clinic_id)


def _check_people(people: Sequence[UUID], organization_id: UUID) -> None:
    able = reachable(people_of(organization_id))
    if not people or any(person not in able for person in people):
        raise TurnUnusable("Choose who is called from the list.")
    if len(set(people)) != len(people):
        raise TurnUnusable("The second to be called is somebody else than the first, or nobody.")


def _check_free(turns: Sequence[Turn], clinic_id: UUID) -> None:
    taken = list(all_turns_of(clinic_id))
    for turn in turns:
        other = overlapping(turn, taken)
        if other is not None:
            place = "first" if other.rank == 1 else "second"
            raise TurnOverlaps(
                f"Somebody is called {place} on {WEEKDAY_NAMES[other.weekday]} from {clock_words(other.begins_at)} to "
                f"{clock_words(other.ends_at)} already. Choose other times, or remove that turn."
            )
        taken.append(turn)
