"""What was asked of payers: claims and batches as they were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.sight import sees_all
from billing.models import Batch, BatchFormat, Claim, ClaimLine
from billing.queries.claim_answers import is_spoilt, spoilt_among
from billing.queries.fees import FeeTable, fee_table, placed_of_claim
from billing.rules.expected import NOT_KNOWN, ExpectedAmount, added
from caseload.rules.clock import first_day, month_of

PAGE_ROWS = 100
# Of a claim with several lines, an unknown amount is one: people count claims.
_UNKNOWN = Count("claim_id", filter=Q(amount__isnull=True), distinct=True)

CodeUnits = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of payers: the sum of what is known, how many amounts are not, and whether it is an estimate."""

    known: Decimal
    unknown: int
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedMonth:
    """A live claim: in which batch, of which episode, for which lines, resting on how many minutes."""

    batch_id: UUID
    batch_number: int
    episode_id: UUID
    lines: CodeUnits
    minutes: int | None = None

    def of_episode(self, episode_id: UUID) -> ClaimedMonth | None:
        """This claim where it is that episode's; None where another enrolment of the patient was claimed."""
        return self if self.episode_id == episode_id else None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in a list. `is_spoilt`: a claim in its file was taken back or sent anew, so nobody hands it over now.

    `is_seen_whole`: who looks may see every patient in it; else `expected` is nothing, as a part would be no sum.
    """

    id: UUID
    number: int
    month: str
    made_at: datetime
    made_by: str
    claim_count: int
    expected: Expected
    format: str = "csv"
    payer: str = ""
    receiver: str = ""
    sent_at: datetime | None = None
    sent_by: str = ""
    is_test: bool = False
    is_spoilt: bool = False
    is_seen_whole: bool = True

    @property
    def file_name(self) -> str:
        return file_name(self.number, self.format)

    @property
    def is_filed(self) -> bool:
        """Whether it is an 837P file, to which answers come back."""
        return self.format == BatchFormat.X12


@dataclass(frozen=True, slots=True)
class ClaimInBatch:
    """One claim of a batch as a page shows it. `charge` is None where nobody set one down."""

    id: UUID
    name: str
    patient_id: UUID
    patient_name: str
    episode_id: UUID
    payer: str
    service_on: date
    lines: CodeUnits
    expected: Expected
    is_superseded: bool
    frequency: str = "1"
    control_number: str = ""
    charge: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A batch with claims in the order of its file, from `start` on."""

    batch: BatchRow
    file_sha256: str
    claims: tuple[ClaimInBatch, ...]
    start: int = 0
    is_spoilt: bool = False


def file_name(number: int, of_format: str = "csv") -> str:
    """What a batch's file is called: it names no patient, payer or organization."""
    return f"batch-{number:04d}.{of_format}"


def claim_name(batch_number: int, claim_number: int) -> str:
    """A claim as files and pages name it: `0007-0012`."""
    return f"{batch_number:04d}-{claim_number:04d}"


def claimed_months(organization_id: UUID, month: str) -> dict[UUID, ClaimedMonth]:
    """The live claims of a month by patient. Two statements."""
    rows = Claim.objects.filter(organization_id=organization_id, month=first_day(month), is_superseded=False)
    claims = list(rows.values_list("id", "patient_id", "batch_id", "batch__number", "episode_id", "verdict__minutes"))
    lines = _lines_of(organization_id, Q(claim__month=first_day(month)))
    return {
        patient_id: ClaimedMonth(batch_id, number, episode_id, _asked(lines[claim_id]), minutes)
        for claim_id, patient_id, batch_id, number, episode_id, minutes in claims
    }


def claims_on(organization_id: UUID, patient_id: UUID, months: Iterable[str]) -> str:
    """In words, for which of these months a live claim of the patient was made; empty for none. One statement.

    `February 2026 was claimed in batch 7`: what is changed in them now is not in the claim.
    """
    days = [first_day(month) for month in months]
    rows = Claim.objects.filter(organization_id=organization_id, patient_id=patient_id, month__in=days)
    found = rows.filter(is_superseded=False).order_by("month").values_list("month", "batch__number")
    return "; ".join(f"{month:%B %Y} was claimed in batch {number}" for month, number in found)


