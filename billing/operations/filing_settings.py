"""Who files an organization's claims, by whom they go, and how each payer is filed with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from billing.models import BillingProvider, PayerRoute, Receiver
from billing.models.filing import ServiceDayPolicy, TaxIdKind
from billing.operations.denials import redate_denials
from billing.rules.filing import MOST_DAYS, Faults, clinic_faults, provider_faults, receiver_faults, route_faults
from registry.models import Payer


class FilingWrong(DomainError):
    """Something of the settings cannot be; `faults` says what, by field."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("Something below has to be corrected.")
        self.faults = faults


class ReceiverKnown(FilingWrong):
    """Two clearinghouses of one name could not be told apart."""

    def __init__(self) -> None:
        super().__init__({"name": "There is a clearinghouse of this name already."})


@dataclass(frozen=True)
class ProviderValues:
    """A billing provider as it is set; numbers with their digits only. With a given name it is a person, and `name` the
    family name.
    """

    name: str
    npi: str
    taxonomy: str
    tax_id: str
    tax_id_kind: str
    address: str
    city: str
    state: str
    postal_code: str
    submitter_name: str
    submitter_id: str
    contact_name: str
    contact_phone: str
    is_test: bool
    given_name: str = ""


@dataclass(frozen=True)
class ReceiverValues:
    """A clearinghouse as its agreement names it and us. Without a submitter id of its own it knows the organization's;
    its files say T while `is_test`, also where those to others are made in earnest.
    """

    name: str
    receiver_id: str
    receiver_qualifier: str
    application_id: str
    sender_id: str
    sender_qualifier: str
    is_in_use: bool = True
    submitter_id: str = ""
    is_test: bool = True


@dataclass(frozen=True)
class RouteValues:
    """How a payer is filed with; days count from the date of service, those for an appeal from the remittance."""

    receiver_id: UUID | None
    payer_identifier: str
    filing_code: str
    service_day: str
    filing_days: int
    corrected_days: int
    appeal_days: int
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class AddressValues:
    """Where a clinic sees patients; all empty where nothing is to be said of it."""

    address: str
    city: str
    state: str
    postal_code: str


@transaction.atomic
def set_billing_provider(*, by: Membership, at: datetime, values: ProviderValues) -> BillingProvider:
    """Say who files the organization's claims. The same again changes nothing; what stood before stays in history.

    Raises FilingWrong with the faults by field.
    """
    faults = provider_faults(_texts(values))
    if values.tax_id_kind not in TaxIdKind.values:
        faults["tax_id_kind"] = "Choose which kind of number it is."
    if faults:
        raise FilingWrong(faults)
    _lock(by)
    found = BillingProvider.objects.filter(organization_id=by.organization_id).first()
    provider = found or BillingProvider(organization_id=by.organization_id)
    _keep("billing_provider.set", provider, asdict(values), by=by, at=at, is_new=found is None)
    return provider


@transaction.atomic
def add_receiver(*, by: Membership, at: datetime, values: ReceiverValues) -> Receiver:
    """One more clearinghouse. The same again gives the one that there is. Raises FilingWrong, ReceiverKnown."""
    _check_receiver(values)
    _lock(by)
    same = Receiver.objects.filter(organization_id=by.organization_id, **asdict(values)).first()
    if same is not None:
        return same
    receiver = Receiver(organization_id=by.organization_id)
    _keep_receiver("receiver.added", receiver, values, by=by, at=at, is_new=True)
    return receiver


@transaction.atomic
def set_receiver(*, by: Membership, at: datetime, receiver_id: UUID, values: ReceiverValues) -> Receiver:
    """Change a clearinghouse, or say that it is not in use any more. Raises FilingWrong, ReceiverKnown, NotFound."""
    _check_receiver(values)
    receiver = _receiver(by, receiver_id)
    _keep_receiver("receiver.changed", receiver, values, by=by, at=at, is_new=False)
    return receiver


@transaction.atomic
def set_route(*, by: Membership, at: datetime, payer_id: UUID, values: RouteValues) -> PayerRoute:
    """Say how a payer is filed with; the last days of its denials follow. The same again changes nothing.

    Raises FilingWrong with the faults by field, NotFound for a payer that is not there or takes no claims.
    """
    faults = route_faults(_texts(values))
    for name in ("filing_days", "corrected_days", "appeal_days"):
        if not 1 <= getattr(values, name) <= MOST_DAYS:
            faults[name] = f"Enter a number of days from 1 to {MOST_DAYS:,}."
    if values.service_day not in ServiceDayPolicy.values:
        faults["service_day"] = "Choose from the list."
    if faults:
        raise FilingWrong(faults)
    payer = Payer.objects.filter(organization_id=by.organization_id, id=payer_id, is_self_pay=False).first()
    if payer is None:
        raise NotFound
    if values.receiver_id is not None:
        _receiver(by, values.receiver_id)
    _lock(by)
    found = PayerRoute.objects.filter(organization_id=by.organization_id, payer=payer).first()
    route = found or PayerRoute(organization_id=by.organization_id, payer=payer)
    _keep("payer_route.set", route, asdict(values), by=by, at=at, is_new=found is None)
    redate_denials(by=by, at=at, payer_id=payer_id)
    return route


@transaction.atomic
def set_clinic_address(*, by: Membership, at: datetime, clinic_id: UUID, values: AddressValues) -> Clinic:
    """Say where a clinic sees patients: claims tell it from now on, where the billing provider is elsewhere. The same
    again changes nothing. Raises FilingWrong with the faults by field, NotFound.
    """
    if faults := clinic_faults(_texts(values)):
        raise FilingWrong(faults)
    found = Clinic.objects.select_for_update().filter(organization_id=by.organization_id, id=clinic_id)
    clinic: Clinic | None = found.first()
    if clinic is None:
        raise NotFound
    changed = [name for name, value in asdict(values).items() if getattr(clinic, name) != value]
    for name in changed:
        setattr(clinic, name, getattr(values, name))
    if changed:
        clinic.save(update_fields=changed)
        record("clinic.address_set", by=by, at=at, object_id=clinic.id, fields=changed)
    return clinic


def _keep_receiver(
    action: str, receiver: Receiver, values: ReceiverValues, *, by: Membership, at: datetime, is_new: bool
) -> None:
    try:
        with transaction.atomic():
            _keep(action, receiver, asdict(values), by=by, at=at, is_new=is_new)
    except IntegrityError:
        raise ReceiverKnown from None


def _keep(action: str, row: Any, values: dict[str, Any], *, by: Membership, at: datetime, is_new: bool) -> None:
    changed = [name for name, value in values.items() if is_new or getattr(row, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(row, name, values[name])
    row.changed_at, row.changed_by = at, by
    row.save(force_insert=is_new)
    record(action, by=by, at=at, object_id=row.id, fields=changed)


def _check_receiver(values: ReceiverValues) -> None:
    faults = receiver_faults(_texts(values))
    if faults:
        raise FilingWrong(faults)


def _receiver(by: Membership, receiver_id: UUID) -> Receiver:
    found = Receiver.objects.select_for_update(of=("self",)).filter(organization_id=by.organization_id, id=receiver_id)
    receiver = found.first()
    if receiver is None:
        raise NotFound
    return receiver


def _texts(values: Any) -> dict[str, str]:
    return {name: value for name, value in asdict(values).items() if isinstance(value, str)}


def _lock(by: Membership) -> None:
    """One writer of these settings at a time: a second submit waits, and finds the first one's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"filing of {by.organization_id}"])
