"""What of a refused file can go out anew, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bhi.errors import NotFound
from billing.models import Batch, BatchFormat, Claim
from billing.queries.claim_answers import is_file_rejected, is_spoilt, left_in
from billing.queries.filing_facts import PayerPlan, Prepared, filing_plan
from billing.rules.x12.claim import FiledClaim
from caseload.rules.clock import month_of


@dataclass(frozen=True, slots=True)
class Resending:
    """A refused file's claims that still stand and that no payer took on, by episode, and how they would leave now.

    `plan` is None where none of their months asks the file's payer any more.
    """

    batch: Batch
    claims: Mapping[UUID, Claim]
    plan: PayerPlan | None

    @property
    def month(self) -> str:
        return month_of(self.batch.month)

    @property
    def to_mend(self) -> tuple[Prepared, ...]:
        """Those that something keeps from leaving."""
        return self.plan.to_mend if self.plan is not None else ()

    @property
    def asking_nothing(self) -> tuple[Claim, ...]:
        """Those whose closed month asks this payer nothing any more."""
        plan = self.plan
        asking = () if plan is None else (*plan.ready, *plan.to_mend, *plan.institutional, *plan.unseen)
        known = {one.billable.episode.id for one in asking}
        return tuple(claim for episode_id, claim in self.claims.items() if episode_id not in known)


def resending(organization_id: UUID, batch_id: UUID, *, at: datetime) -> Resending | None:
    """None where nobody refused the file as a whole, or none of its claims is left. Raises NotFound."""
    batch: Batch | None = Batch.objects.filter(organization_id=organization_id, id=batch_id).first()
    if batch is None:
        raise NotFound
    if batch.is_test or batch.format != BatchFormat.X12 or not (is_file_rejected(batch) or is_spoilt(batch)):
        return None
    rows = Claim.objects.filter(organization_id=organization_id, id__in=left_in(batch))
    claims = {one.episode_id: one for one in rows.select_related("patient").defer("facts", "verdict")}
    return Resending(batch, claims, _plan(batch, claims, at)) if claims else None


def _plan(batch: Batch, claims: Mapping[UUID, Claim], at: datetime) -> PayerPlan | None:
    """Each as what it was, a first claim or a replacement."""

    def as_before(filed: FiledClaim) -> FiledClaim:
        before = claims[UUID(filed.ids.episode)]
        return replace(filed, frequency=before.frequency, payer_claim_number=before.payer_claim_number)

    plan = filing_plan(
        batch.organization_id,
        month_of(batch.month),
        at=at,
        has_seen_papers=True,
        episode_ids=list(claims),
        even_claimed=True,
        as_filed=as_before,
    )
    return next((one for one in plan.payers if one.payer_id == batch.payer_id), None)
