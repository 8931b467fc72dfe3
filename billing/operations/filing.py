"""Claims that leave as 837P: one file a payer, from closed months, each claim once."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from django.db import transaction
from django.db.models import Max

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import store
from bhi.tenancy.models import Membership
from billing.models import Batch, BatchFormat, Claim, ClaimLine
from billing.operations.batches import KEPT, PURPOSE, claim_of, line_of, lock_claims, next_number
from billing.operations.errors import HoldsTakenBack, MonthNotOver, NothingReady
from billing.queries.batch_files import can_be_written_again, expired_batches
from billing.queries.calendar import is_over, month_title
from billing.queries.claim_answers import is_spoilt
from billing.queries.filing_facts import PayerPlan, Prepared, filing_plan
from billing.queries.kept_heads import head_to_keep
from billing.queries.part_two import refused_in_batch
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine
from billing.rules.x12.claim import ClaimFile, FiledClaim, FiledLine, FileHead, write_837p
from caseload.rules.clock import first_day
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import Use

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/edi-x12"
# What a clearinghouse takes in one transaction set.
MOST_CLAIMS = 5000
# No vowels, so that no words; no letter that looks like a digit.
_SIGNS = "23456789BCDFGHJKMNPQRTVWXYZ"
_RANDOM_SIGNS = 6


@transaction.atomic
def make_filed_batches(
    *,
    by: Membership,
    at: datetime,
    month: str,
    client_token: UUID,
    payer_ids: Collection[UUID] | None = None,
    has_seen_papers: bool = False,
) -> list[Batch]:
    """One 837P file for each payer (of `payer_ids`, or all) with claims of closed months that are ready.

    Claims with a fault wait, as do those on unseen papers. Where the filer still sends tests, the claims stand for
    nothing, and their months can be filed again. A second call with the same token answers with the first one's
    batches. Makers of one organization go one after the other, so that each claim leaves once. Raises MonthNotOver,
    NothingReady.
    """
    lock_claims(by.organization_id)
    if made := _made(by.organization_id, client_token):
        return made
    if not is_over(by.organization_id, month, at):
        raise MonthNotOver(month_title(month))
    plan = filing_plan(by.organization_id, month, at=at, has_seen_papers=has_seen_papers)
    wanted = [one for one in plan.payers if one.leaves and (payer_ids is None or one.payer_id in payer_ids)]
    if not wanted:
        raise NothingReady(month_title(month))
    cuts = [(one, one.leaves[start : start + MOST_CLAIMS]) for one in wanted for start in _starts(one)]
    return [
        file_claims(
            by=by, at=at, month=month, client_token=token_of(client_token, place), plan=payer, prepared=prepared
        )
        for place, (payer, prepared) in enumerate(cuts)
    ]


def file_claims(
    *,
    by: Membership,
    at: datetime,
    month: str,
    client_token: UUID,
    plan: PayerPlan,
    prepared: Sequence[Prepared],
) -> Batch:
    """A batch of these claims of one payer, with its file. For operations that hold the claims' lock."""
    batch = new_batch(by=by, at=at, month=month, client_token=client_token, plan=plan, count=len(prepared))
    assert plan.head is not None
    head = numbered(plan.head, batch)
    claims, lines, filed = [], [], []
    for number, one in enumerate(prepared, start=1):
        of_file = with_control_number(one.claim, control_number(batch.number, number))
        claim = claim_of(batch, number, one.billable)
        keep(claim, of_file, head)
        claims.append(claim)
        lines += filed_lines(claim, of_file.lines, one.billable.lines)
        filed.append(of_file)
    write_batch(batch, ClaimFile(head, tuple(filed)), claims, lines)
    record("batch.made", by=by, at=at, object_id=batch.id, count=batch.claim_count)
    return batch


def new_batch(*, by: Membership, at: datetime, month: str, client_token: UUID, plan: PayerPlan, count: int) -> Batch:
    """The row of an 837P batch with its numbers, not yet stored."""
    last = Batch.objects.filter(organization_id=by.organization_id).aggregate(last=Max("interchange_number"))["last"]
    return Batch(
        organization_id=by.organization_id,
        month=first_day(month),
        number=next_number(by.organization_id),
        made_at=at,
        made_by=by,
        client_token=client_token,
        claim_count=count,
        format=BatchFormat.X12,
        receiver=plan.route.receiver if plan.route else None,
        payer_id=plan.payer_id,
        interchange_number=(last or 0) + 1,
        is_test=plan.head is not None and plan.head.is_test,
    )


def numbered(head: FileHead, batch: Batch) -> FileHead:
    """A file's head with the numbers of its batch."""
    assert batch.interchange_number is not None
    return replace(head, batch_number=batch.number, interchange_number=batch.interchange_number)


