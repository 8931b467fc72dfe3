"""Judging one patient's months in order, and one of them without judging all that came before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from billing.queries.facts import EpisodeMonth
from billing.rules.books import NoBookInForce, RuleBook, book_in_force, with_options
from billing.rules.closing import OnClaim
from billing.rules.collisions import Collision, collisions
from billing.rules.facts import EarlierLine, MonthFacts, OptionValue
from billing.rules.findings import Verdict
from billing.rules.month_type import COCM_CODES
from billing.rules.stakes import lacking
from billing.rules.verdicts import billed, following, judge
from caseload.rules.clock import first_day

# The flag of a month that bills CoCM, is not the first of its run, and knows of no earlier line in it.
NO_EARLIER_LINE = "initial_month_unsettled"


@dataclass(frozen=True, slots=True)
class MonthVerdict:
    """What one episode's month bills and why, with the facts it rests on.

    `verdict` is None where no rule book holds in the month. `is_doubled` says that an earlier episode of the same
    patient bills this month already: a patient and month is asked for once.
    """

    month: EpisodeMonth
    facts: MonthFacts
    verdict: Verdict | None
    is_doubled: bool = False

    @property
    def bills(self) -> bool:
        """Whether a payer can be asked for anything."""
        return self.verdict is not None and bool(self.verdict.lines) and self.refusal == ""

    @property
    def refusal(self) -> str:
        """Why nothing is asked of anybody, whatever the verdict; empty where that is not so."""
        if self.verdict is None:
            return f"No rule book of {self.facts.payer} holds in this month"
        if self.is_doubled:
            return "An earlier enrolment bills this month"
        if self.month.payer is None:
            return "No coverage on record"
        if self.month.payer.is_self_pay:
            return "Self pay: nothing to claim"
        return ""

    @property
    def lacking(self) -> tuple[str, ...]:
        """The gaps that care can still close and that the month has, whatever its minutes reach."""
        return () if self.verdict is None else lacking(self.facts, _book(self.facts))

    @property
    def collisions(self) -> tuple[Collision, ...]:
        """How the services known beside the month go together with what it bills."""
        return () if self.verdict is None else collisions(self.facts, self.verdict, _book(self.facts))

    @property
    def on_claim(self) -> OnClaim:
        """What its claim would tell beside codes and payer."""
        coverage = self.month.coverage
        return OnClaim(self.facts.diagnoses, self.facts.place_of_service, coverage.id if coverage else None)

    @property
    def note(self) -> str:
        """On what the payer's rules rest, where nobody confirmed them."""
        payer = self.month.payer
        return self.month.note if payer is not None and not payer.is_self_pay else ""

    @property
    def amount(self) -> Decimal | None:
        """The national amount of what bills; zero where nothing does, None where it is unknown."""
        if not self.bills or self.verdict is None:
            return Decimal(0)
        return self.verdict.amount


def judged_in_order(months: Iterable[EpisodeMonth]) -> Iterator[MonthVerdict]:
    """The months of one patient, the earliest first, each knowing what the earlier ones served and billed."""
    served: tuple[str, ...] = ()
    lines: tuple[EarlierLine, ...] = ()
    for month in months:
        facts = following(month.facts, served, lines)
        judged = _judged(month, facts, is_doubled=any(line.month == facts.month for line in lines))
        yield judged
        if judged.verdict is not None and judged.verdict.served:
            served = (*served, facts.month)
        if judged.verdict is not None and not judged.is_doubled:
            lines = (*lines, *billed(judged.verdict))


def judged_in(months: Sequence[EpisodeMonth], month: str) -> list[MonthVerdict]:
    """The verdicts of one month of a patient: the same as in `judged_in_order`, mostly without judging the rest.

    Which earlier months were served shows in their time. What they billed matters only in that one of the run had a
    CoCM line, and that only to a month that bills one too: the nearest such month is looked up then. Where a payer
    counts initial months otherwise or the ACCESS model limits reviews, everything is judged. The facts hold only the
    earlier lines that were looked up.
    """
    if not _is_simple(months):
        return [judged for judged in judged_in_order(months) if judged.facts.month == month]
    earlier = [one for one in months if one.month < month]
    served = tuple([one.month for one in earlier if one.time.counted.cocm_seconds > 0])
    return [_judged_alone(one, earlier, served) for one in months if one.month == month]


def _judged_alone(month: EpisodeMonth, earlier: Sequence[EpisodeMonth], served: tuple[str, ...]) -> MonthVerdict:
    judged = _judged(month, following(month.facts, served, ()), is_doubled=False)
    if judged.verdict is None or NO_EARLIER_LINE not in [flag.word for flag in judged.verdict.flags]:
        return judged
    lines = _nearest_cocm_lines(earlier, served)
    return _judged(month, following(month.facts, served, lines), is_doubled=False) if lines else judged


def _nearest_cocm_lines(earlier: Sequence[EpisodeMonth], served: tuple[str, ...]) -> tuple[EarlierLine, ...]:
    """What the latest earlier month with a CoCM line billed."""
    for one in reversed(earlier):
        if one.time.counted.cocm_seconds == 0:
            continue
        before = tuple(month for month in served if month < one.month)
        judged = _judged(one, following(one.facts, before, ()), is_doubled=False)
        lines = billed(judged.verdict) if judged.verdict is not None else ()
        if any(line.code in COCM_CODES for line in lines):
            return lines
    return ()


def _is_simple(months: Sequence[EpisodeMonth]) -> bool:
    """Whether no month's lines depend on those of earlier ones, and none stands twice."""
    return len({one.month for one in months}) == len(months) and all(
        one.record.access is None and _counts_service(one.rules.family, one.rules.options, one.month) for one in months
    )


@lru_cache(maxsize=4096)
def _counts_service(family: str, options: tuple[tuple[str, OptionValue], ...], month: str) -> bool:
    """Whether the payer tells initial months by service alone; false also where no book holds in the month."""
    try:
        chosen = with_options(book_in_force(family, first_day(month)), options).options
    except NoBookInForce:
        return False
    return chosen.initial_month_policy == "first_calendar_month" and chosen.initial_once_per == "episode"


def _book(facts: MonthFacts) -> RuleBook:
    """The payer's book of the month with its options. Raises NoBookInForce."""
    return with_options(book_in_force(facts.payer, first_day(facts.month)), facts.options)


def _judged(month: EpisodeMonth, facts: MonthFacts, *, is_doubled: bool) -> MonthVerdict:
    try:
        book = book_in_force(facts.payer, first_day(facts.month))
    except NoBookInForce:
        return MonthVerdict(month, facts, None)
    return MonthVerdict(month, facts, judge(facts, book), is_doubled=is_doubled)
