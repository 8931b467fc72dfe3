"""By which rule books payers are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import PayerProfile
from billing.operations.errors import ProfileTaken
from billing.rules.books import book_in_force, with_options
from billing.rules.payers import default_rules
from registry.models import Payer

BEGINNING: Final = date(2000, 1, 1)
"""From when a default profile holds: before any month that can be entered."""


@transaction.atomic
def set_profile(
    *, by: Membership, at: datetime, payer: Payer, book: str, from_on: date, options: Mapping[str, Any] | None = None
) -> PayerProfile:
    """How a payer pays from a day on, as somebody knows it.

    It may begin before the family's first book; months before that have no verdict. Raises NoBookInForce for an
    unknown family, UnknownOption, OptionOutOfBounds, and ProfileTaken when the payer has one from that day.
    """
    overrides = dict(options or {})
    with_options(book_in_force(book, date.max), overrides)
    profile = PayerProfile(
        organization_id=by.organization_id, payer=payer, book=book, options=overrides, from_on=from_on
    )
    try:
        with transaction.atomic():
            profile.save(force_insert=True)
    except IntegrityError:
        raise ProfileTaken(from_on) from None
    record("payer_profile.set", by=by, at=at, object_id=payer.id, fields=["book", *overrides])
    return profile


@transaction.atomic
def ensure_profile(*, by: Membership, at: datetime, payer: Payer) -> None:
    """Give a payer without any profile the default one by its name, marked as nobody's word."""
    ensure_profiles(by=by, at=at, payers=[payer])


@transaction.atomic
def ensure_profiles(*, by: Membership, at: datetime, payers: Iterable[Payer] | None = None) -> int:
    """Give every payer (None: of the organization) without any profile the default one. Returns how many.

    Self pay has none: nobody is asked to pay by rules.
    """
    organization_id = by.organization_id
    if payers is None:
        payers = Payer.objects.filter(organization_id=organization_id)
    known = set(PayerProfile.objects.filter(organization_id=organization_id).values_list("payer_id", flat=True))
    added = [_default(organization_id, payer) for payer in payers if payer.id not in known and not payer.is_self_pay]
    PayerProfile.objects.bulk_create(added, ignore_conflicts=True)
    if added:
        record("payer_profile.defaulted", by=by, at=at, count=len(added))
    return len(added)


def _default(organization_id: UUID, payer: Payer) -> PayerProfile:
    rules = default_rules(payer.name)
    return PayerProfile(
        organization_id=organization_id,
        payer=payer,
        book=rules.family,
        options=dict(rules.options),
        from_on=BEGINNING,
        is_default=True,
    )
