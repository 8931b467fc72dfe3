"""What every correction and every end of a claim does: find the one that stands, and let it stand no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import Claim, ClaimLine, ClaimWithdrawal
from billing.operations.denials import denials_corrected
from billing.operations.errors import CloseMonthFirst, OnlyATest, ReplacedAlready, StillAsks
from billing.queries.calendar import month_title
from billing.queries.frozen import frozen_ask
from billing.queries.release_pages import closed_clinics
from caseload.rules.clock import month_of


def claim_of_token(organization_id: UUID, client_token: UUID) -> Claim | None:
    """The claim that an earlier press of the same form made."""
    rows = Claim.objects.filter(organization_id=organization_id, batch__client_token=client_token)
    found: Claim | None = rows.select_related("batch").first()
    return found


def withdrawn_by_token(organization_id: UUID, client_token: UUID) -> Claim | None:
    """The claim that an earlier press of the same form took back without a file."""
    rows = ClaimWithdrawal.objects.filter(organization_id=organization_id, client_token=client_token)
    found = rows.select_related("claim__batch").first()
    return None if found is None else found.claim


def standing_claim(organization_id: UUID, claim_id: UUID) -> Claim:
    """The claim, if it is the one that stands. Raises NotFound, OnlyATest, ReplacedAlready."""
    claim = known_claim(organization_id, claim_id)
    if claim.is_superseded:
        raise ReplacedAlready
    return claim


def known_claim(organization_id: UUID, claim_id: UUID) -> Claim:
    """The claim, whether it stands or not. Raises NotFound, OnlyATest."""
    rows = Claim.objects.filter(organization_id=organization_id, id=claim_id)
    claim: Claim | None = rows.select_related("episode", "payer", "batch").first()
    if claim is None:
        raise NotFound
    if claim.batch.is_test:
        raise OnlyATest
    return claim


def lines_of_claim(claim: Claim) -> list[ClaimLine]:
    """Its lines, in order."""
    return list(ClaimLine.objects.filter(organization_id=claim.organization_id, claim=claim).order_by("number"))


def negated(claim: Claim, lines: Sequence[ClaimLine]) -> list[ClaimLine]:
    """Lines of `claim` that take back those of the one before it."""
    taken = [line for line in lines if line.units > 0]
    return [
        ClaimLine(
            organization_id=claim.organization_id,
            claim=claim,
            number=place,
            code=line.code,
            units=-line.units,
            amount=_negative(line.amount),
            charge=_negative(line.charge),
        )
        for place, line in enumerate(taken, start=1)
    ]


def closed_month_of(claim: Claim) -> str:
    """Its month, which is closed at its clinic. Raises CloseMonthFirst."""
    month = month_of(claim.month)
    if claim.episode.clinic_id not in closed_clinics(claim.organization_id, month):
        raise CloseMonthFirst(month_title(month))
    return month


def refuse_what_still_asks(claim: Claim) -> None:
    """A claim ends once its closed month asks nothing of its payer. Raises CloseMonthFirst, StillAsks."""
    ask = frozen_ask(claim.organization_id, closed_month_of(claim), claim.episode_id)
    if ask.lines and ask.payer_id == claim.payer_id:
        raise StillAsks


def let_go(claim: Claim, *, by: Membership, at: datetime) -> None:
    """It stands no more, and its denials wait for what comes in its place."""
    claim.is_superseded = True
    claim.save(update_fields=["is_superseded"])
    denials_corrected(by=by, at=at, claim_id=claim.id)


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount
