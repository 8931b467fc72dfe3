"""What is on record about the point of the checklist that claims are about."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef

from billing.models import BillingProvider, ChargeFee
from registry.rules.setting_up import Found


def filing_found(organization_id: UUID) -> Found:
    """Whether it is settled who files claims, and what is charged. One statement."""
    charges = ChargeFee.objects.live().filter(organization_id=OuterRef("organization_id"))
    rows = BillingProvider.objects.filter(organization_id=organization_id).annotate(has_charges=Exists(charges))
    found = rows.values_list("name", "has_charges").first()
    if found is None:
        return Found(is_done=False, detail="nobody yet")
    name, has_charges = found
    return Found(has_charges, name if has_charges else f"{name}; no charge yet")
