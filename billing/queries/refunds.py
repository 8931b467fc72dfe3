"""Payments to give back: the list with its clock, one of them with what may share its cause, and what can be added."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from bhi.errors import NotFound
from billing.models import Claim, ClaimWithdrawal, Frequency, Refund, RefundState
from billing.queries.calendar import month_title
from billing.queries.claim_answers import is_unsent
from billing.queries.claims import claim_name
from billing.queries.overpayments import BECAUSE, Unsupported, unsupported_payments
from billing.queries.received import ABOUT, answers_about, payments_compared
from billing.rules.refunds import Closed, is_waiting, refund_clock, still_owed
from caseload.rules.clock import month_of

PAGE = 50
RELATED = 50
# Which part of the list is shown.
OPEN, OLDER, CLOSED = "open", "older", "closed"


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund as the list shows it. `due_on` is None where it was paid before the years that are looked back; `owed`
    is what was left to go back when it was found, None where that is not known.
    """

    id: UUID
    patient_id: UUID
    patient_name: str
    episode_id: UUID
    month: str
    claim_id: UUID
    claim: str
    payer: str
    why: str
    identified_on: date
    due_on: date | None
    suspended_until: date | None
    state: RefundState
    owner_id: UUID | None
    owner: str
    owed: Decimal | None
    amount: Decimal | None
    closed_on: date | None
    is_superseded: bool
    is_by_hand: bool

    @property
    def title(self) -> str:
        return f"{month_title(self.month)}, {self.payer}"

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None


@dataclass(frozen=True, slots=True)
class RefundPage:
    """A page of the list, the nearest day first. `open`, `older` and `closed` are how many there are in all; `compared`
    of how many claims payments are known; None where any is open: nobody needs to know then, and to count takes long.
    """

    rows: tuple[RefundRow, ...]
    total: int
    open: int
    older: int
    closed: int
    compared: int | None
    first_row: int
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True)
class RelatedClaim:
    """Another paid claim in which the same cause may be found; `refund_id` where it is on the list already."""

    claim_id: UUID
    patient_name: str
    month: str
    episode_id: UUID
    reason: str
    refund_id: UUID | None


@dataclass(frozen=True, slots=True)
class RefundDetail:
    """One refund: the row, what was paid (None: no payment is known), what is supported now, what is left to go back
    (None: not known), and what to look into; `more` are so many of the same cause that are not among `related`.
    """

    row: RefundRow
    refund: Refund
    paid: Decimal | None
    now: Unsupported | None
    owed: Decimal | None
    related: tuple[RelatedClaim, ...]
    more: int


@dataclass(frozen=True, slots=True)
class AddableClaim:
    """A claim that may be put on the list. `paid` is None where no payment of it is known; `refund_id`: it is on the
    list already, open.
    """

    id: UUID
    name: str
    patient_id: UUID
    patient_name: str
    month: str
    payer: str
    service_on: date
    paid: Decimal | None
    refund_id: UUID | None

    @property
    def title(self) -> str:
        return f"{month_title(self.month)}, {self.payer}"


def refund_page(organization_id: UUID, *, show: str = OPEN, start: int = 0) -> RefundPage:
    """Open refunds by the day on which they are due, those paid before the years that are looked back, or closed ones,
    the last first. Two statements, one more where nothing is open.
    """
    everything = Refund.objects.filter(organization_id=organization_id)
    parts = {
        OPEN: Q(closed_on__isnull=True, due_on__isnull=False),
        OLDER: Q(closed_on__isnull=True, due_on__isnull=True),
        CLOSED: Q(closed_on__isnull=False),
    }
    counts = everything.aggregate(**{word: Count("id", filter=part) for word, part in parts.items()})
    total = counts[show]
    start = start if start < total else 0
    order = {OPEN: ("due_on", "id"), OLDER: ("identified_on", "id"), CLOSED: ("-closed_on", "-id")}[show]
    found = _with_parts(everything.filter(parts[show])).order_by(*order)[start : start + PAGE]
    return RefundPage(
        rows=tuple(_row(refund) for refund in found),
        total=total,
        open=counts[OPEN],
        older=counts[OLDER],
        closed=counts[CLOSED],
        compared=payments_compared(organization_id) if show == OPEN and not total else None,
        first_row=start + 1,
        previous=max(start - PAGE, 0) if start else None,
        next=start + PAGE if start + PAGE < total else None,
    )


