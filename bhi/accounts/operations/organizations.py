"""Organizations, seats and people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.urls import reverse

from bhi.accounts.models import User
from bhi.tenancy.models import Membership, Organization, Role


@transaction.atomic
def create_organization(*, slug: str, name: str, at: datetime) -> Organization:
    """A tenant and its system actor. `IntegrityError` when the slug is taken."""
    organization = Organization.objects.create(slug=slug, name=name, created_at=at)
    Membership.objects.create(organization=organization, name="System", is_system=True)
    return organization


def find_or_add_person(*, email: str, name: str) -> User:
    """The person with this e-mail, made when unknown: without a password, until one is set through a link."""
    known = User.objects.filter(email=email.strip().lower()).first()
    return known or User.objects.create_user(email, None, name=name)


def password_path(user: User) -> str:
    """Where this person sets a password: once, within three days, and no more after signing in."""
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


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
