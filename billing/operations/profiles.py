"""By which rule books payers are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import PayerProfile
from billing.operations.errors import NameMissing, NotAssumed, NotTheFirst, PayerKnown, ProfileTaken, StillAssumed
from billing.queries.facility import staying_with
from billing.rules.books import book_in_force, with_options
from billing.rules.payer_options import first_judged
from billing.rules.payers import default_rules
from registry.models import Payer
from registry.operations.errors import AlreadyVoided, ReasonMissing
from registry.operations.people import payer_named
from registry.operations.recording import Stamp, announce_change

BEGINNING: Final = date(2000, 1, 1)
"""From when a default profile holds: before any month that can be entered."""
GAVE_WAY: Final = "Assumed from the name, until somebody set the rules."


@dataclass(frozen=True)
class ProfileNotes:
    """What is written down of a payer beside its rules, and where all of it was read."""

    because: str = ""
    attestation: str = ""
    authorization: str = ""
    authorization_after_months: int | None = None
    cost_share: str = ""


NO_NOTES: Final = ProfileNotes()


@transaction.atomic
def set_profile(
    *,
    by: Membership,
    at: datetime,
    payer: Payer,
    book: str,
    from_on: date,
    options: Mapping[str, Any] | None = None,
    notes: ProfileNotes = NO_NOTES,
) -> PayerProfile:
    """How a payer pays from a day on, as somebody knows it. Rules that were only assumed from that day give way.

    It may begin before the family's first book; months before that have no verdict. Months are judged by the rules
    of their first day. Raises NoBookInForce for an unknown family, UnknownOption, OptionOutOfBounds, NotTheFirst for
    any other day of a month, and ProfileTaken when somebody set rules from that day already.
    """
    overrides = dict(options or {})
    with_options(book_in_force(book, date.max), overrides)
    if from_on.day != 1:
        raise NotTheFirst
    assumed = PayerProfile.objects.filter(
        organization_id=by.organization_id, payer=payer, from_on=from_on, is_default=True, withdrawn_at__isnull=True
    )
    assumed.update(withdrawn_at=at, withdrawn_by=by, withdrawn_because=GAVE_WAY)
    profile = PayerProfile(
        organization_id=by.organization_id,
        payer=payer,
        book=book,
        options=overrides,
        from_on=from_on,
        set_at=at,
        set_by=by,
        **asdict(notes),
    )
    try:
        with transaction.atomic():
            profile.save(force_insert=True)
    except IntegrityError:
        raise ProfileTaken(from_on) from None
    _tell("payer_profile.set", profile, by=by, at=at, fields=["book", *overrides, *_written(notes)])
    return profile


@transaction.atomic
def confirm_rules(*, by: Membership, at: datetime, payer_id: UUID, on: date, because: str) -> PayerProfile:
    """Say that what is assumed of a payer on a day are its own rules, and where that was read.

    They hold since their family has books where a guess was another one before, else since the guess did; what the
    book tells people comes with them. Raises ReasonMissing, NotAssumed where nothing is assumed of the payer any more,
    NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    payer = _locked_payer(by, payer_id)
    live = PayerProfile.objects.filter(organization_id=by.organization_id, payer=payer, withdrawn_at__isnull=True)
    assumed = live.filter(is_default=True).first()
    if payer.is_self_pay or (assumed is None and live.filter(from_on__lte=on).exists()):
        raise NotAssumed
    rules = default_rules(payer.name, on)
    begins = assumed.from_on if assumed is not None else BEGINNING
    is_as_before = default_rules(payer.name, begins).family == rules.family
    return set_profile(
        by=by,
        at=at,
        payer=payer,
        book=rules.family,
        from_on=begins if is_as_before else first_judged(rules.family),
        options=dict(rules.options),
        notes=ProfileNotes(
            because=because.strip()[:300],
            attestation=rules.attestation[:300],
            authorization=rules.authorization[:300],
            authorization_after_months=rules.authorization_after_months,
            cost_share=rules.cost_share[:300],
        ),
    )


@transaction.atomic
def withdraw_profile(*, by: Membership, at: datetime, profile_id: UUID, because: str) -> PayerProfile:
    """Take back rules that were set wrongly: those before them hold on, else what the payer's name lets assume.

    Raises ReasonMissing, StillAssumed for rules that nobody set, AlreadyVoided, NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    profile = _locked(by, profile_id)
    if profile.withdrawn_at is not None:
        raise AlreadyVoided
    if profile.is_default:
        raise StillAssumed
    profile.withdrawn_at, profile.withdrawn_by, profile.withdrawn_because = at, by, because.strip()[:300]
    profile.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_because"])
    _tell("payer_profile.withdrawn", profile, by=by, at=at, fields=["withdrawn_at", "withdrawn_because"])
    return profile


@transaction.atomic
def add_payer(*, by: Membership, at: datetime, name: str) -> Payer:
    """A payer that no patient has yet, with the rules that its name lets assume. Raises PayerKnown, NameMissing."""
    wanted = " ".join(name.split())
    if not wanted:
        raise NameMissing
    if Payer.objects.filter(organization_id=by.organization_id, name__iexact=wanted).exists():
        raise PayerKnown(wanted)
    payer = payer_named(by=by, name=wanted)
    ensure_profile(by=by, at=at, payer=payer)
    record("payer.added", by=by, at=at, object_id=payer.id, fields=["name"])
    return payer


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


def _locked_payer(by: Membership, payer_id: UUID) -> Payer:
    rows = Payer.objects.filter(organization_id=by.organization_id, id=payer_id)
    payer: Payer | None = rows.select_for_update(no_key=True).first()
    if payer is None:
        raise NotFound
    return payer


def _locked(by: Membership, profile_id: UUID) -> PayerProfile:
    rows = PayerProfile.objects.filter(organization_id=by.organization_id, id=profile_id)
    profile: PayerProfile | None = rows.select_for_update(of=("self",)).select_related("payer").first()
    if profile is None:
        raise NotFound
    return profile


def _written(notes: ProfileNotes) -> list[str]:
    return [name for name, value in asdict(notes).items() if value not in ("", None)]


def _tell(action: str, profile: PayerProfile, *, by: Membership, at: datetime, fields: list[str]) -> None:
    """Audit, and let be counted anew whose time at a facility may count otherwise from then on."""
    record(action, by=by, at=at, object_id=profile.payer_id, fields=fields)
    announce_change(staying_with(by.organization_id, profile.payer_id), stamp=Stamp(by, at), since=profile.from_on)
