"""What came in for claims and stayed: by claim and line, since when, and what became of the claim since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, Sum

from billing.models import Claim, ClaimLine, ClaimWithdrawal, RemittanceClaim
from billing.queries.answered import answers_of
from billing.rules.answer_order import FIRST, places_of
from billing.rules.denials import PATIENT, SHARES, Adjusted, Answered
from billing.rules.refunds import CodeUnits, PaidLine, Receipt, paid_above
from caseload.rules.clock import local_date, month_of

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


def paid_claims(organization_id: UUID, claim_ids: Collection[UUID] | None = None) -> list[PaidClaim]:
    """Claims, all or those of these claims' months, for which money came in and stayed; also of claims that stand no
    more, whose money the payer did not take back. Test files are none. As many statements for any number.
    """
    sums = _kept(organization_id, claim_ids)
    rows = Claim.objects.filter(organization_id=organization_id, id__in=list(sums))
    rows = rows.select_related("payer", "episode__clinic").defer("facts", "content").order_by("month", "id")
    lines = _lines_paid(organization_id, list(sums))
    days = _received(organization_id, list(sums))
    after = _after(organization_id, [row for row in rows if row.is_superseded])
    return [_paid(row, sums[row.id], lines.get(row.id, ()), days[row.id], after.get(row.id, _After())) for row in rows]


def payments_compared(organization_id: UUID) -> int:
    """Of how many claims payers paid something that stayed. One statement."""
    found: int = _sums(organization_id).filter(sum__gt=0).count()
    return found


def payments_in_order(organization_id: UUID, claim_id: UUID) -> list[Decimal]:
    """What came for a claim and was taken back, in the order of the payments. One statement."""
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, claim_id=claim_id, set_aside_because="")
    ordered = rows.order_by("remittance__paid_on", "remittance__posted_at", "remittance__position", "position")
    return list(ordered.values_list("paid", flat=True))


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


def _sums(organization_id: UUID) -> Any:
    """By claim, what its payments come to."""
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, set_aside_because="", claim__isnull=False)
    return rows.filter(claim__batch__is_test=False).values_list("claim_id").annotate(sum=Sum("paid"))


def _kept(organization_id: UUID, claim_ids: Collection[UUID] | None) -> dict[UUID, Decimal]:
    """By claim, what stayed. What was taken back under the number of a void or a correction belongs to the claim before
    it.
    """
    rows = _sums(organization_id)
    if claim_ids is not None:
        of = Claim.objects.filter(organization_id=organization_id, id__in=list(claim_ids))
        pairs = list(of.values_list("episode_id", "month").distinct())
        among = Q(pk__in=[])
        for episode_id, month in pairs:
            among |= Q(claim__episode_id=episode_id, claim__month=month)
        rows = rows.filter(among)
    sums = {claim_id: amount for claim_id, amount in rows.order_by() if amount}
    below = [claim_id for claim_id, amount in sums.items() if amount < 0]
    earlier = Claim.objects.filter(organization_id=organization_id, id__in=below, replaces__isnull=False)
    for claim_id, replaced_id in earlier.order_by("-id").values_list("id", "replaces_id"):
        sums[replaced_id] = sums.get(replaced_id, _NOTHING) + sums.pop(claim_id)
    return {claim_id: amount for claim_id, amount in sums.items() if amount > 0}


def _received(organization_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, tuple[date | None, datetime]]:
    """By claim, when money came last: the day as the payer says it, and when it was posted."""
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, claim_id__in=claim_ids, set_aside_because="")
    found = (
        rows.filter(paid__gt=0)
        .values_list("claim_id")
        .annotate(on=Max("remittance__paid_on"), at=Max("remittance__posted_at"))
    )
    return {claim_id: (on, at) for claim_id, on, at in found.order_by()}


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
    answers = answers_of(organization_id, claim_ids)
    return {id_: _paid_lines(lines, answers.of_claims.get(id_, ())) for id_, lines in asked.items()}


def _paid_lines(asked: dict[str, _Asked], answers: Sequence[Answered]) -> tuple[PaidLine, ...]:
    """Lines with the money of their own. What is said of a claim as a whole, or of a line that it does not have, leaves
    open how much each line has.
    """
    whole: list[Receipt] = []
    by_code = {one.code: one for one in asked.values()}
    for answer, place in zip(answers, places_of(answers), strict=True):
        for key, receipt in _receipts(answer, is_later=place > FIRST).items():
            line = asked.get(key) or by_code.get(key)
            (line.receipts if line is not None else whole).append(receipt)
    above = paid_above(whole, None)
    is_known = not any(one.paid for one in whole)
    paid = [one for one in asked.values() if _sum(one.receipts) > 0] or list(asked.values())
    return tuple(
        PaidLine(
            one.code,
            one.units,
            _sum(one.receipts) if is_known else None,
            paid_above(one.receipts, one.charge) if is_known else above if at == 0 else _NOTHING,
        )
        for at, one in enumerate(paid)
    )


def _receipts(answer: Answered, *, is_later: bool) -> dict[str, Receipt]:
    """What an answer says by line. A share that it puts on the claim as a whole may be any line's."""
    of_claim = _share(answer.adjusted)
    found: dict[str, Receipt] = {}
    for line in answer.lines:
        earlier = found.get(line.key, Receipt(_NOTHING, of_claim, answer.is_reversal, is_later))
        due = earlier.due + line.paid + _share(line.adjusted)
        found[line.key] = replace(earlier, paid=earlier.paid + line.paid, due=due)
    return found or {"": Receipt(answer.paid, answer.paid + of_claim, answer.is_reversal, is_later)}


def _share(adjusted: Iterable[Adjusted]) -> Decimal:
    """What the patient owes, and a later payer may pay: a share of the cost, not what is denied at their charge."""
    return sum((less.amount for less in adjusted if less.group == PATIENT and less.reason in SHARES), _NOTHING)


def _sum(receipts: Iterable[Receipt]) -> Decimal:
    return sum((one.paid for one in receipts), _NOTHING)
