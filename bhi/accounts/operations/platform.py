"""What platform staff do: organizations begin here. The organization's own actor stands for them; who it was, the
audit holds as the event's object."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from bhi.accounts.errors import SlugTaken
from bhi.accounts.models import Invitation, User
from bhi.accounts.operations.invitations import Invited, invite
from bhi.accounts.operations.notices import ADMIN_INVITED, tell_who_answers
from bhi.accounts.operations.organizations import create_organization
from bhi.accounts.queries import system_membership
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization, Role


@transaction.atomic
def begin_organization(
    *, slug: str, name: str, admin_email: str, admin_name: str, at: datetime, staff: User | None = None
) -> Invitation:
    """An organization, and its first admin invited. `staff` is who did it; None: the command line.

    Raises SlugTaken.
    """
    try:
        with transaction.atomic():
            organization = create_organization(slug=slug, name=name.strip(), at=at)
    except IntegrityError:
        raise SlugTaken from None
    with tenant(organization):
        by = system_membership(organization)
        record("organization.created", by=by, at=at, object_id=staff.id if staff else None)
        invited = Invited(email=admin_email, name=admin_name, roles=(Role.ADMIN,))
        return invite(by=by, at=at, invited=invited)


@transaction.atomic
def invite_admin(
    *, organization_id: UUID, admin_email: str, admin_name: str, at: datetime, staff: User | None = None
) -> Invitation:
    """Another admin, where the only one left. Admins and leads there are told. Raises AlreadyHere, NotFound."""
    if not Organization.objects.filter(id=organization_id).exists():
        raise NotFound
    with tenant(organization_id):
        by = system_membership(organization_id)
        record("organization.admin_invited", by=by, at=at, object_id=staff.id if staff else None)
        made = invite(by=by, at=at, invited=Invited(email=admin_email, name=admin_name, roles=(Role.ADMIN,)))
        tell_who_answers(organization_id=organization_id, word=ADMIN_INVITED, about_id=made.id, at=at)
        return made


def set_platform_staff(*, email: str, is_staff: bool) -> bool:
    """Whether a person may make organizations. False when nobody has this e-mail."""
    found = User.objects.filter(email=email.strip().lower())
    return bool(found.update(is_platform_staff=is_staff))
