"""What a corrected claim needs to know of the answers to the one before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from bhi.errors import NotFound
from bhi.tenancy.sight import seeing_everything
from billing.models import (
    Acknowledgement,
    Batch,
    BatchFormat,
    Claim,
    Denial,
    Frequency,
    PayerRoute,
    RemittanceClaim,
    RemittanceLine,
)
from billing.queries.acknowledged import acknowledged
from billing.queries.answered import answers_of
from billing.rules.claim_ways import UNPROCESSABLE, Way, way_of
from billing.rules.filing_deadline import Deadline, deadline
from billing.rules.x12.claim_checks import MEDICARE_PART_B


@dataclass(frozen=True, slots=True)
class ClaimWork:
    """How a claim is corrected or taken back now; `deadline` is None where the payer's days are not known, or not the
    payer's to set.
    """

    way: Way
    is_unsent: bool
    deadline: Deadline | None


def claim_work(organization_id: UUID, claim_id: UUID, today: date) -> ClaimWork:
    """What the pages of a correction and of an end are told. Raises NotFound."""
    rows = Claim.objects.filter(organization_id=organization_id, id=claim_id).select_related("batch")
    claim: Claim | None = rows.defer("facts", "verdict").first()
    if claim is None:
        raise NotFound
    way = way_of_claim(claim)
    return ClaimWork(
        way=way,
        is_unsent=way is Way.ANEW and is_unsent(claim),
        deadline=None if way is Way.REOPENING else _deadline(claim, way, today),
    )


def _deadline(claim: Claim, way: Way, today: date) -> Deadline | None:
    """What no payer kept is a first claim, and has that one's days."""
    routes = PayerRoute.objects.filter(organization_id=claim.organization_id, payer_id=claim.payer_id)
    days = routes.values_list("filing_days" if way is Way.ANEW else "corrected_days", flat=True).first()
    return None if days is None else deadline(claim.service_on, days, today)


def way_of_claim(claim: Claim) -> Way:
    """How this claim is corrected or taken back. `claim.batch` is at hand; at most five statements."""
    insured = claim.content.get("claim", {}).get("insured", {})
    filing_code = str(insured.get("filing_code", ""))
    is_filed = bool(claim.control_number)
    return way_of(
        is_test=claim.batch.is_test,
        is_filed=is_filed,
        is_kept=is_filed and _is_kept(claim, filing_code),
        filing_code=filing_code,
    )


def _is_kept(claim: Claim, filing_code: str) -> bool:
    if is_rejected(claim) or is_unsent(claim):
        return False
    return filing_code != MEDICARE_PART_B or not _is_unprocessable(claim)


def is_unsent(claim: Claim) -> bool:
    """Whether nobody handed its file over: nobody said so, and nothing came back."""
    return claim.batch.sent_at is None and not _is_answered(claim.batch)


def is_spoilt(batch: Batch) -> bool:
    """Whether its file, never handed over, holds a claim that was taken back or sent anew meanwhile."""
    return batch.id in spoilt_among(batch.organization_id, [batch])


@seeing_everything()
def spoilt_among(organization_id: UUID, batches: Iterable[Batch]) -> set[UUID]:
    """Which of these batches is_spoilt is true of, whoever asks: what they may not see left with the file too. One
    statement, and none where all were handed over.
    """
    held = [one.id for one in batches if one.sent_at is None and not one.is_test and one.format == BatchFormat.X12]
    if not held:
        return set()
    claims = Claim.objects.filter(organization_id=organization_id, batch_id=OuterRef("id"), is_superseded=True)
    said = Acknowledgement.objects.filter(organization_id=organization_id)
    paid = RemittanceClaim.objects.filter(organization_id=organization_id, claim__batch_id=OuterRef("id"))
    found = Batch.objects.filter(Exists(claims.exclude(frequency=Frequency.VOID)), ~Exists(paid), id__in=held)
    found = found.exclude(Exists(said.filter(batch_id=OuterRef("id"))))
    found = found.exclude(Exists(said.filter(claim__batch_id=OuterRef("id"))))
    return set(found.filter(organization_id=organization_id).values_list("id", flat=True))


def goes_anew(organization_id: UUID, batch_id: UUID) -> bool:
    """Whether a file that was refused, or may not be handed over, still holds claims to send anew. Four statements."""
    batch = Batch.objects.filter(organization_id=organization_id, id=batch_id).first()
    return batch is not None and bool(left_in(batch))


def left_in(batch: Batch) -> set[UUID]:
    """The claims of such a file that still stand and that no payer took on, wherever in it. Three statements."""
    rows = Claim.objects.filter(organization_id=batch.organization_id, batch=batch, is_superseded=False)
    standing = set(rows.values_list("id", flat=True))
    return standing - kept_of(batch, standing)


