"""How the invented practice files, and what its payer answered of one month: taken, rejected, paid, denied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Clinic, Membership
from billing.models import Batch, BillingProvider, Claim, ClaimLine, Receiver
from billing.operations.answers import take_answer
from billing.operations.closing import close_month
from billing.operations.demonstration.courses import AETNA, MEDICARE
from billing.operations.errors import NothingReady
from billing.operations.fees import FeeLine, set_charge, set_clinician_share, set_payer_fees
from billing.operations.filing import make_filed_batches, mark_sent
from billing.operations.filing_settings import (
    ProviderValues,
    ReceiverValues,
    RouteValues,
    add_receiver,
    set_billing_provider,
    set_route,
)
from billing.operations.other_services import record_other_service
from billing.operations.packets import ask_for_month_packet
from billing.operations.refunds import find_refunds
from billing.rules.x12.segments import Segment, render, segment
from caseload.rules.clock import month_index, month_named, month_of
from registry.models import TreatingClinician
from registry.operations.people import payer_named

CHARGES: Final = {"99492": "240.00", "99493": "210.00", "99494": "95.00", "G2214": "90.00", "99484": "85.00"}
FEES: Final = {"99492": "160.32", "99493": "144.74", "99494": "58.78", "G2214": "60.79", "99484": "57.45"}
AETNA_FEES: Final = {"99492": "171.00", "99493": "152.00", "99494": "61.50", "G2214": "64.00", "99484": "60.00"}
ALLOWED: Final = {
    MEDICARE: (FEES, "The contractor's list of the year (invented amounts)."),
    AETNA: (AETNA_FEES, "The contract of the year (invented amounts)."),
}
PROVIDER: Final = ProviderValues(
    name="Cedar Hill Primary Care",
    npi="1406080402",
    taxonomy="207Q00000X",
    tax_id="841234567",
    tax_id_kind="EI",
    address="410 Cedar Hill Road",
    city="Springfield",
    state="IL",
    postal_code="627011234",
    submitter_name="Cedar Hill Primary Care",
    submitter_id="CEDARHILL",
    contact_name="Billing office",
    contact_phone="2175550100",
    # Nothing leaves a demonstration; tests would be answered for nothing.
    is_test=False,
)
RECEIVERS: Final = (
    ReceiverValues(
        "Prairie Clearinghouse (invented)", "PRAIRIECH", "ZZ", "PRAIRIECH", "CEDARHILL", "ZZ", is_test=False
    ),
    ReceiverValues("Plan portal (invented)", "PLANPORTAL", "ZZ", "PLANPORTAL", "CEDARHILL", "ZZ", is_test=False),
)
# By payer: which of the receivers, its identifier there, and what kind of insurance it is.
ROUTES: Final = {MEDICARE: (0, "06102", "MB"), AETNA: (1, "60054", "CI")}
# What became of the claims that the payer answered, in their order; the others are taken on and wait.
_PAID, _SHARED, _DENIED, _UNSUPPORTED = range(4)
_ALLOWED: Final = Decimal("0.66")
_SHARE: Final = Decimal("0.2")
_CENT: Final = Decimal("0.01")


def tell_filing(*, by: Membership, at: datetime, today: date, clinic: Clinic) -> None:
    """Who files and how; the month before last closed at one clinic, filed and answered; once."""
    if BillingProvider.objects.filter(organization_id=by.organization_id).exists():
        return
    _settings(by, at, today)
    month = month_named(month_index(month_of(today)) - 2)
    note = "What is open was looked at, and is left for a correction."
    close_month(by=by, at=at, clinic_id=clinic.id, month=month, note=note, client_token=uuid7())
    try:
        batches = make_filed_batches(by=by, at=at, month=month, client_token=uuid7(), has_seen_papers=True)
    except NothingReady:
        return
    for batch in batches:
        mark_sent(by=by, at=at, batch_id=batch.id)
    answered = max(batches, key=lambda batch: batch.claim_count)
    _answer(by, at, today, answered)


def _settings(by: Membership, at: datetime, today: date) -> None:
    from_on = date(today.year, 1, 1)
    set_billing_provider(by=by, at=at, values=PROVIDER)
    receivers = [add_receiver(by=by, at=at, values=values) for values in RECEIVERS]
    for name, route in ROUTES.items():
        set_route(by=by, at=at, payer_id=payer_named(by=by, name=name).id, values=_route(receivers, *route))
    for code, amount in CHARGES.items():
        set_charge(by=by, at=at, code=code, from_on=from_on, amount=Decimal(amount))
    nurses = list(TreatingClinician.objects.filter(organization_id=by.organization_id, credential="NP"))
    for name, (amounts, source) in ALLOWED.items():
        fees = [FeeLine(code, Decimal(amount)) for code, amount in amounts.items()]
        payer = payer_named(by=by, name=name)
        set_payer_fees(by=by, at=at, payer_id=payer.id, clinic_id=None, from_on=from_on, source=source, lines=fees)
    # Medicare's share of nurse practitioners leaves Aetna's fees whole; its contract says less of them by itself.
    for share, of in ((Decimal("85.00"), None), (Decimal("90.00"), payer_named(by=by, name=AETNA).id)):
        for nurse in nurses:
            set_clinician_share(by=by, at=at, clinician_id=nurse.id, from_on=from_on, percent=share, payer_id=of)


def _route(receivers: Sequence[Receiver], place: int, identifier: str, kind: str) -> RouteValues:
    return RouteValues(
        receivers[place].id, identifier, kind, "month_end", filing_days=365, corrected_days=365, appeal_days=120
    )


def _answer(by: Membership, at: datetime, today: date, batch: Batch) -> None:
    """The file is taken, one claim is rejected; four are paid, shared, denied, and paid for what comes out later."""
    claims = list(Claim.objects.filter(organization_id=by.organization_id, batch=batch).order_by("number"))
    for name, body in (("taken.999", _taken(batch)), ("claims.277", _taken_on(batch, claims, today))):
        take_answer(by=by, at=at, name=name, content=render(body).encode())
    lines = ClaimLine.objects.filter(organization_id=by.organization_id, claim__batch=batch).order_by("number")
    answered = [(claim, [line for line in lines if line.claim_id == claim.id]) for claim in claims[:4]]
    content = render(_payment(today, answered, batch)).encode()
    take_answer(by=by, at=at, name="payment.835", content=content)
    if len(claims) > _UNSUPPORTED:
        _comes_out(by, at, claims[_UNSUPPORTED])
    first = claims[0]
    ask_for_month_packet(by=by, at=at, month=month_of(first.month), episode_id=first.episode_id)


def _comes_out(by: Membership, at: datetime, claim: Claim) -> None:
    """Another practitioner billed the same month: what was paid is supported no more."""
    record_other_service(
        by=by,
        at=at,
        patient=claim.patient,
        month=month_of(claim.month),
        code="99493",
        is_by_billing_practitioner=False,
        biller="Northside Psychology",
    )
    find_refunds(by=by, at=at)


def _taken(batch: Batch) -> Iterator[Segment]:
    """A 999 without faults."""
    yield segment("ST", "999", "0001", "005010X231A1")
    yield segment("AK1", "HC", batch.interchange_number, "005010X222A1")
    yield segment("AK2", "837", "0001", "005010X222A1")
    yield segment("IK5", "A")
    yield segment("AK9", "A", 1, 1, 1)
    yield segment("SE", 6, "0001")


def _taken_on(batch: Batch, claims: Sequence[Claim], on: date) -> Iterator[Segment]:
    """A 277CA: the last claim rejected for its member id, the others taken on."""
    body = [
        segment("BHT", "0085", "08", "CA1", f"{on:%Y%m%d}", "1200", "TH"),
        *(segment("HL", 1, "", "20", 1), segment("NM1", "PR", "2", "MEDICARE", *[""] * 4, "PI", "06102")),
        *(segment("TRN", "1", "CA1"), segment("HL", 2, 1, "21", 1)),
        segment("TRN", "2", f"BATCH{batch.number:06d}"),
        segment("STC", "A1:19", f"{on:%Y%m%d}", "WQ"),
        segment("HL", 3, 2, "19", 1),
    ]
    for place, claim in enumerate(claims, start=1):
        is_last = place == len(claims) > _UNSUPPORTED + 1
        body.append(segment("HL", place + 3, 3, "PT"))
        body.append(segment("TRN", "2", claim.control_number))
        said = ("A7:164", "U") if is_last else ("A2:20", "WQ")
        body.append(segment("STC", said[0], f"{on:%Y%m%d}", said[1], claim.charge))
    yield segment("ST", "277", "0001", "005010X214")
    yield from body
    yield segment("SE", len(body) + 2, "0001")


@dataclass(frozen=True)
class _Paid:
    """One line as it is answered."""

    code: str
    units: int
    charge: Decimal
    less: tuple[tuple[str, str, Decimal], ...]
    control: str

    @property
    def paid(self) -> Decimal:
        return self.charge - sum((amount for _, _, amount in self.less), Decimal(0))

    @property
    def owed(self) -> Decimal:
        return sum((amount for group, _, amount in self.less if group == "PR"), Decimal(0))


def _payment(on: date, answered: Iterable[tuple[Claim, Sequence[ClaimLine]]], batch: Batch) -> Iterator[Segment]:
    """An 835 of these claims, each answered by its place."""
    claims = [(claim, [_paid(place, line) for line in lines]) for place, (claim, lines) in enumerate(answered)]
    total = sum((line.paid for _, lines in claims for line in lines), Decimal(0))
    day = f"{on:%Y%m%d}"
    body = [
        segment("BPR", "I", total, "C", "ACH", "CCP", *[""] * 10, day),
        segment("TRN", "1", f"EFT{batch.number:06d}", "1841234567"),
        segment("N1", "PR", "MEDICARE PART B"),
        segment("N1", "PE", "CEDAR HILL PRIMARY CARE", "XX", PROVIDER.npi),
        segment("LX", 1),
        *(part for place, (claim, lines) in enumerate(claims) for part in _paid_claim(place, claim, lines)),
    ]
    yield segment("ST", "835", "0001")
    yield from body
    yield segment("SE", len(body) + 2, "0001")


def _paid(place: int, line: ClaimLine) -> _Paid:
    charge = line.charge or Decimal(0)
    allowed = (charge * _ALLOWED).quantize(_CENT)
    owed = (allowed * _SHARE).quantize(_CENT)
    less: dict[int, tuple[tuple[str, str, Decimal], ...]] = {
        _SHARED: (("CO", "45", charge - allowed), ("PR", "2", owed)),
        _DENIED: (("CO", "97", charge),),
    }
    return _Paid(line.code, line.units, charge, less.get(place, (("CO", "45", charge - allowed),)), line.control_number)


def _paid_claim(place: int, claim: Claim, lines: Sequence[_Paid]) -> Iterator[Segment]:
    paid = sum((line.paid for line in lines), Decimal(0))
    owed = sum((line.owed for line in lines), Decimal(0))
    status = "4" if place == _DENIED else "1"
    number = f"26{claim.number:011d}"
    yield segment("CLP", claim.control_number, status, claim.charge, paid, owed or "", "MB", number, "11", "1")
    for line in lines:
        yield segment("SVC", f"HC:{line.code}", line.charge, line.paid, "", line.units)
        yield segment("DTM", "472", f"{claim.service_on:%Y%m%d}")
        for group, reason, amount in line.less:
            yield segment("CAS", group, reason, amount)
        yield segment("REF", "6R", line.control)
