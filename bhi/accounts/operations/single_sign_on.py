"""Setting an organization's own identity provider, and knowing again whom it vouched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from bhi.accounts.issuers import address_fault
from bhi.accounts.models import SingleSignOn, User
from bhi.accounts.operations.mail_domains import domain_fault
from bhi.accounts.queries.mail_domains import confirmed_domains
from bhi.accounts.queries.single_sign_on import SignOn, people_signed_on, sign_on_for
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership, Organization


class SignOnWrong(DomainError):
    """What is wrong with the settings, by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("Some of this cannot be kept.")
        self.faults = faults


@dataclass(frozen=True)
class SignOnValues:
    """`secret` None: as it is. `issuer` as the provider calls itself."""

    issuer: str
    client_id: str
    secret: str | None
    domains: tuple[str, ...]
    is_required: bool
    trusts_its_factors: bool
    is_in_use: bool


@transaction.atomic
def set_single_sign_on(*, by: Membership, at: datetime, values: SignOnValues) -> SingleSignOn:
    """Keep where the organization's people sign in. The same again changes nothing. Raises SignOnWrong."""
    organization = Organization.objects.select_for_update().get(id=by.organization_id)
    found = SingleSignOn.objects.filter(organization_id=organization.id).first()
    row = found or SingleSignOn(organization_id=organization.id)
    if faults := _faults(values, row, organization):
        raise SignOnWrong(faults)
    given = {
        "issuer": values.issuer,
        "client_id": values.client_id,
        "secret": row.secret if values.secret is None else values.secret,
        "email_domains": list(values.domains),
        "is_required": values.is_required,
        "trusts_its_factors": values.trusts_its_factors,
        "is_in_use": values.is_in_use,
    }
    changed = [name for name, value in given.items() if found is None or getattr(row, name) != value]
    if not changed:
        return row
    for name in changed:
        setattr(row, name, given[name])
    row.changed_at, row.changed_by = at, by
    row.save(force_insert=found is None)
    organization.requires_single_sign_on = values.is_required and values.is_in_use
    organization.sign_in_domains = list(values.domains) if values.is_in_use else []
    organization.save(update_fields=["requires_single_sign_on", "sign_in_domains"])
    record("single_sign_on.set", by=by, at=at, object_id=row.id, fields=changed)
    return row


def remember_person(sign_on: SignOn, *, user: User, subject: str) -> None:
    """From now on the provider's subject is this person, whatever their address becomes."""
    SocialAccount.objects.get_or_create(provider=sign_on.provider, uid=subject, defaults={"user": user})


def _faults(values: SignOnValues, row: SingleSignOn, organization: Organization) -> dict[str, str]:
    faults = {}
    if fault := address_fault(values.issuer):
        faults["issuer"] = fault
    if not values.client_id:
        faults["client_id"] = "Enter the client id that the provider gave this application."
    if fault := _domains_fault(values.domains, organization):
        faults["domains"] = fault
    if values.is_required and not values.is_in_use:
        faults["is_required"] = "It can be required only while it is in use."
    elif values.is_required and not faults and not _is_tried(values, row, organization):
        faults["is_required"] = "Keep it first, sign in with it once yourself, and require it then."
    return faults


def _is_tried(values: SignOnValues, row: SingleSignOn, organization: Organization) -> bool:
    """Whether somebody came in with just these settings."""
    if (values.issuer, values.client_id) != (row.issuer, row.client_id) or values.secret not in (None, row.secret):
        return False
    return people_signed_on(sign_on_for(row, organization)) > 0


def _domains_fault(domains: tuple[str, ...], organization: Organization) -> str:
    if not domains:
        return "Enter at least one e-mail domain of yours, such as clinic.org."
    for domain in domains:
        if fault := domain_fault(domain):
            return fault
    others = Organization.objects.exclude(id=organization.id).filter(sign_in_domains__overlap=list(domains))
    if others.exists():
        return "Another organization signs in with one of these. Ask who runs this installation."
    if unproved := sorted(set(domains) - confirmed_domains(organization.id)):
        return f"{unproved[0]} is not confirmed as yours yet. Whoever runs this installation confirms it: ask them."
    return ""
