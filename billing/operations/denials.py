"""Denials: opened and closed by what payers answer, and worked by people."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import Claim, Denial, DenialState, RemittanceClaim
from billing.operations.batches import lock_claims
from billing.operations.claim_work_errors import DenialSettled, DeniedWhy, NothingChosen
from billing.queries.answered import AnsweredClaim, answer_days, answered_claims, in_place_of, replaced_before
from billing.queries.claim_answers import rejected_replacements
from billing.rules.answered_lines import WHOLE, Unpaid
from billing.rules.denial_states import Through, may_become
from billing.rules.denials import TAKEN_BACK, last_day, reason_of
from billing.rules.standing import Standing, standing_after
from caseload.rules.clock import local_date

SETTLE: Final = "settle_denials"
# So many claims are settled while others wait for the lock: some tenths of a second.
MOST_AT_ONCE: Final = 200
UNFINISHED = (DenialState.OPEN, DenialState.CORRECTED, DenialState.APPEALED)
_SAYS_WHY = (DenialState.APPEALED, DenialState.WRITTEN_OFF)


@dataclass(frozen=True, slots=True)
class DenialWork:
    """What is to become of denials: None leaves a thing as it is. `owner_id` counts only where `sets_owner`."""

    state: str | None = None
    sets_owner: bool = False
    owner_id: UUID | None = None
    note: str = ""


@transaction.atomic
def open_denials(*, by: Membership, at: datetime, remittance_claims: Iterable[RemittanceClaim]) -> list[Denial]:
    """Have the denials of the claims that were answered follow; where they are many, by jobs of `MOST_AT_ONCE` claims,
    so that nobody waits for all of them. Returns those opened at once.
    """
    ids = sorted({row.claim_id for row in remittance_claims if row.claim_id is not None})
    if len(ids) <= MOST_AT_ONCE:
        return settle_denials(by=by, at=at, claim_ids=ids)
    for start in range(0, len(ids), MOST_AT_ONCE):
        part = [str(id_) for id_ in ids[start : start + MOST_AT_ONCE]]
        # Of all of them: another payment may speak of other claims between the same two.
        key = hashlib.sha256(" ".join(part).encode()).hexdigest()
        arguments = {"claim_ids": part, "by_id": str(by.id)}
        queue(SETTLE, organization_id=by.organization_id, key=key, at=at, arguments=arguments)
    return []


@transaction.atomic
def settle_denials(*, by: Membership, at: datetime, claim_ids: Collection[UUID]) -> list[Denial]:
    """Open a denial for every line that stands unpaid by a payer's reason, after all answers of these claims.

    What was denied and is paid by now is closed as paid, also on the claim that a paid one replaced; what another
    answer decides anew is closed, and its owner has the new denial. A claim that was replaced or voided meanwhile
    needs no more work: its denials count as corrected, unless the claim in its place was rejected; one of a test file
    was never asked in earnest. A second call changes nothing. Returns the new ones, as they were opened.
    """
    if not claim_ids:
        return []
    lock_claims(by.organization_id)
    opened: list[Denial] = []
    in_earnest = Claim.objects.filter(organization_id=by.organization_id, id__in=claim_ids, batch__is_test=False)
    claims = answered_claims(by.organization_id, list(in_earnest.values_list("id", flat=True)))
    known = _known(by.organization_id, claim_ids)
    for claim in claims:
        opened += _settle(claim, known.get(claim.id, []), by=by, at=at)
    Denial.objects.bulk_create(opened, batch_size=500)
    if opened:
        record("denials.opened", by=by, at=at, count=len(opened))
    reopen_where_rejected([row.claim_id for row in opened if row.state == DenialState.CORRECTED], by=by, at=at)
    return opened


def reopen_where_rejected(claim_ids: Collection[UUID], *, by: Membership, at: datetime) -> int:
    """Denials of these claims wait for the claims in their place. Where one of those was rejected before, nobody
    answers it: they are open. Returns how many.
    """
    return reopen_rejected(by=by, at=at, claim_ids=in_place_of(by.organization_id, claim_ids)) if claim_ids else 0


@transaction.atomic
def work_denials(*, by: Membership, at: datetime, denial_ids: Collection[UUID], work: DenialWork) -> list[Denial]:
    """Give denials an owner, a note or another state, all or none.

    Raises NothingChosen without any, DeniedWhy when one is written off or appealed without a word, DenialSettled when
    a payer's answer settled one meanwhile, NotFound when one or the owner is not the organization's.
    """
    chosen = set(denial_ids)
    if not chosen:
        raise NothingChosen
    if work.owner_id is not None and work.owner_id not in people_of(by.organization_id):
        raise NotFound
    rows = list(_locked(by.organization_id).filter(id__in=chosen))
    if len(rows) != len(chosen):
        raise NotFound
    if work.state in _SAYS_WHY and not work.note.strip():
        raise DeniedWhy
    settled = [row for row in rows if not _may_be(row, work.state)]
    if settled:
        raise DenialSettled(len(settled), len(rows))
    for row in rows:
        _work(row, work, by=by, at=at)
    fields = [name for name, is_set in _set_by(work).items() if is_set]
    record("denials.worked", by=by, at=at, count=len(rows), fields=fields)
    return rows


@transaction.atomic
def denials_corrected(*, by: Membership, at: datetime, claim_id: UUID) -> int:
    """A corrected claim, or a void, went out for this one: its open denials wait for the answer, and so do those of the
    claims that it was sent in place of itself: it goes out again because it was rejected. Returns how many.
    """
    ids = [claim_id, *replaced_before(by.organization_id, {claim_id}).get(claim_id, ())]
    rows = _locked(by.organization_id).filter(claim_id__in=ids)
    return sum(_move(row, Through.CLAIM, DenialState.CORRECTED, by=by, at=at) for row in rows)


@transaction.atomic
def reopen_rejected(
    *, by: Membership, at: datetime, claim_ids: Collection[UUID] = (), batch_ids: Collection[UUID] = ()
) -> int:
    """Something was said of these claims, or of whole batches: where a corrected claim or a void was rejected, nobody
    answers it, and the denials that waited for it are open again. A second call changes nothing. Returns how many.
    """
    if not (claim_ids or batch_ids):
        return 0
    lock_claims(by.organization_id)
    rejected = rejected_replacements(by.organization_id, claim_ids, batch_ids)
    if not rejected:
        return 0
    before = replaced_before(by.organization_id, rejected)
    ids = {id_ for found in before.values() for id_ in found}
    waiting = _locked(by.organization_id).filter(claim_id__in=ids, state=DenialState.CORRECTED)
    moved = sum(_move(row, Through.RECEIPT, DenialState.OPEN, by=by, at=at) for row in waiting)
    if moved:
        record("denials.opened", by=by, at=at, count=moved)
    return moved


@transaction.atomic
def redate_denials(*, by: Membership, at: datetime, payer_id: UUID) -> int:
    """The payer's days for corrected claims and appeals were set or changed: so are the last days of its denials that
    are not finished. Returns how many have another one.
    """
    rows = _locked(by.organization_id).filter(claim__payer_id=payer_id, state__in=UNFINISHED).select_related("claim")
    days = answer_days(by.organization_id, {payer_id}).get(payer_id)
    changed = []
    for row in rows:
        due_on = last_day(reason_of(row.reason).step, row.claim.service_on, row.found_on, days)
        if due_on != row.due_on:
            row.due_on, row.changed_at, row.changed_by = due_on, at, by
            changed.append(row)
    Denial.objects.bulk_update(changed, ["due_on", "changed_at", "changed_by"], batch_size=500)
    if changed:
        record("denials.worked", by=by, at=at, count=len(changed), fields=["due_on"])
    return len(changed)


def _locked(organization_id: UUID) -> QuerySet[Denial]:
    """Denials, locked in one order whoever asks for several: who works them and what answers them take turns."""
    rows = Denial.objects.select_for_update(of=("self",)).filter(organization_id=organization_id)
    return rows.order_by("id")


def _known(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, list[Denial]]:
    """By claim, its denials."""
    found: dict[UUID, list[Denial]] = {}
    for row in _locked(organization_id).filter(claim_id__in=list(claim_ids)):
        found.setdefault(row.claim_id, []).append(row)
    return found


def _may_be(row: Denial, state: str | None) -> bool:
    return state is None or state == row.state or may_become(Through.PERSON, row.state, state)


def _move(row: Denial, through: Through, state: str, *, by: Membership, at: datetime) -> bool:
    """Make it so, where it may become so. Whether it did."""
    if not may_become(through, row.state, state):
        return False
    row.state, row.changed_at, row.changed_by = state, at, by
    row.save(update_fields=["state", "changed_at", "changed_by"])
    return True


def _work(row: Denial, work: DenialWork, *, by: Membership, at: datetime) -> None:
    if work.state is not None:
        row.state = work.state
    if work.sets_owner:
        row.owner_id = work.owner_id
    if work.note.strip():
        row.note = work.note.strip()
    row.changed_at, row.changed_by = at, by
    row.save(update_fields=["state", "owner", "note", "changed_at", "changed_by"])


def _set_by(work: DenialWork) -> dict[str, bool]:
    return {"state": work.state is not None, "owner": work.sets_owner, "note": bool(work.note.strip())}


def _settle(claim: AnsweredClaim, known: list[Denial], *, by: Membership, at: datetime) -> list[Denial]:
    """Close what does not stand any more, and draft what is new."""
    standing = standing_after(claim.answers)
    denied = {_key_of(row): row for row in known}
    unpaid = [one for one in standing.unpaid if not _is_taken_by_us(claim, one)]
    stands = {_key(one) for one in unpaid}
    owners = {claim.keys.get(row.remittance_line_id, ""): row.owner_id for row in known}
    for key, row in denied.items():
        if key not in stands and not _waits(claim, standing, row):
            _close(row, _paid_since(claim, row), is_replaced=claim.is_superseded, by=by, at=at)
    if claim.replaced_id is not None:
        _close_replaced(claim, standing, by=by, at=at)
    new = [one for one in unpaid if _key(one) not in denied]
    return [_draft(claim, one, owners.get(one.key), by=by, at=at) for one in new]


def _close(row: Denial, paid: Decimal, *, is_replaced: bool, by: Membership, at: datetime) -> None:
    """By what was paid of its line: closed as paid, or as answered anew. What somebody wrote off stays so unless it
    was paid after all; what the claim in its place brought stays paid.
    """
    state = DenialState.PAID if paid > 0 else DenialState.SUPERSEDED
    if row.state == DenialState.PAID and is_replaced:
        return
    _move(row, Through.ANSWER, state, by=by, at=at)


def _close_replaced(claim: AnsweredClaim, standing: Standing, *, by: Membership, at: datetime) -> None:
    """Denials of the claims before, once the claim in their place is paid for the same code, as a whole without denying
    it, or for another one that stands in its place.
    """
    paid = standing.paid
    codes_paid = {claim.codes.get(key, "") for key, amount in paid.items() if amount > 0}
    if paid.get(WHOLE, Decimal(0)) > 0:
        codes_paid |= {*claim.codes.values()} - {claim.codes.get(one.key, "") for one in standing.unpaid}
    if not codes_paid:
        return
    paid_of_all = sum((amount for amount in paid.values() if amount > 0), Decimal(0))
    earlier = _locked(by.organization_id).filter(claim_id__in=claim.earlier_ids, state__in=UNFINISHED)
    for row in earlier.select_related("remittance_line"):
        code = row.remittance_line.code if row.remittance_line else ""
        if not code or code in codes_paid or code not in claim.codes.values():
            _close(row, paid_of_all, is_replaced=True, by=by, at=at)


def _draft(claim: AnsweredClaim, one: Unpaid, owner_id: UUID | None, *, by: Membership, at: datetime) -> Denial:
    found_on = claim.paid_on.get(one.answer_id) or local_date(at, claim.zone)
    return Denial(
        id=uuid7(),
        organization_id=by.organization_id,
        claim_id=claim.id,
        remittance_claim_id=one.answer_id,
        remittance_line_id=one.line_id,
        group=one.group,
        reason=one.reason,
        amount=one.amount,
        found_on=found_on,
        due_on=last_day(reason_of(one.reason).step, claim.service_on, found_on, claim.days),
        state=DenialState.CORRECTED if claim.is_superseded else DenialState.OPEN,
        owner_id=owner_id,
        changed_at=at,
        changed_by=by,
    )


def _is_taken_by_us(claim: AnsweredClaim, one: Unpaid) -> bool:
    """A payment taken back of a claim that we replaced or voided is as we asked."""
    return claim.is_superseded and one.reason == TAKEN_BACK


def _waits(claim: AnsweredClaim, standing: Standing, row: Denial) -> bool:
    """A payer that takes a replaced claim back to answer the one in its place: that answer decides."""
    return standing.is_taken_back and claim.is_superseded and row.state == DenialState.CORRECTED


def _key(one: Unpaid) -> tuple[UUID, UUID | None, str, str]:
    return one.answer_id, one.line_id, one.group, one.reason


def _key_of(row: Denial) -> tuple[UUID, UUID | None, str, str]:
    return row.remittance_claim_id, row.remittance_line_id, row.group, row.reason


def _paid_since(claim: AnsweredClaim, row: Denial) -> Decimal:
    """What came for its line after the answer that denied it, whoever paid it; of a claim as a whole, all that came.

    What is taken back of the claim as a whole takes of a line at most what came for it since.
    """
    ids = [answer.id for answer in claim.answers]
    since = claim.answers[ids.index(row.remittance_claim_id) + 1 :] if row.remittance_claim_id in ids else claim.answers
    key = claim.keys.get(row.remittance_line_id, WHOLE)
    found = Decimal(0)
    for answer in since:
        if key and answer.lines:
            found += sum((line.paid for line in answer.lines if line.key == key), Decimal(0))
        elif key and answer.is_reversal:
            found = max(found + answer.paid, min(found, Decimal(0)))
        else:
            found += answer.paid
    return found
