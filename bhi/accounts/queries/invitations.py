"""What stands behind the address of an invitation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.models import Invitation, SingleSignOn, User
from bhi.tenancy.models import Role


@dataclass(frozen=True)
class InvitationOpened:
    """An open invitation. `is_known`: the address has an account, which signs in instead of choosing a password;
    `has_provider`: people with this address sign in at the organization's own provider, so none is chosen.
    """

    id: UUID
    organization_id: UUID
    organization: str
    slug: str
    email: str
    name: str
    roles: tuple[str, ...]
    expires_at: datetime
    is_known: bool
    has_provider: bool = False


def open_invitation(organization_id: UUID, token_sha256: str, *, at: datetime) -> InvitationOpened | None:
    """The invitation with this fingerprint; None when it was used, withdrawn, is over, or never was."""
    rows = Invitation.objects.filter(
        organization_id=organization_id,
        token_sha256=token_sha256,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=at,
    )
    found = rows.select_related("organization").first()
    if found is None:
        return None
    return InvitationOpened(
        id=found.id,
        organization_id=organization_id,
        organization=found.organization.name,
        slug=found.organization.slug,
        email=found.email,
        name=found.name,
        roles=tuple(Role(role).label for role in found.roles),
        expires_at=found.expires_at,
        is_known=User.objects.filter(email=found.email).exists(),
        has_provider=_signs_in_elsewhere(organization_id, found.email),
    )


def _signs_in_elsewhere(organization_id: UUID, email: str) -> bool:
    required = SingleSignOn.objects.filter(organization_id=organization_id, is_in_use=True, is_required=True)
    return required.filter(email_domains__contains=[email.rpartition("@")[2]]).exists()
