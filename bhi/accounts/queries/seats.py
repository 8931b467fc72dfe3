"""Reads of global tables: people and their seats. The only module that may join them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bhi.accounts.reach import present_reach
from bhi.tenancy.models import Membership, Organization, Role


@dataclass(frozen=True)
class Seat:
    """One place where a person works."""

    organization_name: str
    slug: str
    roles: tuple[str, ...]


def membership_of(user_id: UUID, slug: str) -> Membership | None:
    """The active seat of a person in the organization with this slug; None also when there is no such organization.

    Within a request: only a seat that its session may open (bhi.accounts.reach).
    """
    seat = any_membership_of(user_id, slug)
    reach = present_reach()
    return seat if seat is None or reach is None or reach.opens(seat) else None


def any_membership_of(user_id: UUID, slug: str) -> Membership | None:
    """Their active seat there, also one that this session may not open: to lead them to where they sign in for it."""
    return (
        Membership.objects.select_related("organization")
        .filter(user_id=user_id, organization__slug=slug, is_active=True)
        .first()
    )


def seats_of(user_id: UUID | None) -> list[Seat]:
    """Where a person works, by the organization's name; nowhere without a person.

    Within a request: only seats that its session may open.
    """
    reach = present_reach()
    return [_seat(row) for row in _seats(user_id) if reach is None or reach.opens(row)]


def seats_to_sign_on(user_id: UUID | None) -> list[Seat]:
    """Where a person works that wants them to sign in at its own provider first; of a limited session none."""
    reach = present_reach()
    if reach is None or reach.is_limited:
        return []
    return [_seat(row) for row in _seats(user_id) if reach.must_sign_on(row)]


def _seats(user_id: UUID | None) -> list[Membership]:
    if user_id is None:
        return []
    rows = Membership.objects.filter(user_id=user_id, is_active=True).select_related("organization")
    return list(rows.order_by("organization__name"))


def _seat(row: Membership) -> Seat:
    return Seat(row.organization.name, row.organization.slug, tuple(row.roles))


def system_membership(organization: Organization | UUID) -> Membership:
    """The organization's own actor: sweeps, imports at the command line, roll-ups."""
    organization_id = organization.id if isinstance(organization, Organization) else organization
    return Membership.objects.get(organization_id=organization_id, is_system=True)


def people_of(organization_id: UUID) -> dict[UUID, Membership]:
    """Every seat of an organization by id, for showing who did what."""
    return {seat.id: seat for seat in Membership.objects.filter(organization_id=organization_id)}


def people_with(organization_id: UUID, role: Role) -> list[tuple[UUID, str]]:
    """Seat and name of everybody with a role, by name, those who left included."""
    seats = Membership.objects.filter(organization_id=organization_id, roles__contains=[role.value])
    return list(seats.order_by("name", "id").values_list("id", "name"))


def email_of(organization_id: UUID, membership_id: UUID) -> str:
    """Where the person of an active seat gets e-mail; empty for a seat without a person, or of one who left."""
    seats = Membership.objects.filter(organization_id=organization_id, id=membership_id, is_active=True)
    return seats.filter(user__is_active=True).values_list("user__email", flat=True).first() or ""
