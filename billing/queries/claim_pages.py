"""One claim with everything that came of it, and how far batches were answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from bhi.errors import NotFound
from billing.models import Acknowledgement, Claim, ClaimWithdrawal, RemittanceClaim
from billing.queries.acknowledged import acknowledged_in
from billing.queries.claim_parts import DenialShown, LinePart, Relative, claim_parts
from billing.queries.claim_states import STATE_WORDS, ClaimState, claim_states
from billing.queries.claims import claim_name
from billing.queries.fees import FeeTable, fee_table, placed_of_claim
from billing.rules.acknowledged import Heard
from billing.rules.expected import NOT_KNOWN, ExpectedAmount, added
from billing.rules.x12.answer_words import named_besides, remark_said, said_words
from caseload.rules.clock import local_date, month_of

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """How far a batch was answered: claims that a payer decided, claims refused before, and its file as a whole."""

    decided: int = 0
    rejected: int = 0
    is_file_rejected: bool = False
    is_file_taken: bool = False


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line of a claim; negative units take back what the claim before it asked."""

    number: int
    code: str
    units: int
    charge: Decimal | None
    expected: ExpectedAmount

    @property
    def takes_back(self) -> bool:
        return self.units < 0


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to the claim, as the timeline shows it. `kind` says of what: `batch` or `answer`."""

    on: date
    title: str
    icon: str
    who: str = ""
    text: str = ""
    facts: tuple[str, ...] = ()
    tone: str = ""
    kind: str = ""
    object_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """A claim as its page shows it. `number` is what every answer names it by; empty of claims that left as a table."""

    id: UUID
    name: str
    number: str
    frequency: str
    is_superseded: bool
    payer_claim_number: str
    because: str
    reference: str
    patient_id: UUID
    patient_name: str
    episode_id: UUID
    month: str
    payer: str
    payer_id: UUID
    clinic_id: UUID
    clinician: str
    service_on: date
    diagnoses: tuple[str, ...]
    charge: Decimal | None
    batch_id: UUID
    batch_number: int
    is_filed: bool
    is_handed_over: bool
    is_test: bool
    state: ClaimState
    lines: tuple[LineShown, ...]
    expected: ExpectedAmount
    entries: tuple[Entry, ...]
    denials: tuple[DenialShown, ...]
    relatives: tuple[Relative, ...]
    zone: ZoneInfo
    is_part_two: bool = False


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """A claim as a search answers."""

    id: UUID
    name: str
    number: str
    patient_id: UUID
    patient_name: str
    month: str
    payer: str
    is_superseded: bool


def batch_answers(organization_id: UUID, batch_ids: Collection[UUID]) -> dict[UUID, BatchAnswers]:
    """By batch, how far it was answered. Two statements."""
    ids = list(batch_ids)
    paid = RemittanceClaim.objects.filter(organization_id=organization_id, claim__batch_id__in=ids)
    decided = paid.values("claim__batch_id").annotate(claims=Count("claim_id", distinct=True))
    by_batch = {row["claim__batch_id"]: row["claims"] for row in decided}
    of_batches, of_claims = acknowledged_in(organization_id, ids)
    return {id_: _answers(by_batch.get(id_, 0), of_batches.get(id_), of_claims.get(id_, [])) for id_ in ids}


def _answers(decided: int, of_file: Heard | None, of_claims: Collection[Heard]) -> BatchAnswers:
    rejected = sum(not one.is_accepted for one in of_claims)
    is_refused, is_taken = (of_file is not None and of_file.is_accepted is taken for taken in (False, True))
    return BatchAnswers(decided, rejected, is_refused, is_taken)


def claim_page(organization_id: UUID, claim_id: UUID) -> ClaimPage:
    """A claim with its lines, answers, denials, and the claims before and after it. The same number of statements
    however much was answered, but for one each time that it was replaced. Raises NotFound.
    """
    claim = _claim(organization_id, claim_id)
    parts = claim_parts(claim)
    shown = tuple(_lines(claim, parts.lines, fee_table(organization_id)))
    batch = claim.batch
    clinician = claim.clinician or claim.episode.treating_clinician
    return ClaimPage(
        id=claim.id,
        name=claim_name(batch.number, claim.number),
        number=claim.control_number,
        frequency=claim.frequency,
        is_superseded=claim.is_superseded,
        payer_claim_number=claim.payer_claim_number,
        because=claim.content.get("because", ""),
        reference=claim.content.get("reference", ""),
        patient_id=claim.patient_id,
        patient_name=f"{claim.patient.family_name}, {claim.patient.given_name}",
        is_part_two=claim.patient.is_part_two,
        episode_id=claim.episode_id,
        month=month_of(claim.month),
        payer=claim.payer.name,
        payer_id=claim.payer_id,
        clinic_id=claim.episode.clinic_id,
        clinician=str(clinician) if clinician else "",
        service_on=claim.service_on,
        diagnoses=tuple(claim.facts.get("diagnoses", ())),
        charge=claim.charge,
        batch_id=batch.id,
        batch_number=batch.number,
        is_filed=bool(claim.control_number),
        is_handed_over=batch.sent_at is not None,
        is_test=batch.is_test,
        state=claim_states(organization_id, [claim_id])[claim_id],
        lines=shown,
        expected=added(line.expected for line in shown if not line.takes_back),
        entries=_entries(claim, claim.withdrawal),
        denials=parts.denials,
        relatives=parts.relatives,
        zone=ZoneInfo(claim.episode.clinic.time_zone),
    )


def claims_numbered(organization_id: UUID, typed: str) -> list[FoundClaim]:
    """Claims whose control number holds what was typed, that a payer keeps under it, or that are called so; the newest
    first. One statement.
    """
    text = typed.strip().upper()
    rows = Claim.objects.filter(organization_id=organization_id)
    kept = [
        answers.objects.filter(organization_id=organization_id, payer_claim_number__iexact=text, claim__isnull=False)
        for answers in (RemittanceClaim, Acknowledgement)
    ]
    by = Q(control_number__contains=text) | Q(payer_claim_number__iexact=text)
    by |= Q(id__in=kept[0].values("claim_id")) | Q(id__in=kept[1].values("claim_id"))
    batch, _, number = text.partition("-")
    if batch.isdecimal() and number.isdecimal() and max(len(batch), len(number)) < 9:
        by |= Q(batch__number=int(batch), number=int(number))
    found = rows.filter(by).select_related("patient", "payer", "batch").defer("facts", "verdict", "content")
    return [
        FoundClaim(
            id=one.id,
            name=claim_name(one.batch.number, one.number),
            number=one.control_number,
            patient_id=one.patient_id,
            patient_name=f"{one.patient.family_name}, {one.patient.given_name}",
            month=month_of(one.month),
            payer=one.payer.name,
            is_superseded=one.is_superseded,
        )
        for one in found.order_by("-batch__number", "number")[:MOST_FOUND]
    ]


def _claim(organization_id: UUID, claim_id: UUID) -> Any:
    """The claim, with how it was taken back without a file (None where it was not)."""
    told = JSONObject(
        at=F("at"), by=F("by__name"), because=F("because"), reference=F("reference"), payer_told=F("payer_told")
    )
    withdrawal = ClaimWithdrawal.objects.filter(
        organization_id=OuterRef("organization_id"), claim_id=OuterRef("id")
    ).values(told=told)
    rows = Claim.objects.filter(organization_id=organization_id, id=claim_id).select_related(
        "patient",
        "payer",
        "clinician",
        "episode__treating_clinician",
        "episode__clinic",
        "batch__made_by",
        "batch__sent_by",
    )
    claim: Any = rows.annotate(withdrawal=Subquery(withdrawal)).first()
    if claim is None:
        raise NotFound
    return claim


def _lines(claim: Claim, lines: Iterable[LinePart], table: FeeTable) -> list[LineShown]:
    placed = placed_of_claim(claim)
    return [
        LineShown(
            line.number,
            line.code,
            line.units,
            line.charge,
            table.expected(placed, line.code, line.units, line.amount) if placed and line.units > 0 else NOT_KNOWN,
        )
        for line in lines
    ]


def _entries(claim: Claim, told: Mapping[str, Any] | None) -> tuple[Entry, ...]:
    """What happened, the newest first."""
    batch, zone = claim.batch, ZoneInfo(claim.episode.clinic.time_zone)
    made = Entry(
        local_date(batch.made_at, zone), f"In batch {batch.number}", "paper-airplane", batch.made_by.name,
        kind="batch", object_id=batch.id,
    )  # fmt: skip
    found = [(batch.made_at, made)]
    if batch.sent_at is not None and batch.sent_by is not None:
        found.append(
            (batch.sent_at, Entry(local_date(batch.sent_at, zone), "Handed over", "check", batch.sent_by.name))
        )
    found += [*_acknowledged(claim, zone), *_remitted(claim, zone), *_withdrawn(told, zone)]
    return tuple(entry for _, entry in sorted(found, key=lambda one: one[0], reverse=True))


def _withdrawn(told: Mapping[str, Any] | None, zone: ZoneInfo) -> list[tuple[datetime, Entry]]:
    if told is None:
        return []
    at = datetime.fromisoformat(told["at"])
    title = "Taken back: the payer was told" if told["payer_told"] else "Taken back without a file"
    facts = (f"number {told['reference']}",) if told["reference"] else ()
    return [(at, Entry(local_date(at, zone), title, "x-mark", told["by"], told["because"], facts))]


def _acknowledged(claim: Claim, zone: ZoneInfo) -> list[tuple[datetime, Entry]]:
    of = Q(claim=claim) | Q(claim__isnull=True, batch=claim.batch)
    rows = Acknowledgement.objects.filter(of, organization_id=claim.organization_id).select_related("file")
    return [(row.file.received_at, _acknowledgement(row, zone)) for row in rows]


def _acknowledgement(row: Acknowledgement, zone: ZoneInfo) -> Entry:
    what = "The file" if row.claim_id is None else "The claim"
    said = f"{said_words(row.kind, row.code)} ({row.code})" if row.code else ""
    return Entry(
        on=row.said_on or local_date(row.file.received_at, zone),
        title=f"{what} was {'taken' if row.is_accepted else 'rejected'} ({row.kind})",
        icon="check" if row.is_accepted else "x-mark",
        facts=tuple(part for part in (said, row.payer_claim_number and f"number {row.payer_claim_number}") if part),
        tone="good" if row.is_accepted else "danger",
        kind="answer",
        object_id=row.file_id,
    )


def _remitted(claim: Claim, zone: ZoneInfo) -> list[tuple[datetime, Entry]]:
    rows = RemittanceClaim.objects.filter(organization_id=claim.organization_id, claim=claim, set_aside_because="")
    return [(row.remittance.posted_at, _remittance(row, zone)) for row in rows.select_related("remittance")]


def _remittance(row: RemittanceClaim, zone: ZoneInfo) -> Entry:
    remittance = row.remittance
    is_back = row.is_reversal or row.paid < 0
    title = "Payment taken back" if is_back else "Paid" if row.paid else "Decided, nothing paid"
    facts = [f"${row.paid:,.2f} paid", f"${row.patient_owes:,.2f} put on the patient"]
    named = [f"number {row.payer_claim_number}"] if row.payer_claim_number else []
    trace = [f"payment {remittance.trace_number}"] if remittance.trace_number else []
    return Entry(
        on=remittance.paid_on or local_date(remittance.posted_at, zone),
        title=title,
        icon="banknotes",
        facts=(*facts, *named, *trace, *named_besides(row.names), *map(remark_said, row.remarks)),
        tone="danger" if is_back else "good" if row.paid else "warning",
        kind="answer",
        object_id=remittance.file_id,
    )


__all__ = ["STATE_WORDS", "BatchAnswers", "ClaimPage", "batch_answers", "claim_page", "claims_numbered"]
