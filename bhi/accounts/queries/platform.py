"""Organizations as platform staff see them: names and figures of global tables, nothing of any patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Q

from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Organization, Role

PAGE: Final = 50


@dataclass(frozen=True)
class OrganizationRow:
    """One organization: how many people, how many admins who can sign in, and when one of its people last did."""

    id: UUID
    name: str
    slug: str
    created_at: datetime
    people: int
    admins: int
    last_sign_in: datetime | None


@dataclass(frozen=True)
class OrganizationsPage:
    """A page of organizations by name."""

    rows: tuple[OrganizationRow, ...]
    total: int
    page: int

    @property
    def has_more(self) -> bool:
        return self.page * PAGE < self.total

    @property
    def shown(self) -> str:
        first = (self.page - 1) * PAGE
        return f"{first + 1} to {first + len(self.rows)}"


def organizations_page(*, page: int = 1) -> OrganizationsPage:
    """Fifty organizations, by name."""
    first = (page - 1) * PAGE
    found = list(Organization.objects.order_by("name", "id")[first : first + PAGE])
    figures = _figures([one.id for one in found])
    return OrganizationsPage(tuple(_row(one, figures) for one in found), Organization.objects.count(), page)


def organization_row(organization_id: UUID) -> OrganizationRow:
    """One of them. Raises NotFound."""
    found = Organization.objects.filter(id=organization_id).first()
    if found is None:
        raise NotFound
    return _row(found, _figures([found.id]))


def _figures(organization_ids: list[UUID]) -> dict[UUID, Mapping[str, object]]:
    at_work = Q(is_active=True)
    admin = at_work & Q(roles__contains=[Role.ADMIN.value], user__is_active=True)
    seats = Membership.objects.filter(organization_id__in=organization_ids, is_system=False)
    counted = seats.order_by().values("organization_id")
    rows = counted.annotate(
        people=Count("id", filter=at_work), admins=Count("id", filter=admin), last=Max("user__last_login")
    )
    return {row["organization_id"]: row for row in rows}


def _row(one: Organization, figures: Mapping[UUID, Mapping[str, object]]) -> OrganizationRow:
    known: Mapping[str, object] = figures.get(one.id, {"people": 0, "admins": 0, "last": None})
    return OrganizationRow(
        id=one.id,
        name=one.name,
        slug=one.slug,
        created_at=one.created_at,
        people=int(str(known["people"])),
        admins=int(str(known["admins"])),
        last_sign_in=known["last"],  # type: ignore[arg-type]
    )
