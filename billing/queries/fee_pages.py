"""What the pages of charges, payers' fees and clinicians' shares show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.models import ChargeFee, ClinicianRate, PayerFee
from billing.rules.facts import STANDARD
from billing.rules.fees import national_amount
from billing.rules.payers import MEDICARE
from registry.models import Payer, TreatingClinician

PAGE = 100


@dataclass(frozen=True, slots=True)
class Above:
    """Somebody who pays more for a code than is charged for it."""

    who: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ChargeShown:
    """A code's charges: the one in force, and all of them, the latest first. `above` pay more than is charged."""

    code: str
    current: ChargeFee | None
    all: tuple[ChargeFee, ...]
    national: Decimal | None
    above: tuple[Above, ...]


@dataclass(frozen=True, slots=True)
class PayerFeeShown:
    """What a payer allows for a code, everywhere or at one clinic, with the national amount beside it."""

    fee: PayerFee
    clinic: str
    national: Decimal | None
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class PayerFeesPage:
    """One page of a payer's fees."""

    rows: tuple[PayerFeeShown, ...]
    total: int
    page: int
    pages: int

    @property
    def first_row(self) -> int:
        return (self.page - 1) * PAGE + 1


@dataclass(frozen=True, slots=True)
class ShareShown:
    """A clinician with the share of Medicare's fee schedule in force, the shares of payers' own fees in force by payer,
    and all that were said, the latest first.
    """

    id: UUID
    name: str
    npi: str
    current: ClinicianRate | None
    of_payers: tuple[ClinicianRate, ...]
    all: tuple[ClinicianRate, ...]
    is_likely_less: bool


@dataclass(frozen=True, slots=True)
class SharesPage:
    """One page of the clinicians by name."""

    rows: tuple[ShareShown, ...]
    total: int
    page: int
    pages: int

    @property
    def first_row(self) -> int:
        return (self.page - 1) * PAGE + 1


def charges_shown(organization_id: UUID, *, on: date) -> tuple[ChargeShown, ...]:
    """Every code with a charge, by code. Two statements."""
    by_code: dict[str, list[ChargeFee]] = {}
    rows = ChargeFee.objects.filter(organization_id=organization_id).select_related("recorded_by", "voided_by")
    for fee in rows.order_by("code", "-from_on", "-recorded_at", "-id"):
        by_code.setdefault(fee.code, []).append(fee)
    fees = _in_force_of_payers(organization_id, on)
    return tuple(_charge(code, of_code, fees.get(code, {}), on) for code, of_code in by_code.items())


def payer_fees_shown(organization_id: UUID, payer_id: UUID, *, on: date, page: int = 1) -> PayerFeesPage:
    """A page of what a payer allows, by code, the latest first. Two statements. Beyond the last page is the last."""
    rows = PayerFee.objects.live().filter(organization_id=organization_id, payer_id=payer_id)
    listed = list(rows.select_related("clinic", "recorded_by").order_by("code", "clinic__name", "-from_on", "-id"))
    pages, page = _cut(len(listed), page)
    in_force = {one.id for one in _latest(listed, on)}
    return PayerFeesPage(
        rows=tuple(
            PayerFeeShown(
                fee=fee,
                clinic=fee.clinic.name if fee.clinic else "",
                national=_national(fee.code, max(fee.from_on, on)),
                is_in_force=fee.id in in_force,
            )
            for fee in listed[(page - 1) * PAGE : page * PAGE]
        ),
        total=len(listed),
        page=page,
        pages=pages,
    )


def payer_fee_of(organization_id: UUID, payer_id: UUID, fee_id: UUID) -> PayerFee | None:
    """One of a payer's fees, also one that was taken back."""
    found: PayerFee | None = PayerFee.objects.filter(
        organization_id=organization_id, payer_id=payer_id, id=fee_id
    ).first()
    return found


def charge_of(organization_id: UUID, fee_id: UUID) -> ChargeFee | None:
    """One charge, also one that was taken back."""
    found: ChargeFee | None = ChargeFee.objects.filter(organization_id=organization_id, id=fee_id).first()
    return found