def have_claims(organization_id: UUID, episode_ids: Iterable[UUID]) -> bool:
    """Whether a live claim was made for any of these episodes: what it rests on is not taken back."""
    rows = Claim.objects.filter(organization_id=organization_id, episode_id__in=list(episode_ids), is_superseded=False)
    return rows.exists()


def batch_count(organization_id: UUID) -> int:
    """How many batches there are; they are numbered from 1 without a gap."""
    return Batch.objects.filter(organization_id=organization_id).count()


def batch_rows(organization_id: UUID, *, start: int = 0, limit: int = PAGE_ROWS) -> list[BatchRow]:
    """Batches, the newest first. Three statements; one more where files wait to be handed over, and one for who may not
    see every patient.
    """
    rows = Batch.objects.filter(organization_id=organization_id).select_related("payer", "receiver", "stored_file")
    batches = list(rows.defer("stored_file__sealed").order_by("-number")[start : start + limit])
    ids = [batch.id for batch in batches]
    lines = ClaimLine.objects.filter(organization_id=organization_id, claim__batch_id__in=ids).values("claim__batch_id")
    sums = {row["claim__batch_id"]: row for row in lines.annotate(known=Sum("amount"), unknown=_UNKNOWN)}
    people = people_of(organization_id)
    names = {id_: one.name for id_, one in people.items()}
    spoilt, whole = spoilt_among(organization_id, batches), _seen_whole(organization_id, batches)
    return [
        replace(
            _batch_row(batch, _summed(sums.get(batch.id) if batch.id in whole else None), names),
            is_spoilt=batch.id in spoilt,
            is_seen_whole=batch.id in whole,
        )
        for batch in batches
    ]


def _seen_whole(organization_id: UUID, batches: Collection[Batch]) -> set[UUID]:
    """Which of these is_seen_whole is true of. One statement where sight is limited, else none."""
    if sees_all():
        return {batch.id for batch in batches}
    claims = Claim.objects.filter(organization_id=organization_id, batch_id__in=[batch.id for batch in batches])
    seen = dict(claims.values_list("batch_id").annotate(count=Count("id")))
    return {batch.id for batch in batches if _is_whole(batch, seen.get(batch.id, 0))}


def _summed(row: Mapping[str, Any] | None) -> Expected:
    return Expected(Decimal(0), 0) if row is None else Expected(row["known"] or Decimal(0), row["unknown"])


def batch_page(organization_id: UUID, batch_id: UUID, *, start: int = 0, limit: int = PAGE_ROWS) -> BatchPage:
    """A batch and its claims in the order of its file. Seven statements, and up to three where a claim of a file that
    nobody handed over stands no more. Raises NotFound.

    Expected is what the payers' own fees, clinicians' shares and what is withheld come to, else national amounts.
    """
    batch = _batch(organization_id, batch_id)
    rows = Claim.objects.filter(organization_id=organization_id, batch_id=batch_id).order_by("number")
    everything = list(rows.select_related("patient", "payer", "episode").defer("verdict", "content"))
    if not _is_whole(batch, len(everything)):
        raise NotFound
    lines = _lines_of(organization_id, Q(claim__batch_id=batch_id))
    table = fee_table(organization_id)
    brings = {claim.id: _brings(claim, lines.get(claim.id, []), table) for claim in everything}
    shown = everything[start : start + limit]
    claims = tuple(_claim_in(batch.number, claim, lines.get(claim.id, []), brings[claim.id]) for claim in shown)
    names = {id_: one.name for id_, one in people_of(organization_id).items()}
    row = _batch_row(batch, brought(brings.values()), names)
    gone = any(claim.is_superseded for claim in everything)
    return BatchPage(row, batch.stored_file.sha256, claims, start, is_spoilt=gone and is_spoilt(batch))


def batch_with_file(organization_id: UUID, batch_id: UUID) -> Batch:
    """A batch with its stored file. Raises NotFound, also where who looks may not see every patient of the file."""
    found = _batch(organization_id, batch_id)
    if not is_seen_whole(found):
        raise NotFound
    return found