def is_file_rejected(batch: Batch) -> bool:
    """Whether its receiver refused the file as a whole."""
    _, of_batches = acknowledged(batch.organization_id, [], [batch.id])
    counting = of_batches.get(batch.id)
    return counting is not None and not counting.is_accepted


@seeing_everything()
def kept_of(batch: Batch, claim_ids: Collection[UUID]) -> set[UUID]:
    """Which of these claims of a refused file a payer spoke of all the same: taken on by themselves, or decided."""
    of_claims, _ = acknowledged(batch.organization_id, claim_ids, [])
    paid = RemittanceClaim.objects.filter(organization_id=batch.organization_id, set_aside_because="")
    decided = set(paid.filter(claim_id__in=list(claim_ids)).values_list("claim_id", flat=True))
    return {id_ for id_, heard in of_claims.items() if heard.is_accepted} | decided


@seeing_everything()
def _is_answered(batch: Batch) -> bool:
    """Whether anything came back of its file, whoever asks: who may not see some of its claims corrects by it too."""
    rows = Acknowledgement.objects.filter(organization_id=batch.organization_id)
    paid = RemittanceClaim.objects.filter(organization_id=batch.organization_id, claim__batch=batch)
    return rows.filter(Q(claim__batch=batch) | Q(batch=batch)).exists() or paid.exists()


def _is_unprocessable(claim: Claim) -> bool:
    """Whether the last remittance returned the claim as one that could not be processed."""
    rows = RemittanceClaim.objects.filter(organization_id=claim.organization_id, claim=claim, set_aside_because="")
    last = rows.order_by("-remittance__posted_at", "-position").first()
    if last is None:
        return False
    lines = RemittanceLine.objects.filter(organization_id=claim.organization_id, remittance_claim=last)
    remarks = [*last.remarks, *(one for of_line in lines.values_list("remarks", flat=True) for one in of_line)]
    return UNPROCESSABLE in remarks


def payer_number_of(claim: Claim) -> str:
    """The number under which the payer that was asked keeps the claim, as its last answer names it; empty where none
    did. What a later payer calls it means nothing to the first.
    """
    if number := answers_of(claim.organization_id, [claim.id]).numbers.get(claim.id):
        return number
    taken = Acknowledgement.objects.filter(organization_id=claim.organization_id, claim=claim)
    named = taken.exclude(payer_claim_number="").order_by("-id")
    return str(named.values_list("payer_claim_number", flat=True).first() or "")


def is_rejected(claim: Claim) -> bool:
    """Whether the claim, or its whole file, was rejected before the payer kept it: it is sent anew, not replaced.

    What was said of the claim itself counts before what was said of its file, in whichever order they were read: a
    file's receipt may be uploaded after the answer to its claims.
    """
    of_claims, of_batches = acknowledged(claim.organization_id, [claim.id], [claim.batch_id])
    counting = of_claims.get(claim.id) or of_batches.get(claim.batch_id)
    return counting is not None and not counting.is_accepted and not _is_paid(claim)


@seeing_everything()
def rejected_replacements(organization_id: UUID, claim_ids: Collection[UUID], batch_ids: Collection[UUID]) -> set[UUID]:
    """Which of these claims, and of those in these batches, were to replace or take back another one, were rejected
    before any payer decided, and did not go out again. Two statements.
    """
    of = Q(id__in=list(claim_ids)) | Q(batch_id__in=list(batch_ids))
    own = Claim.objects.filter(organization_id=organization_id)
    decided = RemittanceClaim.objects.filter(organization_id=organization_id, claim_id=OuterRef("id"))
    again = own.filter(replaces_id=OuterRef("id"))
    rows = own.filter(of, ~Exists(decided), ~Exists(again), replaces__isnull=False, batch__is_test=False)
    batch_of = dict(rows.values_list("id", "batch_id"))
    if not batch_of:
        return set()
    of_claims, of_batches = acknowledged(organization_id, list(batch_of), set(batch_of.values()))
    heard = {id_: of_claims.get(id_) or of_batches.get(batch_id) for id_, batch_id in batch_of.items()}
    return {id_ for id_, one in heard.items() if one is not None and not one.is_accepted}


def is_denied(claim_id: UUID, organization_id: UUID) -> bool:
    """Whether a line of the claim, or all of it, was not paid."""
    return bool(Denial.objects.filter(organization_id=organization_id, claim_id=claim_id).exists())


def _is_paid(claim: Claim) -> bool:
    rows = RemittanceClaim.objects.filter(organization_id=claim.organization_id, claim=claim, set_aside_because="")
    return bool(rows.exists())
