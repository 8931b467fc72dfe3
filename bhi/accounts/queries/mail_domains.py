"""Mail domains that platform staff found to be an organization's. Within its tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.models import ConfirmedDomain


@dataclass(frozen=True)
class DomainRow:
    """A domain, who found when that it is theirs, and how; withdrawn when and by whom."""

    id: UUID
    domain: str
    proof: str
    confirmed_at: datetime
    confirmed_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


def confirmed_domains(organization_id: UUID) -> frozenset[str]:
    """Those that hold."""
    rows = ConfirmedDomain.objects.filter(organization_id=organization_id, withdrawn_at__isnull=True)
    return frozenset(rows.values_list("domain", flat=True))


def domain_rows(organization_id: UUID) -> list[DomainRow]:
    """Every one that was ever confirmed, the latest first."""
    rows = ConfirmedDomain.objects.filter(organization_id=organization_id)
    people = rows.select_related("confirmed_by", "withdrawn_by").order_by("-confirmed_at", "-id")
    return [_row(one) for one in people]


def _row(one: ConfirmedDomain) -> DomainRow:
    withdrawn_by = one.withdrawn_by.name if one.withdrawn_by else ""
    return DomainRow(
        *(one.id, one.domain, one.proof, one.confirmed_at, one.confirmed_by.name, one.withdrawn_at, withdrawn_by)
    )
