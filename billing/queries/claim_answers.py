"""What a corrected claim needs to know of the answers to the one before it."""

from __future__ import annotations

from uuid import UUID

from billing.models import Acknowledgement, Claim, Denial, RemittanceClaim
from billing.queries.acknowledged import acknowledged


def payer_number_of(claim: Claim) -> str:
    """The number under which the payer keeps the claim, as its last answer names it; empty where none did."""
    paid = RemittanceClaim.objects.filter(organization_id=claim.organization_id, claim=claim)
    taken = Acknowledgement.objects.filter(organization_id=claim.organization_id, claim=claim)
    for rows in (paid, taken):
        found = rows.exclude(payer_claim_number="").order_by("-id").values_list("payer_claim_number", flat=True).first()
        if found:
            return str(found)
    return ""


def is_rejected(claim: Claim) -> bool:
    """Whether the claim, or its whole file, was rejected before the payer kept it: it is sent anew, not replaced.

    What was said of the claim itself counts before what was said of its file, in whichever order they were read: a
    file's receipt may be uploaded after the answer to its claims.
    """
    of_claims, of_batches = acknowledged(claim.organization_id, [claim.id], [claim.batch_id])
    counting = of_claims.get(claim.id) or of_batches.get(claim.batch_id)
    return counting is not None and not counting.is_accepted and not _is_paid(claim)


def is_denied(claim_id: UUID, organization_id: UUID) -> bool:
    """Whether a line of the claim, or all of it, was not paid."""
    return bool(Denial.objects.filter(organization_id=organization_id, claim_id=claim_id).exists())


def _is_paid(claim: Claim) -> bool:
    rows = RemittanceClaim.objects.filter(organization_id=claim.organization_id, claim=claim, set_aside_because="")
    return bool(rows.exists())
