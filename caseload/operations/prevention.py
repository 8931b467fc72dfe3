"""Stepping down and back: a change of status together with the contact that it asks for, and a recall after a score."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.tenancy.models import Membership
from caseload.operations.follow_ups import change_follow_up, plan_follow_up
from caseload.queries.follow_ups import next_due
from registry.models import Episode
from registry.operations.status import change_status
from registry.rules.status import Ground


@transaction.atomic
def change_status_and_plan(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    to: str,
    on: date,
    ground: Ground,
    reason: str = "",
    next_on: date | None = None,
    next_purpose: str = "",
) -> Episode:
    """The episode stands so from `on`, and its next contact is on `next_on`, where a day is given.

    What was planned before is moved there. Raises what change_status raises, and FollowUpInThePast.
    """
    changed = change_status(by=by, at=at, episode=episode, to=to, on=on, ground=ground, reason=reason)
    if next_on is not None:
        plan_next(by=by, at=at, episode_id=episode.id, on=next_on, purpose=next_purpose)
    return changed


@transaction.atomic
def plan_next(*, by: Membership, at: datetime, episode_id: UUID, on: date, purpose: str) -> UUID:
    """The next contact of an open episode is on a day: planned, or what was planned is moved there and kept by whom it
    was given to. A second submit changes nothing. Raises FollowUpInThePast, PatientDischarged, NotFound.
    """
    planned = next_due(episode_id)
    if planned is None:
        return plan_follow_up(by=by, at=at, episode_id=episode_id, due_on=on, purpose=purpose)
    moved = change_follow_up(
        by=by,
        at=at,
        follow_up_id=planned.id,
        due_on=on,
        purpose=purpose or planned.purpose,
        assigned_to_id=planned.assigned_to_id,
    )
    row_id: UUID = moved.id
    return row_id
