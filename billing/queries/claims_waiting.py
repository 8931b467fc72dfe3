"""Claims of closed months that wait for something that billing may not record: consent, diagnoses, who treats."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from billing.models import ChargePosted, Claim, PayerRoute
from billing.queries.filing_facts import PayerPlan, Prepared, filing_plan
from billing.queries.frozen import last_rows, read_lines
from billing.rules.closing import standing_lines
from billing.rules.mending import Mender, mender_of
from billing.rules.x12.claim import Fault
from caseload.rules.clock import month_of

# Medicare takes claims for a year (42 CFR 424.44); most payers for less.
LOOKED_BACK: Final = timedelta(days=400)
# Each is judged anew, so that what was mended is gone from here; older ones come once these have left.
MOST_CLAIMS: Final = 200


@dataclass(frozen=True, slots=True)
class WaitingClaim:
    """A patient's month whose claim cannot leave, and what of it waits for the person who asks."""

    month: str
    payer: str
    prepared: Prepared
    faults: tuple[Fault, ...]

    @property
    def patient_id(self) -> UUID:
        return self.prepared.billable.episode.patient_id


def claims_waiting(
    organization_id: UUID, *, at: datetime, menders: Collection[Mender], care_manager_id: UUID | None = None
) -> tuple[WaitingClaim, ...]:
    """The newest month first, by patient: of a care manager's patients and of those whom nobody cares for, or of all
    (None). Of the newest 200 patients' months that ask for something, those that could be filed by now included. One
    statement where nothing is left to file, and what a filing plan takes for each calendar month besides.
    """
    found: list[WaitingClaim] = []
    for month, episode_ids in _months_left(organization_id, at.date() - LOOKED_BACK, care_manager_id):
        plan = filing_plan(
            organization_id, month_of(month), at=at, has_seen_papers=True, episode_ids=sorted(episode_ids)
        )
        for payer in plan.payers:
            found += _of_payer(month_of(month), payer, menders)
    return tuple(found)


def _of_payer(month: str, payer: PayerPlan, menders: Collection[Mender]) -> list[WaitingClaim]:
    """Where nobody takes the payer's files nothing waits: its months leave by table."""
    if payer.head is None:
        return []
    waiting = [
        WaitingClaim(month, payer.payer, one, tuple(fault for fault in one.faults if mender_of(fault) in menders))
        for one in payer.to_mend
    ]
    return [one for one in waiting if one.faults]


def _months_left(organization_id: UUID, since: date, care_manager_id: UUID | None) -> list[tuple[date, set[UUID]]]:
    """Closed months, of payers whose files somebody takes, that ask for something and were neither claimed nor posted;
    the newest first.
    """
    of_month = {"organization_id": organization_id, "patient_id": OuterRef("patient_id"), "month": OuterRef("month")}
    taken = PayerRoute.objects.filter(organization_id=organization_id, receiver__is_in_use=True)
    rows = last_rows(organization_id).filter(
        ~Exists(Claim.objects.filter(**of_month, is_superseded=False)),
        ~Exists(ChargePosted.objects.live().filter(**of_month)),
        month__gte=since,
        payer_id__in=taken.values("payer_id"),
    )
    if care_manager_id is not None:
        rows = rows.filter(Q(episode__care_manager_id=care_manager_id) | Q(episode__care_manager_id=None))
    left = rows.exclude(lines=[]).order_by("-month", "-id").values_list("month", "episode_id", "lines")
    # A correction that asks nothing any more still has lines: those that it takes back.
    asking = ((month, episode_id) for month, episode_id, lines in left if standing_lines(read_lines(lines)))
    found: dict[date, set[UUID]] = {}
    for month, episode_id in islice(asking, MOST_CLAIMS):
        found.setdefault(month, set()).add(episode_id)
    return list(found.items())
