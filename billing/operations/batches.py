"""Batches of claims: what a month asks of payers, frozen with its facts, and the file that leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.files.operations import store
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import Batch, Claim, ClaimLine
from billing.operations.errors import AllHeld, CorrectFirst, MonthNotOver, NothingToBill, PapersUnseen, PartTwoHeld
from billing.queries.calendar import is_over, month_title
from billing.queries.charge_sheets import batch_columns, batch_lines
from billing.queries.claimable import Billable, claimable
from billing.queries.claims import claim_name
from billing.queries.part_two import refused_of
from billing.rules.canonical import plain
from billing.rules.charge_sheet import Chosen, SheetLine, cells, header
from billing.rules.claims_file import TableRows, table_file, table_rows
from billing.rules.closing import FrozenLine
from caseload.rules.clock import first_day
from registry.rules.part_two import NOTICE

PURPOSE = "claims batch"
# The copy is emptied then; what the claims keep writes it again, byte for byte.
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Drafts:
    """A batch's claims, not yet stored."""

    claims: list[Claim]
    lines: list[ClaimLine]
    rows: list[TableRows]


@transaction.atomic
def make_batch(
    *,
    by: Membership,
    at: datetime,
    month: str,
    client_token: UUID,
    episode_ids: Collection[UUID] | None = None,
    has_seen_papers: bool = False,
) -> Batch:
    """Claims for all patients of an ended month that bill and have no live claim, in one file written once.

    `episode_ids` narrows them. Claims that rest on an assumed care plan or a visit without a code are left out unless
    whoever makes the batch has seen the papers; what a release check or a coder holds back always is. Where a clinic's
    month is closed, claims rest on what was frozen. A second call with the same `client_token` answers with the first
    one's batch. Makers of one organization go one after the other, so that each claim is made once.
    Who may not be told of under 42 CFR part 2 is left out. Raises MonthNotOver, NothingToBill, AllHeld, CorrectFirst,
    PartTwoHeld, PapersUnseen.
    """
    lock_claims(by.organization_id)
    made = Batch.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if made is not None:
        return made
    if not is_over(by.organization_id, month, at):
        raise MonthNotOver(month_title(month))
    to_claim = claimable(by.organization_id, month, episode_ids=episode_ids)
    if not to_claim.billable and to_claim.to_correct:
        raise CorrectFirst(month_title(month), to_claim.to_correct)
    if not to_claim.billable:
        raise AllHeld(month_title(month), to_claim.held) if to_claim.held else NothingToBill(month_title(month))
    allowed = _may_leave(by.organization_id, to_claim.billable, at=at)
    billable = [one for one in allowed if has_seen_papers or not one.rests_on_unseen]
    if not allowed:
        raise PartTwoHeld(month_title(month))
    if not billable:
        raise PapersUnseen(month_title(month))
    batch = Batch(
        organization_id=by.organization_id,
        month=first_day(month),
        number=next_number(by.organization_id),
        made_at=at,
        made_by=by,
        client_token=client_token,
        claim_count=len(billable),
    )
    store_table(batch, drafts_of(batch, billable))
    seen = ["papers_seen"] if any(one.rests_on_unseen for one in billable) else []
    record("batch.made", by=by, at=at, object_id=batch.id, count=batch.claim_count, fields=seen)
    return batch


def _may_leave(organization_id: UUID, billable: Iterable[Billable], *, at: datetime) -> list[Billable]:
    """Those whose records may leave for payment: the others wait for a consent under 42 CFR part 2."""
    found = list(billable)
    refused = refused_of(organization_id, (one.episode.patient for one in found), at=at)
    return [one for one in found if one.episode.patient_id not in refused]


def lock_claims(organization_id: UUID) -> None:
    """One maker of claims at a time, until the transaction ends; others wait, and then see what this one claimed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing batch {organization_id}"])


def next_number(organization_id: UUID) -> int:
    """The number of the next batch, whoever makes it with the claims locked."""
    return Batch.objects.filter(organization_id=organization_id).count() + 1


def drafts_of(batch: Batch, billable: list[Billable]) -> Drafts:
    """The claims of a table, with their lines and its rows: in the columns of the organization as they are now."""
    drafts = Drafts([], [], [])
    columns = batch_columns(batch.organization_id)
    told = batch_lines(batch.organization_id, billable, at=batch.made_at)
    for number, (one, (filed, lines)) in enumerate(zip(billable, told, strict=True), start=1):
        claim = claim_of(batch, number, one)
        claim.service_on, claim.charge = filed.service_on, filed.charge
        rows = _rows(columns, lines, claim_name(batch.number, number), one)
        claim.content = {"table": plain(rows)}
        drafts.claims.append(claim)
        drafts.rows.append(rows)
        for place, (line, shown) in enumerate(zip(one.lines, filed.lines, strict=True), start=1):
            asked = line_of(claim, place, line)
            asked.charge = shown.charge
            drafts.lines.append(asked)
    return drafts


def _rows(columns: Chosen, lines: Iterable[SheetLine], name: str, one: Billable) -> TableRows:
    notice = NOTICE if one.episode.patient.is_part_two else ""
    return table_rows(header(columns), [cells(columns, replace(line, claim_name=name)) for line in lines], notice)


def store_table(batch: Batch, drafts: Drafts) -> None:
    """Keep the table, the batch and its claims."""
    content = table_file(drafts.rows)
    batch.stored_file = store(
        content,
        organization_id=batch.organization_id,
        purpose=PURPOSE,
        media_type="text/csv",
        at=batch.made_at,
        expires_at=batch.made_at + KEPT,
    )
    batch.save(force_insert=True)
    Claim.objects.bulk_create(drafts.claims, batch_size=500)
    ClaimLine.objects.bulk_create(drafts.lines, batch_size=1000)


def claim_of(batch: Batch, number: int, one: Billable) -> Claim:
    """The claim of a month that can be claimed, not yet stored."""
    return Claim(
        id=uuid7(),
        organization_id=batch.organization_id,
        batch=batch,
        number=number,
        patient_id=one.episode.patient_id,
        episode_id=one.episode.id,
        month=batch.month,
        payer_id=one.payer.id,
        service_on=one.service_on,
        facts=one.basis.facts,
        facts_sha256=one.basis.facts_sha256,
        verdict=one.basis.verdict,
        book=one.basis.book,
        book_sha256=one.basis.book_sha256,
        frozen_id=one.basis.frozen_id,
        clinician=one.clinician,
    )


def line_of(claim: Claim, place: int, line: FrozenLine) -> ClaimLine:
    """A line of it, not yet stored."""
    return ClaimLine(
        organization_id=claim.organization_id,
        claim=claim,
        number=place,
        code=line.code,
        units=line.units,
        amount=line.amount,
    )
