"""Who files, by whom, and what is still missing before claims can leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Setting
from billing.models import BillingProvider, PayerRoute, Receiver
from billing.queries.sites import site_of
from billing.rules.sites import is_usable
from registry.models import TreatingClinician

INSTITUTIONAL = frozenset({Setting.FQHC, Setting.RHC})
"""Settings whose care management goes on the institutional claim (837I), which is not made here."""

_PAYERS = """
    SELECT p.id, p.name, r.id, coalesce(r.payer_identifier, ''), c.name, c.is_in_use,
           (SELECT count(DISTINCT o.patient_id) FROM registry_coverage o
              JOIN registry_patient q ON q.organization_id = o.organization_id AND q.id = o.patient_id
             WHERE o.organization_id = p.organization_id AND o.payer_id = p.id AND o.voided_at IS NULL
               AND q.voided_at IS NULL AND q.merged_into_id IS NULL
               AND (o.from_on IS NULL OR o.from_on <= %(on)s) AND (o.until_on IS NULL OR o.until_on >= %(on)s))
      FROM registry_payer p
      LEFT JOIN billing_payerroute r ON r.organization_id = p.organization_id AND r.payer_id = p.id
      LEFT JOIN billing_receiver c ON c.organization_id = r.organization_id AND c.id = r.receiver_id
     WHERE p.organization_id = %(organization)s AND NOT p.is_self_pay
     ORDER BY p.name, p.id
"""
# Codes that closed months of the last year ask for, and for which nothing is charged on the day.
_UNPRICED = """
    SELECT DISTINCT line->>0
      FROM billing_frozenmonth f, jsonb_array_elements(f.lines) AS line
     WHERE f.organization_id = %(organization)s AND f.month >= %(on)s::date - 366
       AND NOT EXISTS (SELECT 1 FROM billing_chargefee c
                        WHERE c.organization_id = f.organization_id AND c.code = line->>0
                          AND c.voided_at IS NULL AND c.from_on <= %(on)s)
     ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class PayerReady:
    """A payer with what keeps its claims from leaving; nothing in `missing`, and they can."""

    id: UUID
    name: str
    patients: int
    has_route: bool
    receiver: str
    payer_identifier: str
    missing: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """Where a clinic sees patients, and whether claims take it so. Empty where nobody said so: they then name the
    billing provider's address.
    """

    id: UUID
    name: str
    npi: str
    address: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class FilingReady:
    """What is set and what is missing. `institutional` clinics file elsewhere; `unpriced` codes have no charge."""

    provider: BillingProvider | None
    receivers: tuple[Receiver, ...]
    payers: tuple[PayerReady, ...]
    unpriced: tuple[str, ...]
    has_charges: bool
    without_npi: int
    institutional: tuple[str, ...]
    places: tuple[PlaceShown, ...] = ()

    @property
    def ready(self) -> int:
        """How many payers can be filed with."""
        return sum(payer.is_ready for payer in self.payers)


def billing_provider(organization_id: UUID) -> BillingProvider | None:
    """Who files; None before anybody said so."""
    found = BillingProvider.objects.filter(organization_id=organization_id)
    return found.select_related("changed_by").first()


def receiver_named(organization_id: UUID, receiver_id: UUID) -> Receiver:
    """One clearinghouse. Raises NotFound."""
    found = Receiver.objects.filter(organization_id=organization_id, id=receiver_id).select_related("changed_by")
    receiver = found.first()
    if receiver is None:
        raise NotFound
    return receiver


def receivers(organization_id: UUID) -> list[Receiver]:
    """Every clearinghouse by name, those in use first."""
    return list(Receiver.objects.filter(organization_id=organization_id).order_by("-is_in_use", "name", "id"))


def route_of(organization_id: UUID, payer_id: UUID) -> PayerRoute | None:
    """How a payer is filed with; None before anybody said so."""
    found = PayerRoute.objects.filter(organization_id=organization_id, payer_id=payer_id)
    return found.select_related("receiver", "changed_by").first()


def filing_ready(organization_id: UUID, *, on: date) -> FilingReady:
    """What is set and what is missing on a day. Seven statements, however many payers there are."""
    provider, known = billing_provider(organization_id), receivers(organization_id)
    clinics = list(Clinic.objects.filter(organization_id=organization_id).order_by("name", "id"))
    unpriced, has_charges = _unpriced(organization_id, on)
    return FilingReady(
        provider=provider,
        receivers=tuple(known),
        payers=_payers(organization_id, on, has_provider=provider is not None),
        unpriced=unpriced,
        has_charges=has_charges,
        without_npi=TreatingClinician.objects.filter(organization_id=organization_id, npi="").count(),
        institutional=tuple(clinic.name for clinic in clinics if clinic.setting in INSTITUTIONAL),
        places=tuple(_place(clinic) for clinic in clinics),
    )


def clinic_named(organization_id: UUID, clinic_id: UUID) -> Clinic:
    """One clinic with its address. Raises NotFound."""
    clinic: Clinic | None = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return clinic


def _place(clinic: Clinic) -> PlaceShown:
    parts = (clinic.address, clinic.city, clinic.state, clinic.postal_code)
    address = ", ".join(filter(None, parts))
    return PlaceShown(clinic.id, clinic.name, clinic.npi, address, is_whole=is_usable(site_of(clinic)))


def _payers(organization_id: UUID, on: date, *, has_provider: bool) -> tuple[PayerReady, ...]:
    """Those with patients first; one without patients and without a route needs nothing yet."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, {"organization": organization_id, "on": on})
        rows = cursor.fetchall()
    found = [
        PayerReady(
            id=id_,
            name=name,
            patients=patients,
            has_route=route_id is not None,
            receiver=receiver or "",
            payer_identifier=identifier,
            missing=tuple(_missing(route_id, identifier, receiver, is_in_use, has_provider=has_provider)),
        )
        for id_, name, route_id, identifier, receiver, is_in_use, patients in rows
    ]
    return tuple(sorted(found, key=lambda payer: payer.patients == 0))


def _missing(
    route_id: UUID | None, identifier: str, receiver: str | None, is_in_use: bool | None, *, has_provider: bool
) -> list[str]:
    faults = {
        "how to file": route_id is None,
        "clearinghouse": route_id is not None and receiver is None,
        "clearinghouse in use": receiver is not None and not is_in_use,
        "payer id": route_id is not None and not identifier,
        "billing provider": not has_provider,
    }
    return [words for words, is_so in faults.items() if is_so]


def _unpriced(organization_id: UUID, on: date) -> tuple[tuple[str, ...], bool]:
    with connection.cursor() as cursor:
        cursor.execute(_UNPRICED, {"organization": organization_id, "on": on})
        codes = tuple(code for (code,) in cursor.fetchall())
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM billing_chargefee WHERE organization_id = %s AND voided_at IS NULL)",
            [organization_id],
        )
        (has_charges,) = cursor.fetchone()
    return codes, has_charges
