"""Which mail domains are an organization's: platform staff find out, and stand for it with their name.

An organization's admins run its identity provider, which is believed about addresses of its domains alone. So no
organization says itself which domains these are. Proof is had outside of here: a record in the domain's DNS, a letter,
a call to a number that is known otherwise.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.accounts.errors import DomainRefused
from bhi.accounts.models import ConfirmedDomain, SingleSignOn, User
from bhi.accounts.queries import system_membership
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization

DOMAIN: Final = re.compile(r"(?=.{4,100}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
# Where anybody gets an address: no organization speaks for them.
OF_EVERYBODY: Final = frozenset({
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "aol.com", "icloud.com"),
    *("me.com", "proton.me", "protonmail.com", "gmx.com", "mail.com", "comcast.net", "verizon.net"),
})  # fmt: skip


@transaction.atomic
def confirm_domain(*, organization_id: UUID, domain: str, proof: str, staff: User, at: datetime) -> ConfirmedDomain:
    """The organization's admins may enter it from now on. The same again changes nothing.

    Raises NotFound, and DomainRefused for what is no domain, is everybody's or another organization's.
    """
    organization, domain = _locked(organization_id), domain.strip().lower().removeprefix("@")
    if fault := domain_fault(domain):
        raise DomainRefused(fault)
    others = Organization.objects.exclude(id=organization.id).filter(sign_in_domains__contains=[domain])
    if others.exists():
        raise DomainRefused("Another organization signs in with it. Settle first whose it is.")
    with tenant(organization):
        row, is_new = ConfirmedDomain.objects.get_or_create(
            organization_id=organization.id,
            domain=domain,
            withdrawn_at=None,
            defaults={"proof": proof.strip(), "confirmed_at": at, "confirmed_by": staff},
        )
        if is_new:
            record("mail_domain.confirmed", by=system_membership(organization), at=at, object_id=row.id)
        return row


@transaction.atomic
def withdraw_domain(*, organization_id: UUID, domain_id: UUID, staff: User, at: datetime) -> None:
    """It is theirs no more: nobody new comes in by an address there. Withdrawn before: nothing. Raises NotFound."""
    organization = _locked(organization_id)
    with tenant(organization):
        row = ConfirmedDomain.objects.filter(organization_id=organization.id, id=domain_id).first()
        if row is None:
            raise NotFound
        if row.withdrawn_at is not None:
            return
        row.withdrawn_at, row.withdrawn_by = at, staff
        row.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _take_out(organization, row.domain, at)
        record("mail_domain.withdrawn", by=system_membership(organization), at=at, object_id=row.id)


def domain_fault(domain: str) -> str:
    """Why this is no domain of an organization's own, or nothing."""
    if not DOMAIN.fullmatch(domain):
        return f"{domain or 'This'} is not a domain. Enter what comes after the @, such as clinic.org."
    if domain in OF_EVERYBODY:
        return f"Everybody can have an address of {domain}. Enter domains of their own."
    return ""


def _locked(organization_id: UUID) -> Organization:
    organization = Organization.objects.select_for_update().filter(id=organization_id).first()
    if organization is None:
        raise NotFound
    return organization


def _take_out(organization: Organization, domain: str, at: datetime) -> None:
    settings = SingleSignOn.objects.filter(organization_id=organization.id).first()
    if settings is not None and domain in settings.email_domains:
        settings.email_domains = [one for one in settings.email_domains if one != domain]
        settings.changed_at, settings.changed_by = at, system_membership(organization)
        settings.save(update_fields=["email_domains", "changed_at", "changed_by"])
    organization.sign_in_domains = [one for one in organization.sign_in_domains if one != domain]
    organization.save(update_fields=["sign_in_domains"])
