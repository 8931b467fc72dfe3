"""A person takes back what somebody said that an answer means: it waits again, and denials stand as without it.

What the payer wrote never changes and nothing of it is deleted: a payment counts on the claim to which it points, so it
stops counting there once it points to none. To negate it by rows would read as if the payer had taken money back. What
was said before, by whom, and why it was taken back is kept in MatchUndone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from billing.models import (
    Acknowledgement,
    Claim,
    Denial,
    DenialState,
    MatchUndone,
    RemittanceClaim,
    RemittanceLine,
)
from billing.operations.batches import lock_claims
from billing.operations.denials import reopen_where_rejected, settle_denials
from billing.queries.answer_candidates import acknowledgement, waiting_claim
from billing.queries.answered import AnsweredClaim, answered_claims
from billing.rules.denials import TAKEN_BACK
from billing.rules.standing import standing_after

_MOST_LETTERS: Final = 300
_SETTLED: Final = (DenialState.PAID, DenialState.SUPERSEDED)


class UndoWhy(DomainError):
    """What is taken back says why."""

    def __init__(self) -> None:
        super().__init__("Say in a few words why it is taken back.")


class NothingToUndo(DomainError):
    """Nobody said it by hand: it was found by its number, or waits already."""

    def __init__(self) -> None:
        super().__init__("Nobody matched this by hand, or it was taken back already. Nothing was changed.")


@transaction.atomic
def undo_claim_match(*, by: Membership, at: datetime, remittance_claim_id: UUID, because: str) -> RemittanceClaim:
    """A payment was matched to the wrong claim, or set aside wrongly: it waits again, and its denials there end.

    Raises UndoWhy, NothingToUndo, NotFound.
    """
    row = waiting_claim(by.organization_id, remittance_claim_id, locked=True)
    why = why_undone(because)
    if row.matched_at is None or row.matched_by_id is None:
        raise NothingToUndo
    claim = row.claim
    _keep(row, remittance_claim=row, why=why, by=by, at=at)
    row.claim = row.matched_at = row.matched_by = None
    row.set_aside_because = ""
    row.save(update_fields=["claim", "matched_at", "matched_by", "set_aside_because"])
    RemittanceLine.objects.filter(organization_id=row.organization_id, remittance_claim=row).update(claim_line=None)
    record("answer.match_undone", by=by, at=at, patient_id=claim.patient_id if claim else None, object_id=row.id)
    if claim is not None:
        _end_denials(row, claim, by=by, at=at)
    return row


@transaction.atomic
def undo_acknowledgement_match(
    *, by: Membership, at: datetime, acknowledgement_id: UUID, because: str
) -> Acknowledgement:
    """What was said was matched or set aside wrongly: it waits again. Raises UndoWhy, NothingToUndo, NotFound."""
    row = acknowledgement(by.organization_id, acknowledgement_id, locked=True)
    why = why_undone(because)
    if row.matched_at is None or row.matched_by_id is None:
        raise NothingToUndo
    claim = row.claim
    _keep(row, acknowledgement=row, why=why, by=by, at=at)
    row.batch = row.claim = row.matched_at = row.matched_by = None
    row.set_aside_because = ""
    row.save(update_fields=["batch", "claim", "matched_at", "matched_by", "set_aside_because"])
    record("answer.match_undone", by=by, at=at, patient_id=claim.patient_id if claim else None, object_id=row.id)
    return row


def stand_again(organization_id: UUID, claim_ids: Collection[UUID], *, by: Membership, at: datetime) -> None:
    """Denials that an answer closed stand again where the answers that are left say so; open where the claim for which
    they would wait was rejected.
    """
    lock_claims(organization_id)
    waiting: set[UUID] = set()
    for claim in answered_claims(organization_id, claim_ids):
        stands = {
            (one.answer_id, one.line_id, one.group, one.reason)
            for one in standing_after(claim.answers).unpaid
            if not (claim.is_superseded and one.reason == TAKEN_BACK)
        }
        closed = Denial.objects.select_for_update().filter(organization_id=organization_id, claim_id=claim.id)
        for row in closed.filter(state__in=_SETTLED).order_by("id"):
            if (row.remittance_claim_id, row.remittance_line_id, row.group, row.reason) in stands:
                _set(row, _again(claim), by=by, at=at)
                waiting |= {claim.id} if claim.is_superseded else set()
    reopen_where_rejected(waiting, by=by, at=at)


def why_undone(because: str) -> str:
    """The reason as it is kept. Raises UndoWhy where there is none."""
    why = because.strip()[:_MOST_LETTERS]
    if not why:
        raise UndoWhy
    return why


def _keep(
    was: RemittanceClaim | Acknowledgement,
    *,
    why: str,
    by: Membership,
    at: datetime,
    remittance_claim: RemittanceClaim | None = None,
    acknowledgement: Acknowledgement | None = None,
) -> None:
    assert was.matched_at is not None, "who asked looked"
    assert was.matched_by_id is not None
    MatchUndone.objects.create(
        organization_id=by.organization_id,
        remittance_claim=remittance_claim,
        acknowledgement=acknowledgement,
        claim_id=was.claim_id,
        batch_id=getattr(was, "batch_id", None),
        set_aside_because=was.set_aside_because,
        matched_at=was.matched_at,
        matched_by_id=was.matched_by_id,
        undone_at=at,
        undone_by=by,
        because=why,
    )


def _end_denials(row: RemittanceClaim, claim: Claim, *, by: Membership, at: datetime) -> None:
    """Those of the answer were never the claim's; those that its money closed stand again, also on claims before it."""
    lock_claims(by.organization_id)
    theirs = Denial.objects.select_for_update().filter(organization_id=by.organization_id, claim=claim)
    for denial in theirs.filter(remittance_claim=row).exclude(state=DenialState.SUPERSEDED).order_by("id"):
        _set(denial, DenialState.SUPERSEDED, by=by, at=at)
    earlier = [id_ for one in answered_claims(by.organization_id, [claim.id]) for id_ in one.earlier_ids]
    stand_again(by.organization_id, [claim.id, *earlier], by=by, at=at)
    settle_denials(by=by, at=at, claim_ids=[claim.id])


def _again(claim: AnsweredClaim) -> DenialState:
    return DenialState.CORRECTED if claim.is_superseded else DenialState.OPEN


def _set(row: Denial, state: DenialState, *, by: Membership, at: datetime) -> None:
    row.state, row.changed_at, row.changed_by = state, at, by
    row.save(update_fields=["state", "changed_at", "changed_by"])