def share_of(organization_id: UUID, rate_id: UUID) -> ClinicianRate | None:
    """One share with its clinician, also one that was taken back."""
    rows = ClinicianRate.objects.filter(organization_id=organization_id, id=rate_id)
    found: ClinicianRate | None = rows.select_related("clinician", "payer").first()
    return found


def shares_shown(organization_id: UUID, *, on: date, page: int = 1) -> SharesPage:
    """A page of the clinicians with their shares. Three statements. A page beyond the last is the last."""
    clinicians = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    total = clinicians.count()
    pages, page = _cut(total, page)
    shown = list(clinicians[(page - 1) * PAGE : page * PAGE])
    rates: dict[UUID, list[ClinicianRate]] = {}
    rows = ClinicianRate.objects.live().filter(organization_id=organization_id, clinician__in=shown)
    for rate in rows.select_related("recorded_by", "payer").order_by("-from_on", "-id"):
        rates.setdefault(rate.clinician_id, []).append(rate)
    return SharesPage(tuple(_share(one, rates.get(one.id, []), on) for one in shown), total, page, pages)


def clinician_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """Every treating clinician by name, for a list to choose from."""
    rows = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    return [(str(one.id), str(one)) for one in rows]


def fee_payer_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """Every payer that may have fees of its own, by name, for a list to choose from."""
    rows = Payer.objects.filter(organization_id=organization_id, is_self_pay=False).order_by("name", "id")
    return [(str(one.id), one.name) for one in rows]


def _charge(code: str, fees: Sequence[ChargeFee], payers: Mapping[str, Decimal], on: date) -> ChargeShown:
    current = next((fee for fee in fees if fee.is_live and fee.from_on <= on), None)
    national = _national(code, on)
    known = {**payers, **({"Medicare, nationally,": national} if national is not None else {})}
    above = [Above(who, amount) for who, amount in sorted(known.items()) if current and amount > current.amount]
    return ChargeShown(code, current, tuple(fees), national, tuple(above))


def _in_force_of_payers(organization_id: UUID, on: date) -> dict[str, dict[str, Decimal]]:
    """By code and payer, the most that the payer allows anywhere."""
    rows = PayerFee.objects.live().filter(organization_id=organization_id, from_on__lte=on).select_related("payer")
    found: dict[str, dict[str, Decimal]] = {}
    for fee in _latest(rows.order_by("-from_on", "-id"), on):
        most = max(amount for amount in (fee.nonfacility, fee.facility) if amount is not None)
        of_code = found.setdefault(fee.code, {})
        of_code[fee.payer.name] = max(most, of_code.get(fee.payer.name, most))
    return found


def _latest(fees: Iterable[PayerFee], on: date) -> Iterable[PayerFee]:
    """Of those in their order, the latest first, the one of each payer, clinic and code that holds on the day."""
    seen: set[tuple[UUID, UUID | None, str]] = set()
    for fee in fees:
        key = (fee.payer_id, fee.clinic_id, fee.code)
        if fee.from_on <= on and key not in seen:
            seen.add(key)
            yield fee


def _share(clinician: TreatingClinician, rates: Sequence[ClinicianRate], on: date) -> ShareShown:
    in_force: dict[UUID | None, ClinicianRate] = {}
    for rate in rates:
        if rate.from_on <= on:
            in_force.setdefault(rate.payer_id, rate)
    current = in_force.pop(None, None)
    words = clinician.credential.upper().replace(".", "").replace(",", " ").split()
    is_likely_less = bool({"NP", "PA", "APRN", "FNP", "DNP", "CNS", "PA-C", "FNP-BC", "FNP-C", "CRNP"} & set(words))
    return ShareShown(
        id=clinician.id,
        name=str(clinician),
        npi=clinician.npi,
        current=current,
        of_payers=tuple(sorted(in_force.values(), key=lambda rate: rate.payer.name if rate.payer else "")),
        all=tuple(rates),
        is_likely_less=is_likely_less and current is None,
    )


def _national(code: str, on: date) -> Decimal | None:
    return national_amount(MEDICARE, code, on, STANDARD, facility=False)


def _cut(total: int, page: int) -> tuple[int, int]:
    pages = max(1, -(-total // PAGE))
    return pages, min(max(page, 1), pages)
