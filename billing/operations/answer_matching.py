"""A person says which claim or batch an answer means, or that it is not one of ours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from billing.models import Acknowledgement, Batch, Claim, MatchUndone, RemittanceClaim, RemittanceLine
from billing.operations.answer_undoing import stand_again
from billing.operations.answers import denied_or_paid
from billing.operations.denials import reopen_rejected
from billing.queries.answer_candidates import acknowledgement, waiting_claim
from billing.queries.answer_matching import line_asked, lines_of

_MOST_LETTERS = 300


class MatchedAlready(DomainError):
    """What an answer means is said once: denials and sums rest on it."""

    def __init__(self) -> None:
        super().__init__("Somebody has said already what this means. Nothing was changed.")


class ClaimOfATest(DomainError):
    """Money of a claim in a test file would count nowhere: no payer ever kept that claim."""

    def __init__(self) -> None:
        super().__init__("That claim is in a test file, which no payer keeps. Choose the one that was sent in earnest.")


class OfOneClaim(DomainError):
    """What was said of one claim is not said of the batch: a single rejection would be one of all its claims."""

    def __init__(self) -> None:
        super().__init__("This was said of one claim, not of a whole batch. Choose its claim. Nothing was changed.")


class SetAsideWhy(DomainError):
    """What is set aside says why."""

    def __init__(self) -> None:
        super().__init__("Say in a few words why this is not one of yours.")


@transaction.atomic
def match_claim(*, by: Membership, at: datetime, remittance_claim_id: UUID, claim_id: UUID) -> RemittanceClaim:
    """A payment that came without a known number is of this claim: its lines find theirs, denials follow.

    The same choice a second time changes nothing. Raises ClaimOfATest, MatchedAlready, NotFound.
    """
    row = waiting_claim(by.organization_id, remittance_claim_id, locked=True)
    claim = _claim(by.organization_id, claim_id)
    if claim.batch.is_test:
        raise ClaimOfATest
    if row.claim_id == claim_id:
        return row
    if row.claim_id is not None or row.set_aside_because:
        raise MatchedAlready
    row.claim, row.matched_at, row.matched_by = claim, at, by
    row.save(update_fields=["claim", "matched_at", "matched_by"])
    _match_lines(row, claim)
    record("answer.matched", by=by, at=at, patient_id=claim.patient_id, object_id=row.id)
    if MatchUndone.objects.filter(organization_id=by.organization_id, remittance_claim=row).exists():
        stand_again(by.organization_id, [claim_id], by=by, at=at)
    denied_or_paid([row], by=by, at=at)
    return row


@transaction.atomic
def set_claim_aside(*, by: Membership, at: datetime, remittance_claim_id: UUID, because: str) -> RemittanceClaim:
    """A payment of a claim that did not leave from here: whose it is, is forgotten.

    Raises SetAsideWhy, MatchedAlready, NotFound.
    """
    row = waiting_claim(by.organization_id, remittance_claim_id, locked=True)
    why = why_aside(because)
    if row.set_aside_because == why:
        return row
    if row.claim_id is not None or row.set_aside_because:
        raise MatchedAlready
    row.set_aside_because, row.matched_at, row.matched_by, row.names, row.unknown = why, at, by, {}, []
    row.save(update_fields=["set_aside_because", "matched_at", "matched_by", "names", "unknown"])
    record("answer.set_aside", by=by, at=at, object_id=row.id)
    return row


@transaction.atomic
def match_acknowledgement(
    *,
    by: Membership,
    at: datetime,
    acknowledgement_id: UUID,
    batch_id: UUID | None = None,
    claim_id: UUID | None = None,
    because: str = "",
) -> Acknowledgement:
    """What was said is of this batch, or of this claim; with neither, of none of ours, and `because` says why.

    The same choice a second time changes nothing. Of what is set aside it is forgotten whose it is. Raises OfOneClaim,
    SetAsideWhy, MatchedAlready, NotFound.
    """
    row = acknowledgement(by.organization_id, acknowledgement_id, locked=True)
    claim = _claim(by.organization_id, claim_id) if claim_id else None
    batch = _batch(by.organization_id, batch_id) if batch_id else None
    if row.matched_at is not None and (row.batch_id, row.claim_id) == (batch_id, claim_id):
        return row
    if row.matched_at is not None or row.batch_id is not None or row.claim_id is not None:
        raise MatchedAlready
    if batch and row.is_of_claim:
        raise OfOneClaim
    why = "" if batch or claim else why_aside(because)
    row.batch, row.claim, row.matched_at, row.matched_by, row.set_aside_because = batch, claim, at, by, why
    row.names = {} if why else row.names
    row.save(update_fields=["batch", "claim", "matched_at", "matched_by", "set_aside_because", "names"])
    action = "answer.matched" if batch or claim else "answer.set_aside"
    record(action, by=by, at=at, patient_id=claim.patient_id if claim else None, object_id=row.id)
    if not row.is_accepted:
        meant = {"claim_ids": [one.id for one in (claim,) if one], "batch_ids": [one.id for one in (batch,) if one]}
        reopen_rejected(by=by, at=at, **meant)
    return row


def why_aside(because: str) -> str:
    """The reason as it is kept. Raises SetAsideWhy where there is none."""
    why = because.strip()[:_MOST_LETTERS]
    if not why:
        raise SetAsideWhy
    return why


def _match_lines(row: RemittanceClaim, claim: Claim) -> None:
    lines = lines_of(row.organization_id, [claim.id]).get(claim.id, [])
    for line in RemittanceLine.objects.filter(organization_id=row.organization_id, remittance_claim=row):
        line.claim_line_id = line_asked(line.line_control, line.code, line.asked_code, lines)
        line.save(update_fields=["claim_line"])


def _claim(organization_id: UUID, claim_id: UUID) -> Claim:
    found = Claim.objects.filter(organization_id=organization_id, id=claim_id).select_related("batch").first()
    if found is None:
        raise NotFound
    return found


def _batch(organization_id: UUID, batch_id: UUID) -> Batch:
    found = Batch.objects.filter(organization_id=organization_id, id=batch_id).first()
    if found is None:
        raise NotFound
    return found
