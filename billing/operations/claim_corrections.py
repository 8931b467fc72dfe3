"""Corrected claims and claims taken back: the earlier lines are negated, what is asked now is asked anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import Batch, Claim, ClaimLine, Frequency
from billing.operations.batches import claim_of, lock_claims
from billing.operations.claim_standing import (
    claim_of_token,
    closed_month_of,
    known_claim,
    let_go,
    lines_of_claim,
    negated,
    refuse_what_still_asks,
    standing_claim,
    withdrawn_by_token,
)
from billing.operations.claims_outside import withdraw
from billing.operations.errors import (
    AsksNothing,
    ClaimFaulty,
    FilesAreTests,
    KeyedElsewhere,
    MedicareReopens,
    NoFileForPayer,
    NothingToReplace,
    ReplacedAlready,
)
from billing.operations.filing import (
    control_number,
    filed_lines,
    keep,
    new_batch,
    numbered,
    with_control_number,
    write_batch,
)
from billing.queries.claim_answers import is_denied, is_rejected, payer_number_of, way_of_claim
from billing.queries.filing_facts import PayerPlan, Prepared, filing_plan, payer_plan
from billing.rules.canonical import read
from billing.rules.claim_ways import Way
from billing.rules.x12.claim import ClaimFile, Fault, FiledClaim, faults_of, says_otherwise
from caseload.rules.clock import month_of
from registry.models import Episode


@transaction.atomic
def correct_claim(
    *,
    by: Membership,
    at: datetime,
    claim_id: UUID,
    because: str,
    client_token: UUID,
    payer_claim_number: str = "",
) -> Claim:
    """Ask anew what the closed month asks now, in place of a claim: a batch of its own, with its file.

    A claim that no payer kept goes out anew (frequency 1); any other is replaced (7) under the payer's number, typed
    or as the last answer named it. The earlier claim's lines are negated, and it stands no more. A second call with
    the same token answers with the first one's claim. Raises NotFound, OnlyATest, ReplacedAlready, MedicareReopens,
    KeyedElsewhere, CloseMonthFirst, AsksNothing, NothingToReplace, NoFileForPayer, FilesAreTests, ClaimFaulty.
    """
    lock_claims(by.organization_id)
    if made := claim_of_token(by.organization_id, client_token):
        return made
    claim = standing_claim(by.organization_id, claim_id)
    way = _way(claim)
    # A replacement that was rejected is sent anew as one: the payer still keeps the claim that it was to replace.
    is_original = way is Way.ANEW and claim.frequency == Frequency.ORIGINAL
    number = payer_claim_number.strip() or payer_number_of(claim) or claim.payer_claim_number
    frequency = Frequency.ORIGINAL if is_original else Frequency.REPLACEMENT
    plan, prepared = _planned(claim, at, frequency.value, "" if is_original else number)
    lines = lines_of_claim(claim)
    if not (
        is_rejected(claim) or is_denied(claim.id, claim.organization_id) or _asks_otherwise(claim, prepared, lines)
    ):
        raise NothingToReplace
    _refuse(plan, prepared.faults, prepared.claim, claim.episode)
    assert plan.head is not None
    batch = new_batch(by=by, at=at, month=month_of(claim.month), client_token=client_token, plan=plan, count=1)
    head = numbered(plan.head, batch)
    filed = with_control_number(prepared.claim, control_number(batch.number, 1))
    made = claim_of(batch, 1, prepared.billable)
    keep(made, filed, head)
    made.replaces = None if is_original else claim
    made.content |= {"because": because, "instead_of": str(claim.id)}
    taken = negated(made, lines)
    anew = filed_lines(made, filed.lines, prepared.billable.lines, after=len(taken))
    let_go(claim, by=by, at=at)
    write_batch(batch, ClaimFile(head, (filed,)), [made], [*taken, *anew])
    record("claim.corrected", by=by, at=at, object_id=made.id, patient_id=made.patient_id)
    return made


@transaction.atomic
def void_claim(
    *,
    by: Membership,
    at: datetime,
    claim_id: UUID,
    because: str,
    client_token: UUID,
    payer_claim_number: str = "",
) -> Claim:
    """Take a claim back (frequency 8), once its closed month asks nothing of that payer any more.

    The void says what the earlier claim said, under the payer's number, and stands for nothing itself, so that the
    month can be claimed of another payer. Of a first claim that no payer kept nobody needs telling: it is taken back
    without a file, and comes back itself. A void that was rejected goes out again. A second call with the same token
    answers with the first one's claim. Raises NotFound, OnlyATest, ReplacedAlready, MedicareReopens, KeyedElsewhere,
    CloseMonthFirst, StillAsks, NoFileForPayer, FilesAreTests, ClaimFaulty.
    """
    lock_claims(by.organization_id)
    if made := claim_of_token(by.organization_id, client_token) or withdrawn_by_token(by.organization_id, client_token):
        return made
    claim = _to_void(by.organization_id, claim_id)
    way = _way(claim)
    refuse_what_still_asks(claim)
    if way is Way.ANEW and claim.frequency == Frequency.ORIGINAL:
        return withdraw(claim, by=by, at=at, because=because, client_token=client_token, told=False)
    return _send_void(claim, by=by, at=at, because=because, client_token=client_token, number=payer_claim_number)


def _send_void(claim: Claim, *, by: Membership, at: datetime, because: str, client_token: UUID, number: str) -> Claim:
    month = month_of(claim.month)
    plan = payer_plan(claim.organization_id, claim.payer_id, claim.payer.name, at=at)
    if plan.head is None or "claim" not in claim.content:
        raise NoFileForPayer
    number = number.strip() or payer_number_of(claim) or claim.payer_claim_number
    before = read(FiledClaim, claim.content["claim"])
    filed = replace(before, frequency=Frequency.VOID.value, payer_claim_number=number)
    _refuse(plan, _of_void(faults_of(ClaimFile(plan.head, (filed,)))), filed, claim.episode)
    batch = new_batch(by=by, at=at, month=month, client_token=client_token, plan=plan, count=1)
    head = numbered(plan.head, batch)
    filed = with_control_number(filed, control_number(batch.number, 1))
    made = _void_of(claim, batch)
    keep(made, filed, head)
    made.content |= {"because": because, "instead_of": str(claim.id)}
    let_go(claim, by=by, at=at)
    write_batch(batch, ClaimFile(head, (filed,)), [made], negated(made, lines_of_claim(claim)))
    record("claim.voided", by=by, at=at, object_id=made.id, patient_id=made.patient_id)
    return made


def _of_void(faults: Iterable[Fault]) -> list[Fault]:
    """What keeps a void from leaving: who files it, the payer's number, or the product itself. It says again what has
    left before, so that nothing else of it can be mended, whatever claims are checked for by now.
    """
    return [fault for fault in faults if fault.claim is None or fault.kind in ("claim", "product")]


def _planned(claim: Claim, at: datetime, frequency: str, number: str) -> tuple[PayerPlan, Prepared]:
    """The claim that would take this one's place, with what keeps it from leaving."""
    month = closed_month_of(claim)
    plan = filing_plan(
        claim.organization_id,
        month,
        at=at,
        has_seen_papers=True,
        episode_ids=[claim.episode_id],
        even_claimed=True,
        as_filed=lambda filed: replace(filed, frequency=frequency, payer_claim_number=number),
    )
    of_payer = next((one for one in plan.payers if one.payer_id == claim.payer_id), None)
    if of_payer is None:
        raise AsksNothing
    (prepared,) = (*of_payer.ready, *of_payer.to_mend, *of_payer.institutional)
    return of_payer, prepared


