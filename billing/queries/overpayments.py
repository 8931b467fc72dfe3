"""What was paid and would not be asked for any more, or came above what is due: every payment beside its record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.queries.frozen import asked_after_close
from billing.queries.judging import MonthVerdict
from billing.queries.month_page import words_of
from billing.queries.received import PaidClaim, paid_claims, paid_months
from billing.queries.release import releases
from billing.queries.verdicts import month_verdicts
from billing.rules.closing import FrozenLine
from billing.rules.decisions import Release
from billing.rules.refunds import CodeUnits, is_waiting, known_on, owed_of, paid_without_support, support_left

BECAUSE = "Because: "


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A paid claim whose month would not be asked for so any more, and why, in words.

    `owed` is what was paid for that, None where no answer says it by line. `is_ended`: its own lines lost their support
    with a correction or an end, not only because the claim in its place was paid as well.
    """

    claim: PaidClaim
    without: CodeUnits
    now: CodeUnits
    because: str
    owed: Decimal | None
    is_ended: bool = False

    @property
    def why(self) -> str:
        """`Paid: 99493. Supported now: nothing. Because: Consent missing.`"""
        paid, now = words_of(self.claim.paid), words_of(self.now) or "nothing"
        return f"Paid: {paid}. Supported now: {now}. {BECAUSE}{self.because}"[:500]

    def is_waiting(self, on: date) -> bool:
        """Whether the payer was told, and still has time to take its payment back by itself."""
        return is_waiting(self.claim.told_on, on, is_answered=self.claim.is_answered)

    def known_on(self, on: date, earlier: Iterable[date] = ()) -> date:
        """Since when it is known, if found `on`; `earlier` are days of refunds that ended with a correction."""
        told_on = self.claim.told_on if self.is_ended else None
        return known_on(on, told_on, self.claim.received_on, earlier)


@dataclass(frozen=True, slots=True)
class _Month:
    """What one patient's month would ask for now, and of whom."""

    judged: MonthVerdict | None
    release: Release | None

    @property
    def lines(self) -> tuple[FrozenLine, ...]:
        """What it would ask for, had it not been asked: no check holds back what was paid already."""
        judged = self.judged
        if judged is None or judged.verdict is None or not judged.bills:
            return ()
        lines = judged.verdict.lines if self.release is None else asked_after_close(self.release, is_asked=True)
        return tuple(FrozenLine(line.code, line.units, line.amount) for line in lines)

    def is_of_another_payer(self, claim: PaidClaim) -> bool:
        payer = self.judged.month.payer if self.judged is not None else None
        return payer is not None and payer.id != claim.payer_id


def unsupported_payments(organization_id: UUID, claim_ids: Collection[UUID] | None = None) -> list[Unsupported]:
    """Paid claims, all or these, whose months the records would not ask for so any more, or for which more came than is
    due; also those of claims that were replaced or ended, whose money the payer still has not taken back. A few
    statements a month.
    """
    found: list[Unsupported] = []
    for first in paid_months(organization_id, claim_ids):
        found += _of_month(organization_id, paid_claims(organization_id, first, claim_ids))
    return [one for one in found if claim_ids is None or one.claim.id in claim_ids]


def _of_month(organization_id: UUID, claims: Sequence[PaidClaim]) -> Iterable[Unsupported]:
    """Of one month's paid claims: a month at a time is held, whatever number of years is compared."""
    if not claims:
        return
    month = claims[0].month
    judged = _judged(organization_id, month, {claim.episode_id: claim.patient_id for claim in claims})
    released = releases(organization_id, month, judged.values())
    by_episode: dict[UUID, list[PaidClaim]] = {}
    for claim in claims:
        by_episode.setdefault(claim.episode_id, []).append(claim)
    for episode_id, of_episode in by_episode.items():
        yield from _compared(of_episode, _Month(judged.get(episode_id), released.get(episode_id)))


def _judged(organization_id: UUID, month: str, episodes: Mapping[UUID, UUID]) -> dict[UUID, MonthVerdict]:
    """An enrolment that was taken back is judged no more, and is not among them."""
    found = month_verdicts(organization_id, month, episode_ids=list(episodes), is_complete=True)
    return {id_: one for id_, one in found.items() if id_ in episodes}


def _compared(claims: Sequence[PaidClaim], month: _Month) -> Iterable[Unsupported]:
    """Payments of one month beside what it supports: what the standing claim was paid rests on it first, then the later
    ones of those that stand no more.
    """
    now = left = month.lines
    for claim in sorted(claims, key=lambda one: (not one.is_superseded, one.id), reverse=True):
        if month.is_of_another_payer(claim):
            without, is_ended = claim.paid, True
        else:
            without, is_ended = paid_without_support(claim.paid, left), bool(paid_without_support(claim.paid, now))
            left = support_left(left, claim.paid)
        if without or claim.above:
            lines = tuple((line.code, line.units) for line in now)
            owed = owed_of(claim.lines, without, claim.amount)
            because = _because(claim, month, without, is_ended=is_ended)
            yield Unsupported(claim, without, lines, because, owed, is_ended=is_ended)


def _because(claim: PaidClaim, month: _Month, without: CodeUnits, *, is_ended: bool) -> str:
    """Why, in words; the same words for the same cause."""
    if not without:
        codes = ", ".join(dict.fromkeys(claim.above))
        return f"More came for {codes} than is due: it was paid more than once, or above its charge."
    if not claim.is_superseded:
        return _of_record(claim, month)
    if not is_ended:
        return "The claim in its place was paid as well, and the payer has not taken this payment back."
    if claim.told_on is None:
        return "The claim stands no more, and the payer has not taken its payment back."
    day = f"{claim.told_on:%b} {claim.told_on.day}, {claim.told_on.year}"
    return f"The claim was corrected or taken back on {day}, and the payer has not taken its payment back."


def _of_record(claim: PaidClaim, month: _Month) -> str:
    judged, release = month.judged, month.release
    if judged is None:
        return "The enrolment was taken back."
    if month.is_of_another_payer(claim) and judged.month.payer is not None:
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
