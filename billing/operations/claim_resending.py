"""A file that its receiver refused as a whole goes out anew: one new batch of its claims that are ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import Batch, Claim, ClaimLine, Frequency
from billing.operations.batches import claim_of, lock_claims
from billing.operations.claim_standing import let_go, lines_of_claim, negated
from billing.operations.errors import FilesAreTests, NothingReady, NotToResend
from billing.operations.filing import (
    control_number,
    filed_lines,
    keep,
    new_batch,
    numbered,
    with_control_number,
    write_batch,
)
from billing.queries.calendar import month_title
from billing.queries.filing_facts import PayerPlan, Prepared
from billing.queries.resending import resending
from billing.rules.x12.claim import ClaimFile, FiledClaim

REFUSED = "The file was refused, or not handed over"


@transaction.atomic
def resend_batch(*, by: Membership, at: datetime, batch_id: UUID, client_token: UUID) -> Batch:
    """One new batch, under new numbers, of the claims of a file that was refused as a whole, or that nobody may hand
    over because a claim in it was taken back.

    Each goes out as what it was, a first claim or a replacement, asking what its closed month asks now; the earlier
    ones stand no more. What is not ready stays where it is, to be mended and sent by itself. A second call with the
    same token answers with the first one's batch. Raises NotFound, NotToResend, FilesAreTests, NothingReady.
    """
    lock_claims(by.organization_id)
    if made := Batch.objects.filter(organization_id=by.organization_id, client_token=client_token).first():
        return made
    found = resending(by.organization_id, batch_id, at=at)
    if found is None:
        raise NotToResend
    plan = found.plan
    if plan is None or not plan.leaves:
        raise NothingReady(month_title(found.month))
    assert plan.head is not None
    if plan.head.is_test:
        raise FilesAreTests
    return _send(plan, found.claims, by=by, at=at, month=found.month, client_token=client_token)


def _send(
    plan: PayerPlan,
    claims: Mapping[UUID, Claim],
    *,
    by: Membership,
    at: datetime,
    month: str,
    client_token: UUID,
) -> Batch:
    assert plan.head is not None
    made = new_batch(by=by, at=at, month=month, client_token=client_token, plan=plan, count=len(plan.leaves))
    head = numbered(plan.head, made)
    drafts: list[Claim] = []
    lines: list[ClaimLine] = []
    filed: list[FiledClaim] = []
    for place, one in enumerate(plan.leaves, start=1):
        before = claims[one.billable.episode.id]
        of_file = with_control_number(one.claim, control_number(made.number, place))
        draft, of_claim = _anew(made, place, one, of_file, before)
        keep(draft, of_file, head)
        draft.content |= {"because": REFUSED, "instead_of": str(before.id)}
        let_go(before, by=by, at=at)
        drafts.append(draft)
        lines += of_claim
        filed.append(of_file)
    write_batch(made, ClaimFile(head, tuple(filed)), drafts, lines)
    record("batch.made", by=by, at=at, object_id=made.id, count=made.claim_count)
    return made


def _anew(
    batch: Batch, place: int, one: Prepared, of_file: FiledClaim, before: Claim
) -> tuple[Claim, Sequence[ClaimLine]]:
    draft = claim_of(batch, place, one.billable)
    draft.replaces = before if before.frequency == Frequency.REPLACEMENT else None
    taken = negated(draft, lines_of_claim(before))
    return draft, [*taken, *filed_lines(draft, of_file.lines, one.billable.lines, after=len(taken))]