def is_seen_whole(batch: Batch) -> bool:
    """Whether who looks may see every patient of a batch. One statement where their sight is limited, else none."""
    claims = Claim.objects.filter(organization_id=batch.organization_id, batch_id=batch.id)
    return sees_all() or _is_whole(batch, claims.count())


def _is_whole(batch: Batch, seen: int) -> bool:
    return sees_all() or seen == batch.claim_count


def _batch(organization_id: UUID, batch_id: UUID) -> Batch:
    rows = Batch.objects.filter(organization_id=organization_id, id=batch_id)
    found = rows.select_related("stored_file", "payer", "receiver").first()
    if found is None:
        raise NotFound
    return found


def month_batches(organization_id: UUID, month: str) -> list[tuple[UUID, int]]:
    """Id and number of each batch of a month, in order."""
    rows = Batch.objects.filter(organization_id=organization_id, month=first_day(month)).order_by("number")
    return list(rows.values_list("id", "number"))


def _lines_of(organization_id: UUID, which: Q) -> dict[UUID, list[ClaimLine]]:
    rows = ClaimLine.objects.filter(which, organization_id=organization_id)
    found: dict[UUID, list[ClaimLine]] = {}
    for line in rows.order_by("claim_id", "number"):
        found.setdefault(line.claim_id, []).append(line)
    return found


def _asked(lines: Iterable[ClaimLine]) -> CodeUnits:
    """What is asked for: a claim in another's place also has lines that take back what that one asked."""
    return tuple((line.code, line.units) for line in lines if line.units > 0)


def _batch_row(batch: Batch, expected: Expected, names: Mapping[UUID, str]) -> BatchRow:
    return BatchRow(
        id=batch.id,
        number=batch.number,
        month=month_of(batch.month),
        made_at=batch.made_at,
        made_by=names[batch.made_by_id],
        claim_count=batch.claim_count,
        expected=expected,
        format=batch.format,
        payer=batch.payer.name if batch.payer else "",
        receiver=batch.receiver.name if batch.receiver else "",
        sent_at=batch.sent_at,
        sent_by=names[batch.sent_by_id] if batch.sent_by_id else "",
        is_test=batch.is_test,
    )


def _brings(claim: Claim, lines: Iterable[ClaimLine], table: FeeTable) -> ExpectedAmount:
    """What a claim adds to what is expected: lines that take back what an earlier claim asked count against it."""
    placed = placed_of_claim(claim)
    if placed is None:
        return added(NOT_KNOWN for _ in lines)
    return added(table.expected(placed, line.code, line.units, line.amount) for line in lines)


def _claim_in(batch_number: int, claim: Claim, lines: list[ClaimLine], brings: ExpectedAmount) -> ClaimInBatch:
    return ClaimInBatch(
        id=claim.id,
        name=claim_name(batch_number, claim.number),
        patient_id=claim.patient_id,
        patient_name=f"{claim.patient.family_name}, {claim.patient.given_name}",
        episode_id=claim.episode_id,
        payer=claim.payer.name,
        service_on=claim.service_on,
        lines=_asked(lines),
        expected=brought([brings]),
        is_superseded=claim.is_superseded,
        frequency=claim.frequency,
        control_number=claim.control_number,
        charge=claim.charge,
    )


def brought(amounts: Iterable[ExpectedAmount]) -> Expected:
    """The sum of what is known, how many are not, and whether any of it is an estimate."""
    listed = list(amounts)
    known = [one.expected for one in listed if one.expected is not None]
    is_estimate = any(one.is_estimate for one in listed if one.expected is not None)
    return Expected(sum(known, Decimal(0)), len(listed) - len(known), is_estimate)


def expected(amounts: Iterable[Decimal | None]) -> Expected:
    """The sum of what is known, and how many are not."""
    listed = list(amounts)
    known = [amount for amount in listed if amount is not None]
    return Expected(sum(known, Decimal(0)), len(listed) - len(known))
