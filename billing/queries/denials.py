"""The queue of denials: by reason, age and amount, with what the record says of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, F, OrderBy, QuerySet, Sum

from bhi.errors import NotFound
from billing.models import Adjustment, Denial, DenialState
from billing.queries.calendar import month_title
from billing.queries.claims import claim_name
from billing.queries.denial_days import dated
from billing.queries.denial_facts import code_of, denial_facts
from billing.rules.denial_causes import Cause, likely_causes
from billing.rules.denials import Reason, Step, reason_of
from caseload.rules.clock import first_day, month_of

PAGE = 50
# So many of a file are read at once.
SLICE = 500


class Kept(StrEnum):
    """Which denials: to be worked, waiting for an answer, finished."""

    OPEN = "open"
    WAITING = "waiting"
    FINISHED = "finished"
    ALL = "all"


STATES = {
    Kept.OPEN: (DenialState.OPEN,),
    Kept.WAITING: (DenialState.CORRECTED, DenialState.APPEALED),
    Kept.FINISHED: (DenialState.PAID, DenialState.WRITTEN_OFF, DenialState.SUPERSEDED),
    Kept.ALL: tuple(DenialState),
}


class DenialOrder(StrEnum):
    """What comes first: the nearest last day, the oldest, the most."""

    DUE = "due"
    AGE = "age"
    AMOUNT = "amount"


_ORDERS: dict[DenialOrder, tuple[OrderBy, ...]] = {
    DenialOrder.DUE: (F("last_day").asc(nulls_last=True), F("found_on").asc()),
    DenialOrder.AGE: (F("found_on").asc(),),
    DenialOrder.AMOUNT: (F("amount").desc(),),
}


@dataclass(frozen=True, slots=True)
class DenialFilter:
    """Which denials, whose (`is_unowned`: nobody's), of which month of service, and in which order."""

    kept: Kept = Kept.OPEN
    reason: str = ""
    payer_id: UUID | None = None
    month: str = ""
    owner_id: UUID | None = None
    is_unowned: bool = False
    order: DenialOrder = DenialOrder.DUE
    start: int = 0


@dataclass(frozen=True, slots=True)
class DenialRow:
    """One denial as the queue shows it. Where another payer is to be asked, `due_on` is that one's last day, and
    `next_payer` its name, as far as a coverage is on record.
    """

    id: UUID
    patient_id: UUID
    patient_name: str
    episode_id: UUID
    month: str
    claim_id: UUID
    claim: str
    payer_id: UUID
    payer: str
    code: str
    group: str
    reason: Reason
    amount: Decimal
    found_on: date
    due_on: date | None
    state: DenialState
    owner_id: UUID | None
    owner: str
    note: str
    causes: tuple[Cause, ...]
    is_superseded: bool = False
    is_part_two: bool = False
    next_payer_id: UUID | None = None
    next_payer: str = ""

    @property
    def is_of_other_payer(self) -> bool:
        """Whether the last day is another payer's to say."""
        return self.reason.step is Step.OTHER_PAYER

    @property
    def is_open(self) -> bool:
        return self.state == DenialState.OPEN

    @property
    def is_finished(self) -> bool:
        return self.state in STATES[Kept.FINISHED]

    @property
    def is_settled(self) -> bool:
        """Whether an answer finished it: nobody may say otherwise."""
        return self.state in (DenialState.PAID, DenialState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class ReasonSum:
    """How many denials have a reason, and how much they come to."""

    reason: Reason
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PayerCount:
    """How many denials a payer gave."""

    payer_id: UUID
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class DenialPage:
    """A page of the queue, with the sums of all that match but for the reason, and counts but for the payer."""

    rows: tuple[DenialRow, ...]
    reasons: tuple[ReasonSum, ...]
    payers: tuple[PayerCount, ...]
    total: int
    amount: Decimal
    first_row: int
    previous: int | None
    next: int | None
    anybody: bool


@dataclass(frozen=True, slots=True)
class DenialDetail:
    """One denial with what the payer said of its line, and the other denials of its claim."""

    row: DenialRow
    charge: Decimal
    paid: Decimal
    said: tuple[tuple[str, str, Decimal], ...]
    remarks: tuple[str, ...]
    payer_claim_number: str
    others: tuple[tuple[UUID, str, date, str], ...]


def denial_page(organization_id: UUID, chosen: DenialFilter) -> DenialPage:
    """The queue, cut to a page before its parts are joined. Five statements, whatever its length."""
    reasons, payers = _sums(_matching(organization_id, chosen), chosen)
    shown = [one for one in reasons if not chosen.reason or one.reason.code == chosen.reason]
    total = sum(one.count for one in shown)
    start = chosen.start if chosen.start < total else 0
    cut = _in_order(_narrowed(organization_id, chosen), chosen)[start : start + PAGE]
    return DenialPage(
        rows=_rows_of(organization_id, cut, chosen),
        reasons=reasons,
        payers=payers,
        total=total,
        amount=sum((one.amount for one in shown), Decimal(0)),
        first_row=start + 1,
        previous=max(start - PAGE, 0) if start else None,
        next=start + PAGE if start + PAGE < total else None,
        anybody=bool(reasons) or Denial.objects.filter(organization_id=organization_id).exists(),
    )


def all_denials(organization_id: UUID, chosen: DenialFilter) -> tuple[DenialRow, ...]:
    """Every denial that matches, in its order, for a file; what the record says only of those that are not finished. A
    few statements for each `SLICE` of them: no more of their claims is held at once.
    """
    ids = list(_in_order(_narrowed(organization_id, chosen), chosen).values_list("id", flat=True))
    slices = (ids[start : start + SLICE] for start in range(0, len(ids), SLICE))
    return tuple(row for some in slices for row in _slice(organization_id, some))


def _slice(organization_id: UUID, ids: Sequence[UUID]) -> list[DenialRow]:
    rows = _with_parts(dated(Denial.objects.filter(organization_id=organization_id, id__in=ids)))
    unfinished = list(rows.exclude(state__in=STATES[Kept.FINISHED]))
    finished = rows.filter(state__in=STATES[Kept.FINISHED]).defer("claim__facts", "claim__verdict", "claim__content")
    found = {row.id: row for row in _rows(organization_id, unfinished)}
    found |= {one.id: _row(one, ()) for one in finished}
    return [found[id_] for id_ in ids]


def denial_detail(organization_id: UUID, denial_id: UUID) -> DenialDetail:
    """One denial and all that is known of it. Raises NotFound."""
    denial = _with_parts(dated(Denial.objects.filter(organization_id=organization_id))).filter(id=denial_id).first()
    if denial is None:
        raise NotFound
    line, answer = denial.remittance_line, denial.remittance_claim
    said = Adjustment.objects.filter(organization_id=organization_id, remittance_claim=answer, remittance_line=line)
    others = Denial.objects.filter(organization_id=organization_id, claim_id=denial.claim_id).exclude(id=denial.id)
    return DenialDetail(
        row=_rows(organization_id, [denial])[0],
        charge=line.charge if line is not None else answer.charge,
        paid=line.paid if line is not None else answer.paid,
        said=tuple(said.order_by("position", "id").values_list("group", "reason", "amount")),
        remarks=tuple(dict.fromkeys([*answer.remarks, *(line.remarks if line is not None else ())])),
        payer_claim_number=answer.payer_claim_number,
        others=tuple(
            (one.id, reason_of(one.reason).meaning, one.found_on, one.get_state_display())
            for one in others.order_by("-found_on", "-id")[:PAGE]
        ),
    )


def _matching(organization_id: UUID, chosen: DenialFilter) -> QuerySet[Denial]:
    """What matches but for reason and payer."""
    rows = Denial.objects.filter(organization_id=organization_id, state__in=STATES[chosen.kept])
    if chosen.month:
        rows = rows.filter(claim__month=first_day(chosen.month))
    if chosen.is_unowned:
        return rows.filter(owner__isnull=True)
    return rows.filter(owner_id=chosen.owner_id) if chosen.owner_id else rows


def _narrowed(organization_id: UUID, chosen: DenialFilter) -> QuerySet[Denial]:
    """All that matches."""
    rows = _matching(organization_id, chosen)
    rows = rows.filter(reason=chosen.reason) if chosen.reason else rows
    return rows.filter(claim__payer_id=chosen.payer_id) if chosen.payer_id else rows


def _in_order(rows: QuerySet[Denial], chosen: DenialFilter) -> QuerySet[Denial]:
    return dated(rows).order_by(*_ORDERS[chosen.order], "id")


def _rows_of(organization_id: UUID, those: QuerySet[Denial], chosen: DenialFilter) -> tuple[DenialRow, ...]:
    """Those are found, and cut, before their parts are joined."""
    rows = Denial.objects.filter(organization_id=organization_id, id__in=those.values("id"))
    return _rows(organization_id, list(_in_order(_with_parts(rows), chosen)))


def _sums(rows: QuerySet[Denial], chosen: DenialFilter) -> tuple[tuple[ReasonSum, ...], tuple[PayerCount, ...]]:
    """By reason, what comes to most first; by payer, by name. One statement."""
    by = rows.values_list("reason", "claim__payer_id", "claim__payer__name")
    reasons: dict[str, tuple[int, Decimal]] = {}
    payers: dict[tuple[str, UUID], int] = {}
    for reason, payer_id, payer, count, amount in by.annotate(count=Count("id"), amount=Sum("amount")).order_by():
        if chosen.payer_id in (None, payer_id):
            of_reason, sum_of_reason = reasons.get(reason, (0, Decimal(0)))
            reasons[reason] = of_reason + count, sum_of_reason + amount
        if chosen.reason in ("", reason):
            payers[payer, payer_id] = payers.get((payer, payer_id), 0) + count
    ordered = sorted(reasons.items(), key=lambda one: (-one[1][1], one[0]))
    return (
        tuple(ReasonSum(reason_of(reason), count, amount) for reason, (count, amount) in ordered),
        tuple(PayerCount(payer_id, payer, count) for (payer, payer_id), count in sorted(payers.items())),
    )


def _with_parts(rows: QuerySet[Denial]) -> QuerySet[Denial]:
    parts = ("claim__patient", "claim__payer", "claim__batch", "claim__clinician", "claim__episode__clinic")
    more = ("claim__episode__treating_clinician", "remittance_claim", "remittance_line", "owner")
    return rows.select_related(*parts, *more).defer("claim__verdict", "claim__content")


def _rows(organization_id: UUID, denials: Sequence[Denial]) -> tuple[DenialRow, ...]:
    facts = denial_facts(organization_id, denials)
    return tuple(_row(one, likely_causes(one.reason, facts[one.id])) for one in denials)


def _row(denial: Denial, causes: Iterable[Cause]) -> DenialRow:
    claim = denial.claim
    return DenialRow(
        id=denial.id,
        patient_id=claim.patient_id,
        patient_name=f"{claim.patient.family_name}, {claim.patient.given_name}",
        is_part_two=claim.patient.is_part_two,
        episode_id=claim.episode_id,
        month=month_of(claim.month),
        claim_id=claim.id,
        claim=claim.control_number or claim_name(claim.batch.number, claim.number),
        payer_id=claim.payer_id,
        payer=claim.payer.name,
        code=code_of(denial),
        group=denial.group,
        reason=reason_of(denial.reason),
        amount=denial.amount,
        found_on=denial.found_on,
        due_on=getattr(denial, "last_day", denial.due_on),
        state=DenialState(denial.state),
        owner_id=denial.owner_id,
        owner=str(denial.owner) if denial.owner else "",
        note=denial.note,
        causes=tuple(causes),
        is_superseded=claim.is_superseded,
        next_payer_id=getattr(denial, "next_payer_id", None),
        next_payer=getattr(denial, "next_payer", None) or "",
    )


def denied_title(row: DenialRow) -> str:
    """What was denied, in a line: `99493 of March 2026`."""
    return f"{row.code or 'The claim'} of {month_title(row.month)}"
