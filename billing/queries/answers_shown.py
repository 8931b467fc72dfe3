"""What pages show of one answer: its file, its payments, and each thing that it said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models import Acknowledgement, MatchUndone
from billing.queries.claims import claim_name
from billing.rules.x12.answer_words import claim_words, fault_words, said_words
from billing.rules.x12.remittances import REVERSAL
from billing.rules.x12.values import money_of


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """A file in the list. `unmatched` waits for a person; `kept` is of patients not open to who looks, and so neither
    are sums in which it is.
    """

    id: UUID
    name: str
    kind: str
    state: str
    state_label: str
    refusal: str
    received_at: datetime
    by: str
    summary: Mapping[str, Any]
    unmatched: int = 0
    kept: int = 0
    claims: int = 0

    @property
    def paid(self) -> Decimal | None:
        """What its payments paid; None where it holds none, or not all of it is open to who looks."""
        return Decimal(self.summary["paid"]) if self.summary.get("payments") and not self.kept else None


@dataclass(frozen=True, slots=True)
class OurClaim:
    """The claim that was meant, as pages name it."""

    id: UUID
    name: str
    patient_id: UUID
    patient: str


@dataclass(frozen=True, slots=True)
class FileCount:
    """How many claims of a file were taken or refused; `charges` is None where they are not said."""

    claims: str
    was: str
    charges: Decimal | None


@dataclass(frozen=True, slots=True)
class UndoneShown:
    """What somebody had said that an answer means, and who took it back, when and why."""

    was: str
    said_by: str
    said_at: datetime
    undone_by: str
    undone_at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class SaidShown:
    """One acknowledgement: of a batch or claim of ours, or waiting. `faults` as segment, place and code."""

    id: UUID
    kind: str
    reference: str
    is_accepted: bool
    code: str
    words: str
    faults: tuple[str, ...]
    said_on: date | None
    batch_id: UUID | None
    batch: str
    claim: OurClaim | None
    is_by_hand: bool
    set_aside_because: str
    counts: tuple[FileCount, ...] = ()
    is_of_claim: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    service_on: date | None = None
    charge: Decimal | None = None

    @property
    def is_set_aside(self) -> bool:
        return self.is_by_hand and not (self.batch_id or self.claim)

    @property
    def is_waiting(self) -> bool:
        return not (self.batch_id or self.claim or self.is_set_aside)


@dataclass(frozen=True, slots=True)
class PaidLineShown:
    """A line as the payer answered it; `less` are its adjustments: group, reason, amount."""

    code: str
    units: Decimal | None
    service_on: date | None
    charge: Decimal
    paid: Decimal
    allowed: Decimal | None
    less: tuple[tuple[str, str, Decimal], ...]
    remarks: tuple[str, ...]
    is_known: bool
    asked: str = ""
    """The procedure as it was submitted, where the payer made another of it."""


@dataclass(frozen=True, slots=True)
class PaidClaimShown:
    """What a payment said of one claim, with the claim of ours that it means."""

    id: UUID
    control_number: str
    status_code: str
    is_reversal: bool
    charge: Decimal
    paid: Decimal
    patient_owes: Decimal
    payer_claim_number: str
    names: Mapping[str, str]
    unknown: tuple[str, ...]
    claim: OurClaim | None
    set_aside_because: str
    matched_by: str
    remarks: tuple[str, ...]
    less: tuple[tuple[str, str, Decimal], ...]
    lines: tuple[PaidLineShown, ...]
    payer_name: str
    trace_number: str
    paid_on: date | None
    file_id: UUID
    file_name: str

    @property
    def is_waiting(self) -> bool:
        return self.claim is None and not self.set_aside_because

    @property
    def is_nameless(self) -> bool:
        """Whether it was set aside before, and whose it is was forgotten."""
        return self.is_waiting and not self.names

    @property
    def status(self) -> str:
        return claim_words(REVERSAL if self.is_reversal else self.status_code)

    @property
    def taken_off(self) -> Decimal:
        """What the payer took off without the patient owing it."""
        return self.charge - self.paid - self.patient_owes

    @property
    def received_name(self) -> str:
        return self.names.get("patient", "")


@dataclass(frozen=True, slots=True)
class PaymentShown:
    """One payment of a file, and what of its total belongs to no claim; `total` is None where it may not be told."""

    payer_name: str
    payee_name: str
    payee_npi: str
    trace_number: str
    paid_on: date | None
    total: Decimal | None
    claims: int
    kept_back: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One file: its payments, and a page of what it said of batches and claims."""

    file: AnswerShown
    job_id: UUID | None
    is_kept: bool
    payments: tuple[PaymentShown, ...]
    said: tuple[SaidShown, ...]
    claims: tuple[PaidClaimShown, ...]
    total: int
    page: int
    pages: int
    unknown: tuple[str, ...]
    known: tuple[tuple[UUID, str, datetime], ...]
    waiting: int


def shown_said(row: Acknowledgement) -> SaidShown:
    """An acknowledgement, with its batch or claim and that claim's patient joined in."""
    return SaidShown(
        id=row.id,
        kind=row.kind,
        reference=row.reference,
        is_accepted=row.is_accepted,
        code=row.code,
        words=said_words(row.kind, row.code),
        faults=tuple(_fault(row.kind, fault) for fault in row.detail),
        said_on=row.said_on,
        batch_id=row.batch_id,
        batch=f"Batch {row.batch.number}" if row.batch else "",
        claim=ours(row.claim),
        is_by_hand=row.matched_at is not None,
        set_aside_because=row.set_aside_because,
        counts=tuple(_counts(row.counts)),
        is_of_claim=row.is_of_claim,
        names=row.names,
        service_on=row.service_on,
        charge=row.charge,
    )


def _counts(counts: Mapping[str, str]) -> Iterator[FileCount]:
    for key, was in (("taken", "taken"), ("refused", "rejected")):
        if counts.get(key):
            charges = counts.get(f"{key}_charges", "")
            yield FileCount(counts[key], was, money_of(charges) if charges else None)


def shown_undone(row: MatchUndone, people: Mapping[UUID, str]) -> UndoneShown:
    """A match that was taken back, with its batch, claim and patient joined in."""
    claim = ours(row.claim)
    was = f"Set aside: {row.set_aside_because}" if row.set_aside_because else "Set aside"
    if claim is not None:
        was = f"{claim.patient}, {claim.name}"
    elif row.batch is not None:
        was = f"Batch {row.batch.number}"
    said_by, undone_by = (people.get(id_, "") for id_ in (row.matched_by_id, row.undone_by_id))
    return UndoneShown(was, said_by, row.matched_at, undone_by, row.undone_at, row.because)


def _fault(kind: str, fault: Mapping[str, str]) -> str:
    """`CLM, segment 19, element 5:1: not a code of its list (7)`, as far as it is said."""
    segment, element, code = (fault.get(key, "") for key in ("segment", "element", "code"))
    place = [segment] if segment else []
    if fault.get("position"):
        place.append(f"segment {fault['position']}")
    if element:
        place.append(f"element {element}")
    if fault.get("line"):
        place.append(f"line {fault['line']}")
    words = fault_words(kind, segment, element, code)
    said = words if code in words else f"{words} ({code})"
    return f"{', '.join(place)}: {said}" if place else said


def ours(claim: Any) -> OurClaim | None:
    """A claim of ours by its number and patient, with batch and patient joined in; None without one."""
    if claim is None:
        return None
    name = claim.control_number or claim_name(claim.batch.number, claim.number)
    return OurClaim(claim.id, name, claim.patient_id, f"{claim.patient.family_name}, {claim.patient.given_name}")
