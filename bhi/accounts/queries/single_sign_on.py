"""An organization's own identity provider, and whom it vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from allauth.socialaccount.models import SocialAccount

from bhi.accounts.models import SingleSignOn, User
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership, Organization


@dataclass(frozen=True)
class SignOn:
    """Where an organization's people sign in. `secret` never leaves the server."""

    organization_id: UUID
    slug: str
    organization_name: str
    issuer: str
    client_id: str
    secret: str
    domains: tuple[str, ...]
    trusts_its_factors: bool

    @property
    def provider(self) -> str:
        """Under which name subjects of this provider are kept: another issuer or client has other subjects."""
        return f"{self.organization_id}:{sha256(f'{self.issuer}|{self.client_id}'.encode()).hexdigest()[:24]}"

    @property
    def host(self) -> str:
        return self.issuer.partition("://")[2].partition("/")[0]


def sign_on_of(slug: str) -> SignOn | None:
    """The provider that an organization uses, by its short name; None also where there is no such organization."""
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        return None
    with tenant(organization):
        row = SingleSignOn.objects.filter(organization_id=organization.id, is_in_use=True).first()
        return None if row is None else _sign_on(row, organization)


def slug_for(text: str) -> str | None:
    """The short name of the organization that an e-mail address or a short name leads to, where it has a provider."""
    wanted = text.strip().lower()
    domain = wanted.rpartition("@")[2]
    if "@" in wanted:
        found = Organization.objects.filter(sign_in_domains__contains=[domain])
    else:
        found = Organization.objects.filter(slug=wanted)
    slug = found.values_list("slug", flat=True).first()
    return slug if slug and sign_on_of(slug) else None


def settings_of(organization_id: UUID) -> SingleSignOn | None:
    """The organization's settings, within its tenant."""
    return SingleSignOn.objects.filter(organization_id=organization_id).first()


def people_signed_on(sign_on: SignOn) -> int:
    """How many people have signed in there, with the settings as they are."""
    return int(SocialAccount.objects.filter(provider=sign_on.provider).count())


def sign_on_for(row: SingleSignOn, organization: Organization) -> SignOn:
    """The settings as what signs people in."""
    return _sign_on(row, organization)


def known_person(sign_on: SignOn, subject: str) -> User | None:
    """Whom the provider knows by this subject, if they have an active seat in its organization."""
    account = SocialAccount.objects.filter(provider=sign_on.provider, uid=subject).select_related("user").first()
    return _seated(sign_on, account.user) if account else None


def person_to_link(sign_on: SignOn, email: str) -> User | None:
    """Who has this address, an active seat in the organization, and no other subject at its provider.

    Only within the organization's domains: a provider does not speak for addresses of others.
    """
    address = email.strip().lower()
    if address.rpartition("@")[2] not in sign_on.domains:
        return None
    user = User.objects.filter(email=address).first()
    if user is None or SocialAccount.objects.filter(provider=sign_on.provider, user=user).exists():
        return None
    return _seated(sign_on, user)


def _seated(sign_on: SignOn, user: User) -> User | None:
    seats = Membership.objects.filter(organization_id=sign_on.organization_id, user=user, is_active=True)
    return user if user.is_active and seats.exists() else None


def _sign_on(row: SingleSignOn, organization: Organization) -> SignOn:
    return SignOn(
        organization.id,
        organization.slug,
        organization.name,
        row.issuer,
        row.client_id,
        row.secret,
        tuple(row.email_domains),
        row.trusts_its_factors,
    )