def refund_detail(organization_id: UUID, refund_id: UUID) -> RefundDetail:
    """One refund with all that is known of it. Raises NotFound."""
    refund = _with_parts(Refund.objects.filter(organization_id=organization_id)).filter(id=refund_id).first()
    if refund is None:
        raise NotFound
    claim_id = refund.claim_id
    now = next(iter(unsupported_payments(organization_id, [claim_id])), None) if refund.closed_on is None else None
    closed = closed_refunds(organization_id, [claim_id]).get(claim_id, [])
    related, more = _related(organization_id, refund)
    return RefundDetail(
        row=_row(refund),
        refund=refund,
        paid=_paid(organization_id, [claim_id]).get(claim_id),
        now=now,
        owed=still_owed(now.owed, [one.closed for one in closed]) if now is not None else None,
        related=related,
        more=more,
    )


def addable_claims(
    organization_id: UUID, claim_ids: Collection[UUID], patient_ids: Collection[UUID]
) -> list[AddableClaim]:
    """These claims and those of these patients, but of test files, the newest first and cut. Three statements."""
    rows = Claim.objects.filter(Q(id__in=list(claim_ids)) | Q(patient_id__in=list(patient_ids)))
    rows = rows.filter(organization_id=organization_id, batch__is_test=False).exclude(frequency=Frequency.VOID)
    found = list(
        rows.select_related("patient", "payer", "batch").defer("facts", "verdict", "content").order_by("-month", "-id")
    )[: PAGE + 1]
    ids = [row.id for row in found]
    paid = _paid(organization_id, ids)
    listed = Refund.objects.filter(organization_id=organization_id, claim_id__in=ids, closed_on__isnull=True)
    refunds = dict(listed.values_list("claim_id", "id"))
    return [_addable(row, paid.get(row.id), refunds.get(row.id)) for row in found]


def addable_claim(organization_id: UUID, claim_id: UUID) -> AddableClaim:
    """One claim that may be put on the list. Raises NotFound, also of a test."""
    found = addable_claims(organization_id, [claim_id], ())
    if not found:
        raise NotFound
    return found[0]


def why_of(organization_id: UUID, refund_id: UUID) -> str:
    """Why a refund is on the list. Raises NotFound."""
    rows = Refund.objects.filter(organization_id=organization_id, id=refund_id)
    why: str | None = rows.values_list("why", flat=True).first()
    if why is None:
        raise NotFound
    return why


@dataclass(frozen=True, slots=True)
class ClosedRefund:
    """An earlier refund of a claim: how it ended, and since when the payment was known."""

    state: RefundState
    identified_on: date
    closed_on: date
    closed: Closed

    def settles(self, on: date) -> bool:
        """Whether it still speaks for its payment: of a correction, while the payer has time to answer it."""
        return self.state != RefundState.CORRECTED or is_waiting(self.closed_on, on, is_answered=False)


def closed_refunds(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, list[ClosedRefund]]:
    """By claim, refunds that were closed, with what the payer took back by itself since. Two statements."""
    rows = Refund.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), closed_on__isnull=False)
    refunds = list(rows.order_by("changed_at", "id"))
    moved = _moved(organization_id, {refund.claim_id for refund in refunds if refund.amount is not None})
    found: dict[UUID, list[ClosedRefund]] = {}
    for refund in refunds:
        assert refund.closed_on is not None
        went_back = refund.amount if refund.state == RefundState.REFUNDED else None
        since = sum((amount for at, amount in moved.get(refund.claim_id, ()) if at > refund.changed_at), Decimal(0))
        # What it took back only to pay it anew was not taken back.
        seen = ((refund.shown_why, refund.shown_owed),) if refund.shown_why else ()
        closed = Closed(refund.why, refund.owed, went_back, max(-since, Decimal(0)), seen)
        one = ClosedRefund(RefundState(refund.state), refund.identified_on, refund.closed_on, closed)
        found.setdefault(refund.claim_id, []).append(one)
    return found


def open_claims(organization_id: UUID, claim_ids: Collection[UUID]) -> set[UUID]:
    """Which of these claims an open refund is about."""
    rows = Refund.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), closed_on__isnull=True)
    return set(rows.values_list("claim_id", flat=True))


def has_left_corrected(claim: Claim) -> bool:
    """Whether a correction or an end of the claim reached the payer: its file was handed over or answered, it was keyed
    from a table, or somebody told the payer and recorded that.
    """
    told = ClaimWithdrawal.objects.filter(organization_id=claim.organization_id, claim=claim, payer_told=True)
    if not claim.is_superseded or told.exists():
        return claim.is_superseded
    after = Q(replaces=claim) | Q(content__instead_of=str(claim.id))
    rows = Claim.objects.filter(after, organization_id=claim.organization_id, episode_id=claim.episode_id)
    anew = rows.filter(batch__is_test=False).select_related("batch")
    return any(not one.control_number or not is_unsent(one) for one in anew)


