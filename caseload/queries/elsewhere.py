"""What is due for one person in the other organizations where they work: numbers, nobody's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import membership_of, seats_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from caseload.queries.today import Scope, usual_scope, work_due, worklist


@dataclass(frozen=True)
class Elsewhere:
    """One other organization: how many patients need something of safety, and how many something else."""

    name: str
    slug: str
    safety: int
    others: int

    @property
    def words(self) -> str:
        """`3 safety, 5 due`, `nothing due`."""
        parts = (f"{self.safety} safety" if self.safety else "", f"{self.others} due" if self.others else "")
        return ", ".join(filter(None, parts)) or "nothing due"


def due_elsewhere(user_id: UUID, *, here: str, at: datetime) -> tuple[Elsewhere, ...]:
    """The person's other seats with what is due there, each asked inside its own wall.

    One statement and the change of organization for each other seat; one for who works in one place only.
    """
    seats = [seat for seat in seats_of(user_id) if seat.slug != here]
    found = []
    for seat in seats:
        membership = membership_of(user_id, seat.slug) if Permission.LOG_CONTACT in permissions_of(seat.roles) else None
        if membership is not None:
            safety, others = _counted(membership, at)
            found.append(Elsewhere(seat.organization_name, seat.slug, safety, others))
    return tuple(found)


def _counted(membership: Membership, at: datetime) -> tuple[int, int]:
    with tenant(membership.organization_id) as organization_id:
        scope = Scope(membership.id, usual_scope(membership.roles))
        shown = worklist(work_due(organization_id, scope, at=at), {})
        return shown.safety, shown.others
