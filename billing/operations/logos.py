"""An organization's logo, as its packets and printed sheets show it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.files.operations import store
from bhi.tenancy.models import Membership
from billing.models import BillingProvider
from billing.queries.packets import LOGO
from billing.rules.logos import Logo


class ProviderMissing(DomainError):
    """The logo belongs to the billing provider, and nobody set one yet."""

    def __init__(self) -> None:
        super().__init__("Set the billing provider first: the logo is kept with it.")


@transaction.atomic
def set_logo(*, by: Membership, at: datetime, logo: Logo) -> StoredFile:
    """Keep a picture as the organization's logo, in place of the one before. Raises ProviderMissing."""
    provider = _provider(by)
    file = store(logo.content, organization_id=by.organization_id, purpose=LOGO, media_type=logo.media_type, at=at)
    _change(provider, file, by=by, at=at)
    return file


@transaction.atomic
def remove_logo(*, by: Membership, at: datetime) -> None:
    """Print packets without a logo. Raises ProviderMissing."""
    _change(_provider(by), None, by=by, at=at)


def _provider(by: Membership) -> BillingProvider:
    rows = BillingProvider.objects.select_for_update(of=("self",))
    provider: BillingProvider | None = rows.filter(organization_id=by.organization_id).first()
    if provider is None:
        raise ProviderMissing
    return provider


def _change(provider: BillingProvider, file: StoredFile | None, *, by: Membership, at: datetime) -> None:
    provider.logo, provider.changed_at, provider.changed_by = file, at, by
    provider.save(update_fields=["logo", "changed_at", "changed_by"])
    record("filing.logo_set" if file else "filing.logo_removed", by=by, at=at, object_id=provider.id)
