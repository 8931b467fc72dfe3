"""What was done about a claim outside this product: corrected, or taken back, by whoever told the payer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import Batch, Claim, ClaimWithdrawal, Frequency
from billing.operations.batches import Drafts, drafts_of, lock_claims, next_number, store_table
from billing.operations.claim_standing import (
    claim_of_token,
    closed_month_of,
    let_go,
    lines_of_claim,
    negated,
    refuse_what_still_asks,
    standing_claim,
    withdrawn_by_token,
)
from billing.operations.errors import AsksNothing, DoneByFile
from billing.queries.claim_answers import way_of_claim
from billing.queries.claimable import claimable
from billing.queries.fees import charges
from billing.queries.part_two import refused_ids
from billing.rules.claim_ways import Way
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import Use

OUTSIDE = (Way.REOPENING, Way.TABLE)


@transaction.atomic
def record_correction(
    *, by: Membership, at: datetime, claim_id: UUID, because: str, client_token: UUID, reference: str = ""
) -> Claim:
    """A claim was corrected where it was keyed, or by a reopening: what its closed month asks now stands in its place.

    The claim in its place is in a table of its own, so that it can be keyed from; it keeps why, and under which
    `reference` the payer knows of it. A second call with the same token answers with the first one's claim. Raises
    NotFound, OnlyATest, ReplacedAlready, DoneByFile, CloseMonthFirst, AsksNothing, PartTwoRefused.
    """
    lock_claims(by.organization_id)
    if made := claim_of_token(by.organization_id, client_token):
        return made
    claim = standing_claim(by.organization_id, claim_id)
    _refuse_files(claim)
    month = closed_month_of(claim)
    found = claimable(claim.organization_id, month, episode_ids=[claim.episode_id], even_claimed=True).billable
    asked = [one for one in found if one.payer.id == claim.payer_id]
    if not asked:
        raise AsksNothing
    if refused_ids(claim.organization_id, [claim.patient_id], at=at):
        raise PartTwoRefused(Use.PAYMENT)
    batch = Batch(
        organization_id=claim.organization_id,
        month=claim.month,
        number=next_number(claim.organization_id),
        made_at=at,
        made_by=by,
        client_token=client_token,
        claim_count=1,
    )
    drafts = drafts_of(batch, asked)
    made = _in_place(drafts, claim, because, reference)
    let_go(claim, by=by, at=at)
    store_table(batch, drafts)
    record("claim.corrected", by=by, at=at, object_id=made.id, patient_id=made.patient_id)
    return made


@transaction.atomic
def record_end(
    *, by: Membership, at: datetime, claim_id: UUID, because: str, client_token: UUID, reference: str = ""
) -> Claim:
    """A claim was taken back where it was keyed, or what Medicare Part B paid for it goes back: it stands no more.

    A month that was claimed while it was open may be claimed again, as may one that asks another payer. A second call
    with the same token answers with the first one's claim. Raises NotFound, OnlyATest, ReplacedAlready, DoneByFile,
    CloseMonthFirst, StillAsks.
    """
    lock_claims(by.organization_id)
    if ended := withdrawn_by_token(by.organization_id, client_token):
        return ended
    claim = standing_claim(by.organization_id, claim_id)
    _refuse_files(claim)
    if claim.frozen_id is not None:
        refuse_what_still_asks(claim)
    return withdraw(claim, by=by, at=at, because=because, client_token=client_token, told=True, reference=reference)


def withdraw(
    claim: Claim, *, by: Membership, at: datetime, because: str, client_token: UUID, told: bool, reference: str = ""
) -> Claim:
    """Take a claim back without a file. For operations that hold the claims' lock and looked at everything else."""
    ClaimWithdrawal.objects.create(
        organization_id=claim.organization_id,
        claim=claim,
        at=at,
        by=by,
        client_token=client_token,
        because=because,
        payer_told=told,
        reference=reference.strip(),
    )
    let_go(claim, by=by, at=at)
    record("claim.voided", by=by, at=at, object_id=claim.id, patient_id=claim.patient_id)
    return claim


def _refuse_files(claim: Claim) -> None:
    if way_of_claim(claim) not in OUTSIDE:
        raise DoneByFile


def _in_place(drafts: Drafts, claim: Claim, because: str, reference: str) -> Claim:
    """The draft as what stands in the claim's place, with lines that take back the ones before."""
    (made,) = drafts.claims
    made.frequency, made.replaces = Frequency.REPLACEMENT, claim
    made.content |= {"because": because, "reference": reference.strip(), "instead_of": str(claim.id)}
    fees = charges(claim.organization_id, made.service_on)
    taken = negated(made, lines_of_claim(claim))
    for line in drafts.lines:
        line.number += len(taken)
        line.charge = fees[line.code] * line.units if line.code in fees else None
    asked = [line.charge for line in drafts.lines if line.charge is not None]
    made.charge = sum(asked) if asked and len(asked) == len(drafts.lines) else None
    drafts.lines[:0] = taken
    return made