def write_batch(batch: Batch, file: ClaimFile, claims: list[Claim], lines: list[ClaimLine]) -> None:
    """Keep the file, the batch and its claims."""
    batch.stored_file = store(
        write_837p(file).encode(),
        organization_id=batch.organization_id,
        purpose=PURPOSE,
        media_type=MEDIA_TYPE,
        at=batch.made_at,
        expires_at=batch.made_at + KEPT,
    )
    batch.save(force_insert=True)
    Claim.objects.bulk_create(claims, batch_size=500)
    ClaimLine.objects.bulk_create(lines, batch_size=1000)


def control_number(batch_number: int, claim_number: int) -> str:
    """CLM01, as every answer names the claim: its place, and signs that nobody guesses. It says nothing of anybody."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(_RANDOM_SIGNS))
    return f"{batch_number:05d}-{claim_number:05d}-{signs}"


def with_control_number(claim: FiledClaim, number: str) -> FiledClaim:
    """The claim under its number, and its lines under theirs."""
    lines = tuple(replace(line, control_number=f"{number}-{place}") for place, line in enumerate(claim.lines, start=1))
    return replace(claim, control_number=number, lines=lines)


def keep(claim: Claim, filed: FiledClaim, head: FileHead) -> None:
    """Set down on the claim what is filed, so that its file can be written again."""
    claim.control_number = filed.control_number
    claim.frequency = filed.frequency
    claim.payer_claim_number = filed.payer_claim_number
    claim.service_on = filed.service_on
    claim.charge = filed.charge
    claim.clinician_id = UUID(filed.ids.clinician) if filed.ids.clinician else None
    claim.content = {"head": head_to_keep(claim, head), "claim": plain(filed)}
    # Nobody pays a test: its claim never stands, and the month leaves again in earnest.
    claim.is_superseded = claim.is_superseded or head.is_test


def filed_lines(
    claim: Claim, filed: Sequence[FiledLine], asked: Sequence[FrozenLine], *, after: int = 0
) -> list[ClaimLine]:
    """The claim's lines with their charges and control numbers, counted on from `after`."""
    lines = []
    for place, (of_file, line) in enumerate(zip(filed, asked, strict=True), start=after + 1):
        row = line_of(claim, place, line)
        row.charge, row.control_number = of_file.charge, of_file.control_number
        lines.append(row)
    return lines


@transaction.atomic
def mark_sent(*, by: Membership, at: datetime, batch_id: UUID) -> Batch:
    """Somebody handed the file over. Said once: a second time changes nothing. A file that nobody handed over before a
    claim in it was taken back or sent anew is not handed over any more. Raises NotFound, HoldsTakenBack,
    PartTwoRefused.
    """
    lock_claims(by.organization_id)
    batch: Batch | None = Batch.objects.filter(organization_id=by.organization_id, id=batch_id).first()
    if batch is None:
        raise NotFound
    if is_spoilt(batch):
        raise HoldsTakenBack
    if batch.sent_at is None:
        if refused_in_batch(batch.organization_id, batch.id, at=at):
            raise PartTwoRefused(Use.PAYMENT)
        batch.sent_at, batch.sent_by = at, by
        batch.save(update_fields=["sent_at", "sent_by"])
        record("batch.sent", by=by, at=at, object_id=batch.id, count=batch.claim_count)
    return batch


@transaction.atomic
def discard_batch_files(*, organization_id: UUID, at: datetime) -> int:
    """Empty the copies of batches that have expired; what their claims keep writes them again. How many there were.

    That is tried first: a copy that could not be written again byte for byte stays, as it is the only one.
    """
    emptied = 0
    for batch in expired_batches(organization_id, purpose=PURPOSE, at=at):
        if can_be_written_again(batch):
            batch.stored_file.sealed = b""
            batch.stored_file.save(update_fields=["sealed"])
            emptied += 1
        else:
            log.warning("batch.copy_kept", batch_id=str(batch.id))
    return emptied


def token_of(client_token: UUID, place: int) -> UUID:
    """The token of one of several batches that one press makes."""
    return client_token if place == 0 else uuid5(client_token, str(place))


def _made(organization_id: UUID, client_token: UUID) -> list[Batch]:
    first = Batch.objects.filter(organization_id=organization_id, client_token=client_token).first()
    if first is None:
        return []
    rows = Batch.objects.filter(organization_id=organization_id, made_at=first.made_at, number__gte=first.number)
    tokens = {token_of(client_token, place) for place in range(rows.count())}
    return list(rows.filter(client_token__in=tokens).order_by("number"))


def _starts(plan: PayerPlan) -> range:
    return range(0, len(plan.leaves), MOST_CLAIMS)