def open_refunds(organization_id: UUID) -> int:
    """How many payments without support nobody has closed yet, whose days count."""
    rows = Refund.objects.filter(organization_id=organization_id, closed_on__isnull=True)
    return rows.filter(due_on__isnull=False).count()


def _paid(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """By claim, what its payments come to; nothing where none is known."""
    found: dict[UUID, Decimal] = {}
    rows = answers_about(organization_id, claim_ids).order_by().values_list(*ABOUT).annotate(sum=Sum("paid"))
    for claim_id, replaced_id, amount in rows:
        id_ = claim_id if claim_id in claim_ids else replaced_id
        found[id_] = found.get(id_, Decimal(0)) + amount
    return found


def _moved(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, list[tuple[datetime, Decimal]]]:
    """By claim, what payers paid of it and took back, and when that was posted."""
    if not claim_ids:
        return {}
    found: dict[UUID, list[tuple[datetime, Decimal]]] = {}
    rows = answers_about(organization_id, claim_ids).values_list(*ABOUT, "remittance__posted_at", "paid")
    for claim_id, replaced_id, at, paid in rows:
        found.setdefault(claim_id if claim_id in claim_ids else replaced_id, []).append((at, paid))
    return found


def _addable(row: Any, paid: Decimal | None, refund_id: UUID | None) -> AddableClaim:
    return AddableClaim(
        id=row.id,
        name=row.control_number or claim_name(row.batch.number, row.number),
        patient_id=row.patient_id,
        patient_name=f"{row.patient.family_name}, {row.patient.given_name}",
        month=month_of(row.month),
        payer=row.payer.name,
        service_on=row.service_on,
        paid=paid,
        refund_id=refund_id,
    )


def _related(organization_id: UUID, refund: Refund) -> tuple[tuple[RelatedClaim, ...], int]:
    """Where the same cause may be found: others on the list for it, cut, with how many more there are; and all other
    claims of this patient for which money came and stayed.
    """
    _, _, because = refund.why.partition(BECAUSE)
    cause = Q(why__endswith=BECAUSE + because) if because else Q(why=refund.why)
    same = _with_parts(Refund.objects.filter(cause, organization_id=organization_id)).exclude(id=refund.id)
    total = same.count()
    found = [
        _related_of(other.claim, "The same cause, on the list", other.id)
        for other in same.order_by("-identified_on", "-id")[:RELATED]
    ]
    known = {one.claim_id for one in found} | {refund.claim_id}
    mine = Claim.objects.filter(organization_id=organization_id, patient_id=refund.claim.patient_id)
    paid = _paid(organization_id, [*mine.values_list("id", flat=True)])
    with_money = {claim_id for claim_id, amount in paid.items() if amount > 0} - known
    listed = Refund.objects.filter(organization_id=organization_id, claim_id__in=with_money, closed_on__isnull=True)
    refunds = dict(listed.values_list("claim_id", "id"))
    others = mine.filter(id__in=with_money).select_related("patient").order_by("-month", "id")
    found += [_related_of(one, "Another paid month of this patient", refunds.get(one.id)) for one in others]
    return tuple(found), max(total - RELATED, 0)


def _related_of(claim: Claim, reason: str, refund_id: UUID | None) -> RelatedClaim:
    name = f"{claim.patient.family_name}, {claim.patient.given_name}"
    return RelatedClaim(claim.id, name, month_of(claim.month), claim.episode_id, reason, refund_id)


def _with_parts(rows: QuerySet[Refund]) -> QuerySet[Refund]:
    parts = rows.select_related("claim__patient", "claim__payer", "claim__batch", "owner")
    return parts.defer("claim__facts", "claim__verdict", "claim__content")


def _row(refund: Refund) -> RefundRow:
    claim = refund.claim
    clock = refund_clock(refund.identified_on, refund.investigation_from, refund.investigation_until)
    return RefundRow(
        id=refund.id,
        patient_id=claim.patient_id,
        patient_name=f"{claim.patient.family_name}, {claim.patient.given_name}",
        episode_id=claim.episode_id,
        month=month_of(claim.month),
        claim_id=claim.id,
        claim=claim.control_number or claim_name(claim.batch.number, claim.number),
        payer=claim.payer.name,
        why=refund.why,
        identified_on=refund.identified_on,
        due_on=refund.due_on,
        suspended_until=clock.suspended_until if refund.closed_on is None and refund.due_on is not None else None,
        state=RefundState(refund.state),
        owner_id=refund.owner_id,
        owner=str(refund.owner) if refund.owner else "",
        owed=refund.owed,
        amount=refund.amount,
        closed_on=refund.closed_on,
        is_superseded=claim.is_superseded,
        is_by_hand=refund.is_by_hand,
    )