def _refuse(plan: PayerPlan, faults: Sequence[Fault], filed: FiledClaim, episode: Episode) -> None:
    if plan.head is None:
        raise NoFileForPayer
    if plan.head.is_test:
        raise FilesAreTests
    if found := [*plan.file_faults, *faults]:
        raise ClaimFaulty(found, filed.ids, episode.care_manager_id)


def _asks_otherwise(claim: Claim, prepared: Prepared, lines: Sequence[ClaimLine]) -> bool:
    """Whether anything that a file tells is another by now; of a claim that left by table, its codes and units."""
    if "claim" in claim.content and says_otherwise(claim.content["claim"], prepared.claim):
        return True
    before = [(line.code, line.units) for line in lines if line.units > 0]
    return [(line.code, line.units) for line in prepared.billable.lines] != before


def _way(claim: Claim) -> Way:
    """How it is corrected or taken back, where a file does that."""
    way = way_of_claim(claim)
    if way is Way.REOPENING:
        raise MedicareReopens
    if way is Way.TABLE:
        raise KeyedElsewhere
    return way


def _to_void(organization_id: UUID, claim_id: UUID) -> Claim:
    """The claim that stands, or a void that was rejected and not sent again yet."""
    claim = known_claim(organization_id, claim_id)
    is_void = claim.frequency == Frequency.VOID
    is_left = is_void and not Claim.objects.filter(organization_id=organization_id, replaces=claim).exists()
    if claim.is_superseded and not (is_left and is_rejected(claim)):
        raise ReplacedAlready
    return claim


def _void_of(claim: Claim, batch: Batch) -> Claim:
    """A claim that takes another back: it rests on the same, and stands for nothing."""
    return Claim(
        organization_id=claim.organization_id,
        batch=batch,
        number=1,
        patient_id=claim.patient_id,
        episode_id=claim.episode_id,
        month=claim.month,
        payer_id=claim.payer_id,
        facts=claim.facts,
        facts_sha256=claim.facts_sha256,
        verdict=claim.verdict,
        book=claim.book,
        book_sha256=claim.book_sha256,
        frozen_id=claim.frozen_id,
        replaces=claim,
        is_superseded=True,
    )
