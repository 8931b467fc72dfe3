"""The door to one referral for whoever enrols its patient."""

from __future__ import annotations

from uuid import UUID

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import Referral


def open_referral(referral_id: UUID, *, for_: Membership) -> Referral:
    """A live referral of the seat's organization, with its patient and clinician. Raises NotFound."""
    found = Referral.objects.live().filter(organization_id=for_.organization_id, id=referral_id)
    referral: Referral | None = found.select_related("patient", "clinic", "treating_clinician").first()
    if referral is None:
        raise NotFound
    return referral
