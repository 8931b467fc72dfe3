"""What is due for one person in every organization where they work, each asked inside its own wall."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import membership_of, seats_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import looking_as
from caseload.queries.today import Due, Scope, Worklist, WorkRow, usual_scope, work_due, worklist
from caseload.rules.worklist import MonthSoFar

# How the months of those who have minutes are judged: billing's to say, so it is handed in.
Months = Callable[[UUID, Due], Mapping[UUID, MonthSoFar]]


@dataclass(frozen=True)
class OneToday:
    """One organization's worklist for the person, and how many months it would have to judge."""

    membership: Membership
    worklist: Worklist
    with_minutes: int = 0

    @property
    def name(self) -> str:
        return self.membership.organization.name

    @property
    def slug(self) -> str:
        return self.membership.organization.slug

    @property
    def total(self) -> int:
        return len(self.worklist.rows)

    @property
    def words(self) -> str:
        """`3 due, 1 of them for safety`, `nothing due`."""
        safety = self.worklist.safety
        if not self.total:
            return "nothing due"
        if not safety:
            return f"{self.total} due"
        return (
            f"{self.total} due, for safety"
            if safety == self.total
            else f"{self.total} due, {safety} of them for safety"
        )


def todays_of(user_id: UUID, *, at: datetime, months: Months, besides: str = "") -> tuple[OneToday, ...]:
    """Every organization in which the person works patients, `besides` one: what they see there on Today at first.

    For each the seat, the change of organization, one statement and those of its months, for any number of rows.
    """
    found = []
    for seat in seats_of(user_id):
        works = Permission.LOG_CONTACT in permissions_of(seat.roles) and seat.slug != besides
        membership = membership_of(user_id, seat.slug) if works else None
        if membership is not None:
            found.append(_today(membership, at, months))
    return tuple(found)


def merged(todays: Iterable[OneToday]) -> list[tuple[OneToday, WorkRow]]:
    """All of them as one list, in the order of harm."""
    rows = [(today, row) for today in todays for row in today.worklist.rows]
    return sorted(rows, key=lambda pair: pair[1].place)


def _today(membership: Membership, at: datetime, months: Months) -> OneToday:
    with tenant(membership.organization_id) as organization_id, looking_as(membership, at, is_nested=True):
        due = work_due(organization_id, Scope(membership.id, usual_scope(membership.roles)), at=at)
        return OneToday(membership, worklist(due, months(organization_id, due)), len(due.with_minutes))
