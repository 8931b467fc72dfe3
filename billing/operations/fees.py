"""What the organization charges, what payers allow, and at which share clinicians are paid. Replaced, never edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from billing.models import ChargeFee, ClinicianRate, PayerFee
from billing.rules.filing import code_fault
from registry.models import Fact, Payer, TreatingClinician
from registry.operations.recording import Stamp, record_facts, stamped, take_back, void_facts

REPLACED: Final = "Replaced by another amount from the same day."
CENT = Decimal("0.01")
MOST = Decimal("99999999.99")


class FeeWrong(DomainError):
    """A fee that cannot be. `field` is the one to mend."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class FeeLine:
    """What a payer allows for one unit outside and inside a facility; one of them may be unknown."""

    code: str
    nonfacility: Decimal | None
    facility: Decimal | None = None


@transaction.atomic
def set_charge(*, by: Membership, at: datetime, code: str, from_on: date, amount: Decimal) -> ChargeFee:
    """Charge so much for one unit of a code from a day on; another amount from that day is replaced and kept.

    The same again changes nothing. Raises FeeWrong.
    """
    _check_code(code)
    _check_amount("amount", amount)
    _lock(by)
    rows = ChargeFee.objects.live().filter(organization_id=by.organization_id, code=code, from_on=from_on)
    before: ChargeFee | None = rows.first()
    if before is not None and before.amount == amount:
        return before
    made = stamped(ChargeFee, Stamp(by, at), code=code, from_on=from_on, amount=amount)
    _replace([before] if before else [], [made], by=by, at=at)
    record("charge_fee.set", by=by, at=at, object_id=made.id, fields=["code", "from_on", "amount"])
    return made


@transaction.atomic
def set_payer_fees(
    *,
    by: Membership,
    at: datetime,
    payer_id: UUID,
    clinic_id: UUID | None,
    from_on: date,
    source: str,
    lines: Sequence[FeeLine],
) -> int:
    """Say what a payer allows for these codes from a day on: everywhere, or at one clinic for its locality.

    Amounts from the same day are replaced and kept. Returns how many changed. Raises FeeWrong, NotFound.
    """
    for line in lines:
        _check_line(line)
    if len({line.code for line in lines}) != len(lines):
        raise FeeWrong("code", "A code stands here twice. Keep one amount for each code.")
    if not source.strip():
        raise FeeWrong("source", "Say where the amounts were read.")
    _check_payer(by, payer_id, clinic_id)
    _lock(by)
    key: Mapping[str, Any] = {"payer_id": payer_id, "clinic_id": clinic_id, "from_on": from_on}
    rows = PayerFee.objects.live().filter(organization_id=by.organization_id, **key)
    before: dict[str, PayerFee] = {fee.code: fee for fee in rows}
    changed = [line for line in lines if not _is_same(before.get(line.code), line, source)]
    made = [
        stamped(
            PayerFee,
            Stamp(by, at),
            **key,
            code=line.code,
            nonfacility=line.nonfacility,
            facility=line.facility,
            source=source.strip(),
        )
        for line in changed
    ]
    _replace([before[line.code] for line in changed if line.code in before], made, by=by, at=at)
    if made:
        record("payer_fees.set", by=by, at=at, object_id=payer_id, fields=["nonfacility", "facility"], count=len(made))
    return len(made)


@transaction.atomic
def set_clinician_share(
    *, by: Membership, at: datetime, clinician_id: UUID, from_on: date, percent: Decimal, payer_id: UUID | None = None
) -> ClinicianRate:
    """Say at which share a clinician is paid under their own NPI from a day on: of Medicare's fee schedule, or of what
    one payer allows.

    Raises FeeWrong for a share that is none, NotFound.
    """
    if not 0 < percent <= 100 or percent != percent.quantize(CENT):
        raise FeeWrong("percent", "Enter a percentage above 0 and up to 100, such as 85.")
    found = TreatingClinician.objects.filter(organization_id=by.organization_id, id=clinician_id)
    if not found.exists():
        raise NotFound
    if payer_id is not None:
        _check_payer(by, payer_id, None)
    _lock(by)
    key: Mapping[str, Any] = {"clinician_id": clinician_id, "payer_id": payer_id, "from_on": from_on}
    rows = ClinicianRate.objects.live().filter(organization_id=by.organization_id, **key)
    before: ClinicianRate | None = rows.first()
    if before is not None and before.percent == percent:
        return before
    made = stamped(ClinicianRate, Stamp(by, at), **key, percent=percent)
    _replace([before] if before else [], [made], by=by, at=at)
    record("clinician_share.set", by=by, at=at, object_id=made.id, fields=["from_on", "percent"])
    return made


@transaction.atomic
def take_back_charge(*, by: Membership, at: datetime, fee_id: UUID, reason: str) -> None:
    """A charge was wrong: the one before it holds again. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("charge_fee.taken_back", ChargeFee, fee_id, by=by, at=at, reason=reason)


@transaction.atomic
def take_back_payer_fee(*, by: Membership, at: datetime, fee_id: UUID, reason: str) -> None:
    """A payer's fee was wrong. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("payer_fees.taken_back", PayerFee, fee_id, by=by, at=at, reason=reason)


@transaction.atomic
def take_back_share(*, by: Membership, at: datetime, rate_id: UUID, reason: str) -> None:
    """A clinician's share was wrong. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("clinician_share.taken_back", ClinicianRate, rate_id, by=by, at=at, reason=reason)


def _replace(before: Iterable[Fact], made: Iterable[Fact], *, by: Membership, at: datetime) -> None:
    void_facts(before, stamp=Stamp(by, at), reason=REPLACED)
    record_facts(made)


def _is_same(before: PayerFee | None, line: FeeLine, source: str) -> bool:
    if before is None:
        return False
    now = (line.nonfacility, line.facility, source.strip())
    return (before.nonfacility, before.facility, before.source) == now


def _check_line(line: FeeLine) -> None:
    _check_code(line.code)
    if line.nonfacility is None and line.facility is None:
        raise FeeWrong("nonfacility", f"Enter an amount for {line.code}.")
    for field in ("nonfacility", "facility"):
        amount = getattr(line, field)
        if amount is not None:
            _check_amount(field, amount)


def _check_code(code: str) -> None:
    fault = code_fault(code)
    if fault:
        raise FeeWrong("code", fault)


def _check_amount(field: str, amount: Decimal) -> None:
    if not 0 < amount <= MOST or amount != amount.quantize(CENT):
        raise FeeWrong(field, "Enter dollars and cents above 0, such as 170.00.")


def _check_payer(by: Membership, payer_id: UUID, clinic_id: UUID | None) -> None:
    is_there = Payer.objects.filter(organization_id=by.organization_id, id=payer_id, is_self_pay=False).exists()
    clinics = Clinic.objects.filter(organization_id=by.organization_id)
    if not is_there or (clinic_id is not None and not clinics.filter(id=clinic_id).exists()):
        raise NotFound


def _lock(by: Membership) -> None:
    """One writer of fees at a time: what is replaced is what was seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"fees of {by.organization_id}"])
