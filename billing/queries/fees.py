"""What the organization charges, what its payers allow, and what claims are expected to bring by that."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, Value

from billing.models import ChargeFee, Claim, ClaimLine, ClinicianRate, PayerFee
from billing.rules import facts as frozen
from billing.rules.books import NoBookInForce, book_named
from billing.rules.candidates import is_facility
from billing.rules.expected import NOT_KNOWN, ExpectedAmount, expected_amount, share_paid


@dataclass(frozen=True, slots=True)
class Placed:
    """Who is asked for a line, where and by whom the service was given: what its fee depends on."""

    payer_id: UUID | None
    clinic_id: UUID | None
    clinician_id: UUID | None
    family: str
    facility: bool
    on: date


@dataclass(frozen=True, slots=True)
class LineExpected:
    """A claim's line with what it is expected to bring."""

    number: int
    code: str
    units: int
    expected: ExpectedAmount


class FeeTable:
    """Every fee and share that holds on some day: read once, asked for many lines."""

    def __init__(self, fees: Iterable[PayerFee], rates: Iterable[ClinicianRate]) -> None:
        self._fees: dict[tuple[UUID, UUID | None, str], list[PayerFee]] = {}
        for fee in sorted(fees, key=lambda one: one.from_on):
            self._fees.setdefault((fee.payer_id, fee.clinic_id, fee.code), []).append(fee)
        self._rates: dict[tuple[UUID, UUID | None], list[ClinicianRate]] = {}
        for rate in sorted(rates, key=lambda one: one.from_on):
            self._rates.setdefault((rate.clinician_id, rate.payer_id), []).append(rate)

    @property
    def has_shares(self) -> bool:
        """Whether any clinician is paid another share of a fee than the whole."""
        return bool(self._rates)

    def fee(self, placed: Placed, code: str) -> Decimal | None:
        """What the payer allows for one unit: by the clinic's own table first, else by its general one."""
        if placed.payer_id is None:
            return None
        for clinic_id in dict.fromkeys((placed.clinic_id, None)):
            amount = self._in_force((placed.payer_id, clinic_id, code), placed)
            if amount is not None:
                return amount
        return None

    def percent(self, placed: Placed, *, has_own_fee: bool) -> Decimal:
        """The clinician's share of what the payer allows: whole where nobody said otherwise of it."""
        return share_paid(
            family=placed.family,
            has_own_fee=has_own_fee,
            general=self._share(placed, None),
            of_payer=self._share(placed, placed.payer_id) if placed.payer_id else None,
        )

    def expected(self, placed: Placed, code: str, units: int, national: Decimal | None) -> ExpectedAmount:
        """What a line is expected to bring; `national` is the national amount of all its units."""
        fee = self.fee(placed, code)
        return expected_amount(
            family=placed.family,
            on=placed.on,
            units=units,
            fee=fee,
            national=national,
            percent=self.percent(placed, has_own_fee=fee is not None),
        )

    def _share(self, placed: Placed, payer_id: UUID | None) -> Decimal | None:
        rates = self._rates.get((placed.clinician_id, payer_id), []) if placed.clinician_id else []
        return next((rate.percent for rate in reversed(rates) if rate.from_on <= placed.on), None)

    def _in_force(self, key: tuple[UUID, UUID | None, str], placed: Placed) -> Decimal | None:
        fees = self._fees.get(key, [])
        fee = next((one for one in reversed(fees) if one.from_on <= placed.on), None)
        if fee is None:
            return None
        return fee.facility if placed.facility else fee.nonfacility


def charges(organization_id: UUID, on: date) -> Mapping[str, Decimal]:
    """What the organization charges for one unit of each code on a day. One statement."""
    rows = ChargeFee.objects.live().filter(organization_id=organization_id, from_on__lte=on).order_by("from_on")
    return {row.code: row.amount for row in rows}


def charge_history(organization_id: UUID) -> Callable[[str, date], Decimal | None]:
    """What the organization charges for one unit of a code on any day; None where nobody said. One statement."""
    rows = ChargeFee.objects.live().filter(organization_id=organization_id).order_by("-from_on")
    known: dict[str, list[tuple[date, Decimal]]] = {}
    for code, from_on, amount in rows.values_list("code", "from_on", "amount"):
        known.setdefault(code, []).append((from_on, amount))
    return lambda code, on: next((amount for from_on, amount in known.get(code, ()) if from_on <= on), None)


def fee_table(organization_id: UUID) -> FeeTable:
    """Fees of payers and shares of clinicians. One statement."""
    nothing = Value(None, output_field=DecimalField())
    fees = PayerFee.objects.live().filter(organization_id=organization_id)
    rates = ClinicianRate.objects.live().filter(organization_id=organization_id)
    shares = rates.annotate(code=Value(""), facility=nothing)
    rows = fees.values_list("payer_id", "clinic_id", "code", "from_on", "nonfacility", "facility").union(
        shares.values_list("clinician_id", "payer_id", "code", "from_on", "percent", "facility"), all=True
    )
    listed = list(rows)
    return FeeTable(
        fees=(
            PayerFee(payer_id=of, clinic_id=clinic, code=code, from_on=on, nonfacility=amount, facility=facility)
            for of, clinic, code, on, amount, facility in listed
            if code
        ),
        rates=(
            ClinicianRate(clinician_id=of, payer_id=payer, from_on=on, percent=percent)
            for of, payer, code, on, percent, _ in listed
            if not code
        ),
    )


def expected_of_claims(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, tuple[LineExpected, ...]]:
    """By claim, what each of its lines is expected to bring, in order. Three statements, whatever the number."""
    wanted = list(claim_ids)
    rows = Claim.objects.filter(organization_id=organization_id, id__in=wanted).select_related("episode")
    placed = {claim.id: placed_of_claim(claim) for claim in rows.defer("verdict", "content")}
    table = fee_table(organization_id)
    found: dict[UUID, list[LineExpected]] = {id_: [] for id_ in placed}
    lines = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=wanted).order_by("claim", "number")
    for line in lines:
        where = placed[line.claim_id]
        amount = NOT_KNOWN if where is None else table.expected(where, line.code, line.units, line.amount)
        found[line.claim_id].append(LineExpected(line.number, line.code, line.units, amount))
    return {id_: tuple(of_claim) for id_, of_claim in found.items()}


def placed_of_claim(claim: Claim) -> Placed | None:
    """Where a claim's lines are paid, by the facts it keeps; None where it keeps none that can be read."""
    return placed_of(
        claim.facts,
        claim.book,
        payer_id=claim.payer_id,
        clinic_id=claim.episode.clinic_id,
        clinician_id=claim.clinician_id or claim.episode.treating_clinician_id,
        on=claim.service_on,
    )


def placed_of(
    facts: object,
    book_id: str,
    *,
    payer_id: UUID | None,
    clinic_id: UUID | None,
    clinician_id: UUID | None,
    on: date,
) -> Placed | None:
    """The same of any frozen month: its facts as they are kept, and its book's id."""
    if not facts:
        return None
    try:
        book = book_named(book_id)
    except NoBookInForce:
        return None
    known = frozen.from_json(json.dumps(facts))
    return Placed(payer_id, clinic_id, clinician_id, book.family, is_facility(known, book), on)
