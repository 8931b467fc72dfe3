"""What stands behind the address of an invitation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.models import Invitation, User
from bhi.tenancy.models import Role


@dataclass(frozen=True)
class InvitationOpened:
    """An open invitation. `is_known`: the address has an account, which signs in instead of choosing a password."""

    id: UUID
    organization_id: UUID
    organization: str
    slug: str
    email: str
    name: str
    roles: tuple[str, ...]
    expires_at: datetime
    is_known: bool


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
    )
