"""Writing down what an answer says: acknowledgements, payments, and which claims they mean. Callers hold the lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bhi.tenancy.ids import uuid7
from billing.models import Acknowledgement, Adjustment, AnswerFile, Remittance, RemittanceClaim, RemittanceLine
from billing.queries.answer_matching import (
    Line,
    batches_of,
    claims_by_number,
    lines_of,
    meant_by,
    said_claims,
)
from billing.queries.same_payments import same_payment
from billing.rules.x12.acknowledgements import CLAIM, Said
from billing.rules.x12.identity import content_sha256
from billing.rules.x12.remittances import Less, PaidClaim, Payment

_BATCH: Final = 1000


@dataclass
class Posted:
    """What came of a file's payments: those posted now, and those that were known before."""

    claims: list[RemittanceClaim] = field(default_factory=list)
    known: list[Remittance] = field(default_factory=list)
    payments: int = 0


@dataclass(frozen=True)
class _Meant:
    """The claims that a file names, by control number in capitals, and the lines of each."""

    claims: Mapping[str, UUID]
    lines: Mapping[UUID, list[Line]]


@dataclass
class _Rows:
    """Rows of one payment, not yet stored."""

    claims: list[RemittanceClaim] = field(default_factory=list)
    lines: list[RemittanceLine] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)


def keep_said(file: AnswerFile, said: Iterable[Said]) -> None:
    """Every acknowledgement in its order, with the batch or claim that it means where that is known."""
    listed = list(said)
    batches = batches_of(file.organization_id, listed)
    claims = said_claims(file.organization_id, listed)
    rows = [
        Acknowledgement(
            organization_id=file.organization_id,
            file=file,
            position=place,
            kind=one.kind,
            reference=one.reference,
            batch_id=batches.get(one),
            claim_id=claims.get(one.reference.upper()) if one.of == CLAIM else None,
            is_of_claim=one.of == CLAIM,
            # To match by hand; a claim that is known has its patient.
            names={} if one.reference.upper() in claims else dict(one.names),
            service_on=one.service_on,
            charge=one.charge,
            is_accepted=one.is_accepted,
            code=one.code,
            detail=[_short(asdict(told)) for told in one.detail],
            payer_claim_number=one.payer_claim_number,
            said_on=one.said_on,
            counts=_short(asdict(one.counts)),
        )
        for place, one in enumerate(listed, start=1)
    ]
    Acknowledgement.objects.bulk_create(rows, batch_size=_BATCH)


def post(file: AnswerFile, payments: Iterable[Payment], *, at: datetime) -> Posted:
    """Every payment that was not posted before from another file, with its claims, lines and adjustments."""
    posted = Posted()
    listed = list(payments)
    named = {one.control for payment in listed for one in payment.claims}
    claims = claims_by_number(file.organization_id, named)
    meant = _Meant(claims, lines_of(file.organization_id, claims.values()) if claims else {})
    for place, payment in enumerate(listed, start=1):
        known = same_payment(file.organization_id, payment)
        if known is not None:
            posted.known.append(known)
            continue
        posted.payments += 1
        posted.claims.extend(_post(file, place, payment, meant, at=at))
    return posted


def _post(file: AnswerFile, place: int, payment: Payment, meant: _Meant, *, at: datetime) -> list[RemittanceClaim]:
    remittance = Remittance.objects.create(
        organization_id=file.organization_id,
        file=file,
        position=place,
        payer_name=payment.payer_name,
        payer_identifier=payment.payer_identifier,
        payee_name=payment.payee_name,
        payee_npi=payment.payee_npi,
        trace_number=payment.trace_number,
        method=payment.method,
        paid_on=payment.paid_on,
        total=payment.total,
        provider_adjustments=[
            {"reason": one.reason, "reference": one.reference, "amount": str(one.amount)}
            for one in payment.provider_less
        ],
        posted_at=at,
        content_sha256=content_sha256(payment),
    )
    rows = _rows(remittance, payment, meant)
    RemittanceClaim.objects.bulk_create(rows.claims, batch_size=_BATCH)
    RemittanceLine.objects.bulk_create(rows.lines, batch_size=_BATCH)
    Adjustment.objects.bulk_create(rows.adjustments, batch_size=_BATCH)
    return rows.claims


def _rows(remittance: Remittance, payment: Payment, meant: _Meant) -> _Rows:
    rows = _Rows()
    for place, one in enumerate(payment.claims, start=1):
        claim_id = meant.claims.get(one.control.upper())
        row = _claim(remittance, place, one, claim_id)
        rows.claims.append(row)
        drafts = list(_lines(row, one, meant.lines.get(claim_id, []) if claim_id else []))
        rows.lines.extend(drafts)
        rows.adjustments.extend(_adjustments(row, one, drafts))
    return rows


def _claim(remittance: Remittance, place: int, one: PaidClaim, claim_id: UUID | None) -> RemittanceClaim:
    return RemittanceClaim(
        id=uuid7(),
        organization_id=remittance.organization_id,
        remittance=remittance,
        position=place,
        claim_id=claim_id,
        control_number=one.control,
        status_code=one.status,
        is_reversal=one.is_reversal,
        charge=one.charge,
        paid=one.paid,
        patient_owes=one.patient_owes,
        payer_claim_number=one.payer_claim_number,
        names=dict(one.names),
        unknown=list(one.unknown),
        remarks=list(one.remarks),
    )


def _lines(row: RemittanceClaim, one: PaidClaim, lines: list[Line]) -> Iterator[RemittanceLine]:
    for place, line in enumerate(one.lines, start=1):
        yield RemittanceLine(
            id=uuid7(),
            organization_id=row.organization_id,
            remittance_claim=row,
            position=place,
            claim_line_id=meant_by(line, lines),
            line_control=line.control,
            code=line.code,
            asked_code=line.asked,
            units=line.units,
            service_on=line.service_on,
            charge=line.charge,
            paid=line.paid,
            allowed=line.allowed,
            remarks=list(line.remarks),
        )


def _adjustments(row: RemittanceClaim, one: PaidClaim, lines: list[RemittanceLine]) -> Iterator[Adjustment]:
    """Those of the claim first, then line by line, counted through."""
    of_lines = ((less, line) for paid, line in zip(one.lines, lines, strict=True) for less in paid.less)
    of_claim: list[tuple[Less, RemittanceLine | None]] = [(less, None) for less in one.less]
    for place, (less, line) in enumerate([*of_claim, *of_lines], start=1):
        yield Adjustment(
            id=uuid7(),
            organization_id=row.organization_id,
            remittance_claim=row,
            remittance_line=line,
            position=place,
            group=less.group,
            reason=less.reason,
            amount=less.amount,
        )


def _short(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value}
