"""Who is to be discussed in every organization where one person reviews, each asked inside its own wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import membership_of, seats_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import looking_as
from caseload.queries.review_queue import EVERYBODY, Population, QueueRow, review_queue
from caseload.queries.review_sessions import SlotShown, slots_of


@dataclass(frozen=True)
class OneQueue:
    """One organization's queue for the person: the first of it, and how many there are."""

    membership: Membership
    rows: tuple[QueueRow, ...]
    total: int

    @property
    def name(self) -> str:
        return self.membership.organization.name

    @property
    def slug(self) -> str:
        return self.membership.organization.slug


def queues_of(user_id: UUID, *, at: datetime, most: int) -> tuple[OneQueue, ...]:
    """Every organization in which the person joins reviews: of a consultant's own slots, else of everybody.

    Three statements and the change of organization for each.
    """
    found = []
    for seat in seats_of(user_id):
        joins = Permission.JOIN_REVIEW in permissions_of(seat.roles)
        membership = membership_of(user_id, seat.slug) if joins else None
        if membership is not None:
            with tenant(membership.organization_id) as organization_id, looking_as(membership, at, is_nested=True):
                population = _population(slots_of(organization_id), membership)
                queue = review_queue(organization_id, population, at=at, most=most)
            found.append(OneQueue(membership, queue.rows, queue.total))
    return tuple(found)


def merged(queues: tuple[OneQueue, ...]) -> list[tuple[OneQueue, QueueRow]]:
    """All of them as one list, in the order of harm."""
    rows = [(queue, row) for queue in queues for row in queue.rows]
    return sorted(rows, key=lambda pair: (pair[1].place, pair[1].sort_name, pair[1].episode_id))


def _population(slots: tuple[SlotShown, ...], by: Membership) -> Population:
    own = [slot for slot in slots if slot.consultant_id == by.id]
    if not own:
        return EVERYBODY
    return Population(frozenset(seat for slot in own for seat in slot.care_manager_ids))
