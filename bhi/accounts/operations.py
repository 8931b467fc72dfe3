"""Organizations, seats and people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from bhi.accounts.models import User
from bhi.tenancy.models import Membership, Organization, Role


@transaction.atomic
def create_organization(*, slug: str, name: str, at: datetime) -> Organization:
    """A tenant and its system actor. `IntegrityError` when the slug is taken."""
    organization = Organization.objects.create(slug=slug, name=name, created_at=at)
    Membership.objects.create(organization=organization, name="System", is_system=True)
    return organization


def add_member(
    *, organization: Organization, user: User | None, name: str, roles: Iterable[Role], credential: str = ""
) -> Membership:
    """A seat. Without a user it is somebody whose work is on record but who does not sign in."""
    return Membership.objects.create(
        organization=organization,
        user=user,
        name=name,
        roles=[str(role) for role in roles],
        credential=credential,
    )
