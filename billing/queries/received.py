"""What came in for claims and stayed: by claim and line, since when, and what became of the claim since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet, Sum

from billing.models import Claim, ClaimLine, ClaimWithdrawal, Frequency, RemittanceClaim
from billing.queries.answered import answers_of
from billing.rules.answer_order import FIRST, places_of
from billing.rules.denials import BEFORE, LOWERING, PATIENT, SHARES, Adjusted, Answered
from billing.rules.refunds import CodeUnits, PaidLine, Receipt, paid_above
from caseload.rules.clock import local_date, month_of

# The claim that an answer is of, and the one before it, where that is a void.
ABOUT = ("claim_id", "claim__replaces_id")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PaidClaim:
    """A claim of which something was paid: which lines, how much, and since when.

    `told_on` is the day on which a claim in its place, or its end, was made; None where there is none, as of a claim
    that stands. `is_answered`: a payer answered what came in its place.
    """

    id: UUID
    patient_id: UUID
    episode_id: UUID
    month: str
    payer_id: UUID
    payer: str
    zone: ZoneInfo
    minutes: int | None
    lines: tuple[PaidLine, ...]
    amount: Decimal
    received_on: date
    is_superseded: bool = False
    told_on: date | None = None
    is_answered: bool = False

    @property
    def paid(self) -> CodeUnits:
        return tuple((line.code, line.units) for line in self.lines)

    @property
    def above(self) -> tuple[str, ...]:
        """Codes for which more came than is due."""
        return tuple(line.code for line in self.lines if line.above > 0)


@dataclass
class _After:
    """What came after a claim: when somebody told the payer, and whether a payer answered that."""

    told_at: datetime | None = None
    is_answered: bool = False


@dataclass
class _Asked:
    """A line that a claim asks for, and what its payers answered of it."""

    code: str
    units: int
    charge: Decimal | None
    receipts: list[Receipt] = field(default_factory=list)


def paid_months(organization_id: UUID, claim_ids: Collection[UUID] | None = None) -> list[date]:
    """Months of service of claims, all or these, for which answers came. One statement."""
    if claim_ids is not None:
        rows = Claim.objects.filter(organization_id=organization_id, id__in=list(claim_ids))
        return list(rows.order_by("month").values_list("month", flat=True).distinct())
    return list(_answered(organization_id).order_by("claim__month").values_list("claim__month", flat=True).distinct())


def paid_claims(organization_id: UUID, month: date, claim_ids: Collection[UUID] | None = None) -> list[PaidClaim]:
    """Claims of a month of service, all or those of these claims' episodes, for which money came in and stayed; also of
    claims that stand no more, whose money the payer did not take back. Test files are none. As many statements for any
    number.
    """
    sums = _kept(organization_id, month, claim_ids)
    rows = Claim.objects.filter(organization_id=organization_id, id__in=list(sums))
    rows = rows.select_related("payer", "episode__clinic").defer("facts", "content").order_by("month", "id")
    lines = _lines_paid(organization_id, list(sums))
    days = _received(organization_id, list(sums))
    after = _after(organization_id, [row for row in rows if row.is_superseded])
    return [_paid(row, sums[row.id], lines.get(row.id, ()), days[row.id], after.get(row.id, _After())) for row in rows]


def payments_compared(organization_id: UUID) -> int:
    """Of how many claims payers paid something that stayed. One statement."""
    found: int = _sums(_answered(organization_id)).filter(sum__gt=0).count()
    return found


def payments_in_order(organization_id: UUID, claim_id: UUID) -> list[Decimal]:
    """What came for a claim and was taken back, in the order of the payments. One statement."""
    rows = answers_about(organization_id, [claim_id])
    ordered = rows.order_by("remittance__paid_on", "remittance__posted_at", "remittance__position", "position")
    return list(ordered.values_list("paid", flat=True))


def answers_about(organization_id: UUID, claim_ids: Collection[UUID]) -> QuerySet[RemittanceClaim]:
    """Answers of these claims, also under the numbers of the voids that took them back."""
    ids = list(claim_ids)
    of = Q(claim_id__in=ids) | Q(claim__replaces_id__in=ids, claim__frequency=Frequency.VOID)
    return RemittanceClaim.objects.filter(of, organization_id=organization_id, set_aside_because="")


def last_received_on(organization_id: UUID, claim_id: UUID) -> date | None:
    """When money came last for a claim; None where no payment is known. Two statements at most."""
    last = _received(organization_id, [claim_id]).get(claim_id)
    if last is None:
        return None
    zones = Claim.objects.filter(organization_id=organization_id, id=claim_id)
    zone = zones.values_list("episode__clinic__time_zone", flat=True).get()
    return last[0] or local_date(last[1], ZoneInfo(zone))


def _paid(
    row: Any, amount: Decimal, lines: tuple[PaidLine, ...], last: tuple[Any, datetime], after: _After
) -> PaidClaim:
    zone = ZoneInfo(row.episode.clinic.time_zone)
    paid_on, posted_at = last
    return PaidClaim(
        id=row.id,
        patient_id=row.patient_id,
        episode_id=row.episode_id,
        month=month_of(row.month),
        payer_id=row.payer_id,
        payer=row.payer.name,
        zone=zone,
        minutes=row.verdict.get("minutes") if row.verdict else None,
        lines=lines,
        amount=amount,
        received_on=paid_on or local_date(posted_at, zone),
        is_superseded=row.is_superseded,
        told_on=local_date(after.told_at, zone) if after.told_at is not None else None,
        is_answered=after.is_answered,
    )


def _answered(organization_id: UUID) -> QuerySet[RemittanceClaim]:
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, set_aside_because="", claim__isnull=False)
    return rows.filter(claim__batch__is_test=False)


def _sums(rows: QuerySet[RemittanceClaim]) -> Any:
    """By claim, what its payments come to."""
    return rows.values_list("claim_id").annotate(sum=Sum("paid")).order_by()


def _kept(organization_id: UUID, month: date, claim_ids: Collection[UUID] | None) -> dict[UUID, Decimal]:
    """By claim, what stayed. What was taken back under the number of a void or a correction belongs to the claim before
    it, and so does what was paid for a void: that asks for nothing.
    """
    rows = _answered(organization_id).filter(claim__month=month)
    if claim_ids is not None:
        of = Claim.objects.filter(organization_id=organization_id, id__in=list(claim_ids), month=month)
        rows = rows.filter(claim__episode_id__in=of.values("episode_id"))
    sums = {claim_id: amount for claim_id, amount in _sums(rows) if amount}
    below = [claim_id for claim_id, amount in sums.items() if amount < 0]
    to_move = Q(id__in=below) | Q(id__in=list(sums), frequency=Frequency.VOID)
    earlier = Claim.objects.filter(to_move, organization_id=organization_id, replaces__isnull=False)
    for claim_id, replaced_id in earlier.order_by("-id").values_list("id", "replaces_id"):
        sums[replaced_id] = sums.get(replaced_id, _NOTHING) + sums.pop(claim_id)
    return {claim_id: amount for claim_id, amount in sums.items() if amount > 0}


def _received(organization_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, tuple[date | None, datetime]]:
    """By claim, when money came last: the day as the payer says it, and when it was posted."""
    rows = answers_about(organization_id, claim_ids).filter(paid__gt=0).values_list(*ABOUT).order_by()
    found: dict[UUID, tuple[date | None, datetime]] = {}
    for claim_id, replaced_id, on, at in rows.annotate(on=Max("remittance__paid_on"), at=Max("remittance__posted_at")):
        id_ = claim_id if claim_id in claim_ids else replaced_id
        last_on, last_at = found.get(id_, (None, at))
        found[id_] = max(filter(None, (on, last_on)), default=None), max(at, last_at)
    return found


def _after(organization_id: UUID, claims: Sequence[Claim]) -> dict[UUID, _After]:
    """What came after claims that stand no more. Three statements; none where there are no such claims."""
    if not claims:
        return {}
    found = {claim.id: _After() for claim in claims}
    ended = ClaimWithdrawal.objects.filter(organization_id=organization_id, claim_id__in=list(found))
    for claim_id, at in ended.values_list("claim_id", "at"):
        found[claim_id].told_at = at
    of: dict[tuple[Any, ...], list[UUID]] = {}
    for claim in claims:
        of.setdefault((claim.episode_id, claim.month, claim.payer_id), []).append(claim.id)
    rows = _of_episodes(organization_id, {claim.episode_id for claim in claims})
    heard = RemittanceClaim.objects.filter(organization_id=organization_id, set_aside_because="")
    answered = set(heard.filter(claim_id__in=[row["id"] for row in rows]).values_list("claim_id", flat=True))
    for row in rows:
        for id_ in _before(row, found):
            found[id_].told_at = found[id_].told_at or row["batch__made_at"]
        for id_ in of.get((row["episode_id"], row["month"], row["payer_id"]), ()):
            if row["id"] in answered and row["id"] > id_:
                found[id_].is_answered = True
    return found


def _of_episodes(organization_id: UUID, episode_ids: Collection[UUID]) -> list[Any]:
    """Every claim that was made for these, by what it came in place of."""
    rows = Claim.objects.filter(organization_id=organization_id, episode_id__in=episode_ids, batch__is_test=False)
    about = ("id", "episode_id", "month", "payer_id", "replaces_id", "content__instead_of", "batch__made_at")
    return list(rows.order_by("id").values(*about))


def _before(row: Mapping[str, Any], known: Mapping[UUID, _After]) -> set[UUID]:
    """Which of these claims a later one came in place of."""
    instead_of = row["content__instead_of"]
    named = {row["replaces_id"], UUID(instead_of) if instead_of else None}
    return {id_ for id_ in named if id_ is not None and id_ in known}


def _lines_paid(organization_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, tuple[PaidLine, ...]]:
    """By claim, the lines that were paid: of a claim that was paid as a whole, all that it asked for."""
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=claim_ids, units__gt=0)
    asked: dict[UUID, dict[str, _Asked]] = {}
    for id_, claim_id, code, units, charge in rows.order_by("number").values_list(
        "id", "claim_id", "code", "units", "charge"
    ):
        asked.setdefault(claim_id, {})[str(id_)] = _Asked(code, units, charge)
    voids = Claim.objects.filter(organization_id=organization_id, replaces_id__in=claim_ids, frequency=Frequency.VOID)
    void_ids = dict(voids.values_list("id", "replaces_id"))
    answers = answers_of(organization_id, [*claim_ids, *void_ids])
    given = answers.of_claims
    of_voids = {claim_id: given.get(void_id, ()) for void_id, claim_id in void_ids.items()}
    return {
        id_: _paid_lines(lines, (*given.get(id_, ()), *of_voids.get(id_, ())), answers.codes)
        for id_, lines in asked.items()
    }


def _paid_lines(
    asked: dict[str, _Asked], answers: Sequence[Answered], codes: Mapping[str, str] = MappingProxyType({})
) -> tuple[PaidLine, ...]:
    """Lines with the money of their own. What is said of a claim as a whole, or of a line that it does not have, leaves
    open how much each line has: what came above what is due stands at the first one then. `codes` are those of lines
    that another claim asked for.
    """
    is_whole = False
    by_code = {one.code: one for one in asked.values()}
    in_turn = list(zip(answers, (place > FIRST for place in places_of(answers)), strict=True))
    for answer, is_later in in_turn:
        for key, receipt in _receipts(answer, is_later=is_later).items():
            line = asked.get(key) or by_code.get(codes.get(key, key))
            if line is not None:
                line.receipts.append(receipt)
            elif receipt.paid:
                is_whole = True
    paid = [one for one in asked.values() if _sum(one.receipts) > 0] or list(asked.values())
    if not is_whole:
        return tuple(PaidLine(one.code, one.units, _sum(one.receipts), _above(one)) for one in paid)
    charges = [one.charge for one in asked.values()]
    charge = sum((one for one in charges if one is not None), _NOTHING) if None not in charges else None
    above = paid_above(_of_answers(in_turn), charge)
    return tuple(PaidLine(one.code, one.units, None, _NOTHING if at else above) for at, one in enumerate(paid))


def _above(line: _Asked) -> Decimal:
    return paid_above(line.receipts, line.charge)


def _of_answers(answers: Iterable[tuple[Answered, bool]]) -> list[Receipt]:
    """What each answer says of the whole claim. Of one that a payer split, by its lines, all parts together."""
    found: list[Receipt] = []
    keys: set[str] = set()
    for answer, is_later in answers:
        one = _of_answer(answer, is_later=is_later)
        spoken = {line.key for line in answer.lines}
        last = found[-1] if found else None
        is_alike = last is not None and (last.is_later, last.is_reversal) == (is_later, one.is_reversal)
        if last is not None and is_alike and keys and spoken and not keys & spoken:
            found[-1] = _together(last, one)
            keys |= spoken
        else:
            found.append(one)
            keys = spoken
    return found


def _of_answer(answer: Answered, *, is_later: bool) -> Receipt:
    of_line = [less for line in answer.lines for less in line.adjusted]
    paid = sum((line.paid for line in answer.lines), _NOTHING) if answer.lines else answer.paid
    return _receipt(paid, (*answer.adjusted, *of_line), answer, is_later=is_later)


def _receipts(answer: Answered, *, is_later: bool) -> dict[str, Receipt]:
    """What an answer says by line. A share that it puts on the claim as a whole may be any line's."""
    found: dict[str, Receipt] = {}
    is_one = len({line.key for line in answer.lines}) == 1
    of_claim = Receipt(_NOTHING, _share(answer.adjusted), agreed=_agreed(answer.adjusted) if is_one else _NOTHING)
    for line in answer.lines:
        one = _receipt(line.paid, line.adjusted, answer, is_later=is_later)
        earlier = found.get(line.key, of_claim)
        found[line.key] = _together(one, earlier)
    return found or {"": _receipt(answer.paid, answer.adjusted, answer, is_later=is_later)}


def _receipt(paid: Decimal, adjusted: Sequence[Adjusted], answer: Answered, *, is_later: bool) -> Receipt:
    return Receipt(paid, paid + _share(adjusted), answer.is_reversal, is_later, _agreed(adjusted))


def _together(one: Receipt, other: Receipt) -> Receipt:
    agreed = one.agreed + other.agreed
    return replace(one, paid=one.paid + other.paid, due=one.due + other.due, agreed=agreed)


def _share(adjusted: Iterable[Adjusted]) -> Decimal:
    """What the patient owes, and a later payer may pay: a share of the cost, not what is denied at their charge."""
    return sum((less.amount for less in adjusted if less.group == PATIENT and less.reason in SHARES), _NOTHING)


def _agreed(adjusted: Iterable[Adjusted]) -> Decimal:
    """What no payer pays, because it was agreed: what payers before this one did is none of that."""
    lowered = (less for less in adjusted if less.group != PATIENT and less.reason in LOWERING - {BEFORE})
    return sum((less.amount for less in lowered), _NOTHING)


def _sum(receipts: Iterable[Receipt]) -> Decimal:
    return sum((one.paid for one in receipts), _NOTHING)
