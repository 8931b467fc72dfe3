"""What was paid and would not be asked for any more, and the refunds that came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from bhi.errors import NotFound
from billing.models import Claim, ClaimLine, Refund, RefundState, RemittanceClaim, RemittanceLine
from billing.queries.calendar import month_title
from billing.queries.claims import claim_name
from billing.queries.frozen import asked_after_close
from billing.queries.judging import MonthVerdict
from billing.queries.month_page import words_of
from billing.queries.release import releases
from billing.queries.verdicts import month_verdicts
from billing.rules.closing import FrozenLine
from billing.rules.decisions import Release
from billing.rules.refunds import paid_without_support, refund_clock
from caseload.rules.clock import month_of

PAGE = 50
RELATED = 20
BECAUSE = "Because: "

CodeUnits = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PaidClaim:
    """A live claim of which something was paid: which codes and units, and how much."""

    id: UUID
    patient_id: UUID
    episode_id: UUID
    month: str
    payer_id: UUID
    payer: str
    zone: ZoneInfo
    minutes: int | None
    paid: CodeUnits
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A paid claim whose month would not be asked for so any more, and why, in words."""

    claim: PaidClaim
    without: CodeUnits
    now: CodeUnits
    because: str

    @property
    def why(self) -> str:
        """`Paid: 99493. Supported now: nothing. Because: Consent missing.`"""
        paid, now = words_of(self.claim.paid), words_of(self.now) or "nothing"
        return f"Paid: {paid}. Supported now: {now}. {BECAUSE}{self.because}"[:500]


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund as the list shows it."""

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
    due_on: date
    suspended_until: date | None
    state: RefundState
    owner_id: UUID | None
    owner: str
    amount: Decimal | None
    closed_on: date | None
    is_superseded: bool

    @property
    def title(self) -> str:
        return f"{month_title(self.month)}, {self.payer}"

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None


@dataclass(frozen=True, slots=True)
class RefundPage:
    """A page of the list, the nearest day first."""

    rows: tuple[RefundRow, ...]
    total: int
    open: int
    first_row: int
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True)
class RelatedClaim:
    """Another paid claim in which the same cause may be found, and whether it is on the list already."""

    claim_id: UUID
    patient_name: str
    month: str
    episode_id: UUID
    reason: str
    refund_id: UUID | None


@dataclass(frozen=True, slots=True)
class RefundDetail:
    """One refund: the row, what was paid, what is supported now, and what to look into."""

    row: RefundRow
    refund: Refund
    paid: Decimal
    now: Unsupported | None
    related: tuple[RelatedClaim, ...]


def unsupported_payments(organization_id: UUID, claim_ids: Collection[UUID] | None = None) -> list[Unsupported]:
    """Paid claims, all or these, whose months the records would not ask for so any more. A few statements a month."""
    by_month: dict[str, list[PaidClaim]] = {}
    for claim in paid_claims(organization_id, claim_ids):
        by_month.setdefault(claim.month, []).append(claim)
    found: list[Unsupported] = []
    for month, claims in sorted(by_month.items()):
        episodes = {claim.episode_id: claim.patient_id for claim in claims}
        judged = _judged(organization_id, month, episodes)
        released = releases(organization_id, month, judged.values())
        compared = (_compared(claim, judged.get(claim.episode_id), released.get(claim.episode_id)) for claim in claims)
        found += [one for one in compared if one is not None]
    return found


def paid_claims(organization_id: UUID, claim_ids: Collection[UUID] | None = None) -> list[PaidClaim]:
    """Live claims for which money came in and stayed. Four statements."""
    answers = RemittanceClaim.objects.filter(
        organization_id=organization_id, claim__is_superseded=False, set_aside_because=""
    )
    if claim_ids is not None:
        answers = answers.filter(claim_id__in=list(claim_ids))
    sums = dict(answers.values_list("claim_id").annotate(sum=Sum("paid")).filter(sum__gt=0))
    rows = Claim.objects.filter(organization_id=organization_id, id__in=list(sums)).select_related("payer")
    rows = rows.select_related("payer", "episode__clinic").defer("facts", "content").order_by("month", "id")
    lines = _lines_paid(organization_id, list(sums))
    return [
        PaidClaim(
            id=row.id,
            patient_id=row.patient_id,
            episode_id=row.episode_id,
            month=month_of(row.month),
            payer_id=row.payer_id,
            payer=row.payer.name,
            zone=ZoneInfo(row.episode.clinic.time_zone),
            minutes=row.verdict.get("minutes") if row.verdict else None,
            paid=lines.get(row.id, ()),
            amount=sums[row.id],
        )
        for row in rows
    ]


def refund_page(organization_id: UUID, *, is_closed: bool, start: int = 0) -> RefundPage:
    """Open refunds by the day on which they are due, or closed ones, the last first. Two statements."""
    everything = Refund.objects.filter(organization_id=organization_id)
    matching = everything.filter(closed_on__isnull=not is_closed)
    total = matching.count()
    start = start if start < total else 0
    order = ("-closed_on", "-id") if is_closed else ("due_on", "id")
    found = _with_parts(matching).order_by(*order)[start : start + PAGE]
    return RefundPage(
        rows=tuple(_row(refund) for refund in found),
        total=total,
        open=total if not is_closed else everything.filter(closed_on__isnull=True).count(),
        first_row=start + 1,
        previous=max(start - PAGE, 0) if start else None,
        next=start + PAGE if start + PAGE < total else None,
    )


def refund_detail(organization_id: UUID, refund_id: UUID) -> RefundDetail:
    """One refund with all that is known of it. Raises NotFound."""
    refund = _with_parts(Refund.objects.filter(organization_id=organization_id)).filter(id=refund_id).first()
    if refund is None:
        raise NotFound
    paid = RemittanceClaim.objects.filter(
        organization_id=organization_id, claim_id=refund.claim_id, set_aside_because=""
    ).aggregate(sum=Sum("paid"))["sum"]
    now = unsupported_payments(organization_id, [refund.claim_id]) if refund.closed_on is None else []
    return RefundDetail(
        row=_row(refund),
        refund=refund,
        paid=paid if paid is not None else Decimal(0),
        now=now[0] if now else None,
        related=_related(organization_id, refund),
    )


def _judged(organization_id: UUID, month: str, episodes: dict[UUID, UUID]) -> dict[UUID, MonthVerdict]:
    """An enrolment that was taken back is judged no more, and is not among them."""
    found = month_verdicts(organization_id, month, episode_ids=list(episodes), is_complete=True)
    return {id_: one for id_, one in found.items() if id_ in episodes}


def _compared(claim: PaidClaim, judged: MonthVerdict | None, release: Release | None) -> Unsupported | None:
    now = _asked_now(judged, release)
    is_other_payer = judged is not None and judged.month.payer is not None and judged.month.payer.id != claim.payer_id
    without = claim.paid if is_other_payer else paid_without_support(claim.paid, now)
    if not without:
        return None
    lines = tuple((line.code, line.units) for line in now)
    return Unsupported(claim, without, lines, _because(claim, judged, release, is_other_payer=is_other_payer))


def _asked_now(judged: MonthVerdict | None, release: Release | None) -> tuple[FrozenLine, ...]:
    """What the month would ask for, had it not been asked: no check holds back what was paid already."""
    if judged is None or judged.verdict is None or not judged.bills:
        return ()
    lines = judged.verdict.lines if release is None else asked_after_close(release, is_asked=True)
    return tuple(FrozenLine(line.code, line.units, line.amount) for line in lines)


def _because(claim: PaidClaim, judged: MonthVerdict | None, release: Release | None, *, is_other_payer: bool) -> str:
    """Why, in words; the same words for the same cause."""
    if judged is None:
        return "The enrolment was taken back."
    if is_other_payer and judged.month.payer is not None:
        return f"{judged.month.payer.name} is on record as the payer."
    if judged.refusal:
        return f"{judged.refusal}."
    if release is not None and release.is_not_billed:
        return "Somebody decided that it is not billed."
    gaps = judged.verdict.gaps if judged.verdict is not None else ()
    if gaps:
        return " ".join(gap.sentence for gap in gaps)
    minutes = judged.verdict.minutes if judged.verdict is not None else 0
    if claim.minutes is not None and minutes < claim.minutes:
        return "Fewer minutes count than were claimed."
    return "The records support another code."


def _lines_paid(organization_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, CodeUnits]:
    """By claim, the codes and units that were paid: of a claim that was paid as a whole, all that it asked for."""
    asked = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=claim_ids, units__gt=0)
    rows = list(asked.order_by("number").values_list("id", "claim_id", "code", "units"))
    answered = RemittanceLine.objects.filter(
        organization_id=organization_id,
        remittance_claim__claim_id__in=claim_ids,
        remittance_claim__set_aside_because="",
        claim_line__isnull=False,
    )
    paid = dict(answered.values_list("claim_line_id").annotate(sum=Sum("paid")))
    by_line = {claim_id for line_id, claim_id, _, _ in rows if line_id in paid}
    found: dict[UUID, CodeUnits] = {}
    for line_id, claim_id, code, units in rows:
        if claim_id not in by_line or paid.get(line_id, 0) > 0:
            found[claim_id] = (*found.get(claim_id, ()), (code, units))
    return found


def _related(organization_id: UUID, refund: Refund) -> tuple[RelatedClaim, ...]:
    """Where the same cause may be found: other paid months of this patient, and others on the list for it."""
    because = refund.why.partition(BECAUSE)[2]
    same = _with_parts(Refund.objects.filter(organization_id=organization_id, why__endswith=BECAUSE + because))
    found = [
        _related_of(other.claim, "The same cause, on the list", other.id)
        for other in same.exclude(id=refund.id).order_by("-identified_on", "-id")[:RELATED]
        if because
    ]
    known = {one.claim_id for one in found} | {refund.claim_id}
    mine = Claim.objects.filter(organization_id=organization_id, patient_id=refund.claim.patient_id)
    paid = RemittanceClaim.objects.filter(organization_id=organization_id, claim__patient_id=refund.claim.patient_id)
    with_money = set(paid.filter(paid__gt=0).values_list("claim_id", flat=True)) - known
    others = mine.filter(id__in=with_money, is_superseded=False).select_related("patient").order_by("-month", "id")
    return (*found, *(_related_of(claim, "Another paid month of this patient", None) for claim in others[:RELATED]))


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
        suspended_until=clock.suspended_until if refund.closed_on is None else None,
        state=RefundState(refund.state),
        owner_id=refund.owner_id,
        owner=str(refund.owner) if refund.owner else "",
        amount=refund.amount,
        closed_on=refund.closed_on,
        is_superseded=claim.is_superseded,
    )


def known_causes(organization_id: UUID, claim_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """By claim, what refunds that were closed said: the same is not brought up again."""
    rows = Refund.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), closed_on__isnull=False)
    found: dict[UUID, set[str]] = {}
    for claim_id, why in rows.values_list("claim_id", "why"):
        found.setdefault(claim_id, set()).add(why)
    return found


def settled_or_open(organization_id: UUID) -> set[UUID]:
    """Claims that an open refund is about, or whose money went back."""
    rows = Refund.objects.filter(organization_id=organization_id)
    return set(
        rows.filter(Q(closed_on__isnull=True) | Q(state=RefundState.REFUNDED)).values_list("claim_id", flat=True)
    )


def open_refunds(organization_id: UUID) -> int:
    """How many payments without support nobody has closed yet."""
    return Refund.objects.filter(organization_id=organization_id, closed_on__isnull=True).count()
