"""What is planned next for an episode: planned, moved, given to a colleague, done."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import FollowUp
from caseload.operations.contacts import draft_follow_up
from caseload.operations.errors import FollowUpClosed, FollowUpInThePast, PatientDischarged
from caseload.operations.standing import rebuild_standing
from caseload.queries.follow_ups import locked_follow_up, next_due
from caseload.rules.clock import local_date
from registry.models import Episode
from registry.operations.recording import Stamp, record_facts


@transaction.atomic
def plan_follow_up(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    due_on: date,
    purpose: str = "",
    assigned_to_id: UUID | None = None,
) -> UUID:
    """Plan the next contact of an open episode that has none; returns its id, also of one that is there as asked for.

    Raises FollowUpInThePast, FollowUpClosed where another was planned meanwhile, PatientDischarged, NotFound.
    """
    episode = _locked_episode(episode_id, by.organization_id)
    if episode.ended_on is not None:
        raise PatientDischarged
    planned = next_due(episode_id)
    if planned is not None:
        if (planned.on, planned.purpose, planned.assigned_to_id) == (due_on, purpose, assigned_to_id):
            return planned.id
        raise FollowUpClosed
    _check(by, at, due_on, assigned_to_id, episode.clinic.time_zone)
    stamp = Stamp(by, at)
    made = draft_follow_up(stamp, patient_id=episode.patient_id, episode_id=episode_id, due_on=due_on, purpose=purpose)
    made.assigned_to_id = assigned_to_id
    record_facts([made])
    _tell("follow_up.planned", made, by=by, at=at, fields=["due_on"])
    return made.id


@transaction.atomic
def change_follow_up(
    *,
    by: Membership,
    at: datetime,
    follow_up_id: UUID,
    due_on: date,
    purpose: str,
    assigned_to_id: UUID | None,
) -> FollowUp:
    """Move what is planned to another day, say anew what it is about, or give it to a colleague.

    Its history keeps what it was. A second submit changes nothing. Raises FollowUpClosed, FollowUpInThePast, NotFound.
    """
    planned = _open(follow_up_id, by)
    wanted = {"due_on": due_on, "purpose": purpose, "assigned_to_id": assigned_to_id}
    changed = {name: value for name, value in wanted.items() if getattr(planned, name) != value}
    if not changed:
        return planned
    moved_to = due_on if "due_on" in changed else None
    given_to = assigned_to_id if "assigned_to_id" in changed else None
    _check(by, at, moved_to, given_to, planned.episode.clinic.time_zone)
    for name, value in changed.items():
        setattr(planned, name, value)
    planned.save(update_fields=[*changed])
    _tell("follow_up.changed", planned, by=by, at=at, fields=[name.removesuffix("_id") for name in changed])
    return planned


@transaction.atomic
def close_follow_up(*, by: Membership, at: datetime, follow_up_id: UUID) -> FollowUp:
    """What was planned is done, without a contact that would say so. Raises FollowUpClosed, NotFound."""
    planned = _open(follow_up_id, by)
    planned.closed_on = local_date(at, ZoneInfo(planned.episode.clinic.time_zone))
    planned.save(update_fields=["closed_on"])
    _tell("follow_up.closed", planned, by=by, at=at, fields=["closed_on"])
    return planned


def _locked_episode(episode_id: UUID, organization_id: UUID) -> Episode:
    found = Episode.objects.live().filter(organization_id=organization_id, id=episode_id)
    row: Episode | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if row is None:
        raise NotFound
    return row


def _open(follow_up_id: UUID, by: Membership) -> FollowUp:
    planned = locked_follow_up(follow_up_id, by.organization_id)
    if planned.closed_on is not None:
        raise FollowUpClosed
    return planned


def _check(by: Membership, at: datetime, due_on: date | None, assigned_to_id: UUID | None, zone: str) -> None:
    if due_on is not None and due_on < local_date(at, ZoneInfo(zone)):
        raise FollowUpInThePast
    if assigned_to_id is not None and assigned_to_id not in people_of(by.organization_id):
        raise NotFound


def _tell(action: str, planned: FollowUp, *, by: Membership, at: datetime, fields: list[str]) -> None:
    record(action, by=by, at=at, patient_id=planned.patient_id, object_id=planned.id, fields=fields)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[planned.episode_id], at=at)
