"""What is still at stake in a month: what people can do about it, and what the month would bill then.

Nothing is guessed: each answer is the verdict of the same facts with the gap closed or the minutes added. What care
or papers cannot change (coverage, another biller, the end of the program) is never named.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.rules import requirements
from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts, Visit
from billing.rules.findings import Line, NextStep, Verdict
from billing.rules.month_type import COCM_CODES
from billing.rules.verdicts import judge
from caseload.rules.clock import last_day
from caseload.rules.minutes import Counted

Codes = tuple[tuple[str, int], ...]
"""Codes with their units."""

NEAR_MINUTES = 10
"""Within so many minutes a code counts as near."""

# What closes each gap while the month runs, and, of papers that come from before or from elsewhere, after its end.
# A plan, a score or a review that was not there in time is not made afterwards.
WAYS: dict[str, tuple[str, str]] = {
    "consent_missing": (
        "Record the consent if it was given before the work; one given now counts only from then on.",
        "Record the consent only if it was given before the work.",
    ),
    "initiating_visit_missing": (
        "Enter the visit if it took place before the first counted minute; a later one helps later months.",
        "Enter the visit only if it took place before the first counted minute.",
    ),
    "diagnosis_missing": (
        "Have the treating clinician record the diagnosis that is being treated.",
        "Enter the diagnosis only if it was made by the end of the month.",
    ),
    "care_plan_missing": ("Write the care plan by the last day of the month.", ""),
    "rating_scale_missing": ("Ask a PHQ-9 or another scale by the last day of the month.", ""),
    "case_review_missing": ("Review the patient with the psychiatric consultant by the last day of the month.", ""),
    "no_engagement": ("Reach the patient or a caregiver, or coordinate care, by the last day of the month.", ""),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What a month would bill, and how much more than now. `more` None: an amount is not known."""

    lines: Codes
    more: Decimal | None


@dataclass(frozen=True, slots=True)
class Way:
    """A gap that somebody can still close: how, and what the month would bill with it `alone` closed.

    `cost` is what is lost if it alone stays open, the others closed; None where that is not known.
    """

    word: str
    how: str
    alone: Reach
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Step:
    """Further minutes to the next code, once the ways are taken; `needs` are the gaps to close besides.

    `lines` and `more` are those of the month with everything done, against now with the ways taken.
    """

    minutes: int
    code: str
    units: int
    needs: tuple[str, ...]
    reach: Reach


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a month could still become: by papers and care (`ways`, all `together`), and by minutes (`step`).

    `more` is what everything brings together, None where a part of it is not known.
    """

    ways: tuple[Way, ...] = ()
    together: Reach | None = None
    step: Step | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything can still be done about the month."""
        return self.together is not None or self.step is not None

    @property
    def more(self) -> Decimal | None:
        stepped = None if self.step is None else self.step.reach
        parts = [part.more for part in (self.together, stepped) if part is not None]
        known = [part for part in parts if part is not None]
        return None if len(known) < len(parts) else sum(known, Decimal(0))

    @property
    def is_near(self) -> bool:
        """Whether a few minutes reach the next code, with all papers in order."""
        return self.step is not None and self.step.minutes <= NEAR_MINUTES

    @property
    def is_almost(self) -> bool:
        """Whether nothing but a few minutes is missing. Of a month that is over: it ended just short of a code."""
        return not self.ways and self.step is not None and self.step.minutes <= NEAR_MINUTES and not self.step.needs

    @property
    def is_one_paper(self) -> bool:
        """Whether one document alone is missing that would make it bill, or bill more."""
        return len(self.ways) == 1


NOTHING = Stakes()


def stakes(facts: MonthFacts, book: RuleBook, verdict: Verdict, *, is_over: bool) -> Stakes:
    """What can still be done about a month whose verdict under `book` is `verdict`.

    While it runs: every gap that care or a paper closes, and the minutes to the next code. Once it `is_over`: only
    papers that exist and were not recorded. A way is named only where it is needed for a better month, and nothing
    is named that would lower the amount.
    """
    plan = _plan(facts, book, verdict, closable((gap.word for gap in verdict.gaps), is_over=is_over))
    if plan is None:
        return Stakes(step=None if is_over else _step(facts, book, verdict))
    return Stakes(
        ways=tuple(_way(facts, book, verdict, plan, word, is_over=is_over) for word in plan.words),
        together=_reach(verdict, plan.best),
        step=None if is_over else _step(closing(facts, book, plan.words), book, plan.best),
    )


def closable(words: Iterable[str], *, is_over: bool) -> tuple[str, ...]:
    """Of gaps, those that people can still close."""
    return tuple(word for word in words if word in WAYS and WAYS[word][is_over])


def closing(facts: MonthFacts, book: RuleBook, words: Iterable[str]) -> MonthFacts:
    """The facts as they would be with these gaps closed in time. Raises KeyError for one that nobody can close."""
    for word in words:
        facts = _CLOSERS[word](facts, book)
    return facts


def lacking(facts: MonthFacts, book: RuleBook) -> tuple[str, ...]:
    """The gaps that care can close and that the month would have as soon as its minutes reach a code.

    Cheap: no verdict is judged. `book` has the payer's options applied.
    """
    time = facts.time.counted if facts.time.counted.bhi_seconds else facts.time.if_consented
    basis = requirements.basis(facts, book, time)
    words = requirements.missing(basis)
    if facts.program == "cocm" or time.cocm_seconds:
        words = (*words, *requirements.missing_for_cocm(basis))
    if not time.bhi_seconds:
        words = tuple(word for word in words if word != "no_engagement")
    return closable(words, is_over=False)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The gaps to close, the verdict with all of them closed, and that without each."""

    words: tuple[str, ...]
    best: Verdict
    without: dict[str, Verdict]


def _plan(facts: MonthFacts, book: RuleBook, now: Verdict, words: tuple[str, ...]) -> _Plan | None:
    """The fewest of the closable gaps that bring the month as far as all of them; None where that is no further."""
    if not words:
        return None
    best = judge(closing(facts, book, words), book)
    if not _is_better(now, best):
        return None
    without = {word: _without(facts, book, now, words, word) for word in words}
    idle = next((word for word, verdict in without.items() if _codes(verdict) == _codes(best)), None)
    if idle is not None:
        return _plan(facts, book, now, tuple(word for word in words if word != idle))
    return _Plan(words, best, without)


def _without(facts: MonthFacts, book: RuleBook, now: Verdict, words: tuple[str, ...], word: str) -> Verdict:
    others = tuple(one for one in words if one != word)
    return judge(closing(facts, book, others), book) if others else now


def _way(facts: MonthFacts, book: RuleBook, now: Verdict, plan: _Plan, word: str, *, is_over: bool) -> Way:
    alone = plan.best if len(plan.words) == 1 else judge(closing(facts, book, (word,)), book)
    return Way(word, WAYS[word][is_over], _reach(now, alone), _more(plan.without[word].lines, plan.best.lines))


def _step(facts: MonthFacts, book: RuleBook, now: Verdict) -> Step | None:
    """The next code by minutes, with the gaps that stand in its way closed; None where that brings nothing."""
    following = now.next_step
    if following is None:
        return None
    if _is_same_work(now, following):
        return Step(following.minutes, following.code, following.units, (), _of_step(now, following))
    worked = working(facts, following)
    then = judge(worked, book)
    needs = closable((gap.word for gap in then.gaps), is_over=False)
    best = judge(closing(worked, book, needs), book) if needs else then
    if not _has(best, following) or not _is_better(now, best):
        return None
    return Step(following.minutes, following.code, following.units, needs, _reach(now, best))


def _is_same_work(now: Verdict, following: NextStep) -> bool:
    """Whether the month bills the same kind of work already: a further code of it needs nothing but minutes."""
    return not now.gaps and following.code in COCM_CODES and any(line.code in COCM_CODES for line in now.lines)


def _of_step(now: Verdict, following: NextStep) -> Reach:
    """The lines of the month after a step of the same work: a further unit, or a base in the place of another."""
    lines = dict(_codes(now))
    if following.code != "99494":
        lines = {code: units for code, units in lines.items() if code not in COCM_CODES}
    lines[following.code] = following.units
    return Reach(tuple(lines.items()), following.amount_more)


def working(facts: MonthFacts, following: NextStep) -> MonthFacts:
    """The facts with the minutes of a step worked in the rest of the month, with the patient or for them."""
    cocm = following.minutes * 60 if following.code in COCM_CODES else 0
    time = facts.time
    counted = _longer(time.counted, cocm, following.minutes * 60)
    if_consented = _longer(time.if_consented, cocm, following.minutes * 60)
    logged = time.logged_seconds + following.minutes * 60
    return replace(facts, time=replace(time, counted=counted, if_consented=if_consented, logged_seconds=logged))


def _longer(time: Counted, cocm: int, bhi: int) -> Counted:
    return Counted(time.cocm_seconds + cocm, time.bhi_seconds + bhi, time.first_on, engaged=True)


def _has(verdict: Verdict, following: NextStep) -> bool:
    return (following.code, following.units) in _codes(verdict)


def _codes(verdict: Verdict) -> Codes:
    return tuple([(line.code, line.units) for line in verdict.lines])


def _reach(now: Verdict, then: Verdict) -> Reach:
    return Reach(_codes(then), _more(now.lines, then.lines))


def _is_better(now: Verdict, then: Verdict) -> bool:
    """Whether other lines bill, and not for less."""
    more = _more(now.lines, then.lines)
    return _codes(now) != _codes(then) and (more is None or more > 0)


def _more(now: Iterable[Line], then: Iterable[Line]) -> Decimal | None:
    """The difference of two months' lines; None where one that only one of them has is of unknown amount."""
    before = Counter((line.code, line.units, line.amount) for line in now)
    after = Counter((line.code, line.units, line.amount) for line in then)
    gained, lost = list((after - before).elements()), list((before - after).elements())
    if any(amount is None for _, _, amount in (*gained, *lost)):
        return None
    return sum((amount or Decimal(0) for _, _, amount in gained), Decimal(0)) - sum(
        (amount or Decimal(0) for _, _, amount in lost), Decimal(0)
    )


Closer = Callable[[MonthFacts, RuleBook], MonthFacts]


def _with_consent(facts: MonthFacts, book: RuleBook) -> MonthFacts:
    return replace(facts, time=replace(facts.time, counted=facts.time.if_consented))


def _with_visit(facts: MonthFacts, book: RuleBook) -> MonthFacts:
    """A visit on the last day on which it still serves."""
    on = facts.time.if_consented.first_on or last_day(facts.month)
    return replace(facts, visits=(*facts.visits, Visit(on, min(book.requirements.visit_codes))))


def _with_diagnosis(facts: MonthFacts, book: RuleBook) -> MonthFacts:
    return replace(facts, diagnoses=(*facts.diagnoses, book.requirements.diagnosis_prefixes[0]))


def _on_last_day(field: str) -> Closer:
    """One more of something dated, on the month's last day."""

    def closer(facts: MonthFacts, book: RuleBook) -> MonthFacts:
        days: tuple[date, ...] = getattr(facts, field)
        return replace(facts, **{field: (*days, last_day(facts.month))})  # type: ignore[arg-type]

    return closer


def _with_engagement(facts: MonthFacts, book: RuleBook) -> MonthFacts:
    time = facts.time
    counted, if_consented = replace(time.counted, engaged=True), replace(time.if_consented, engaged=True)
    return replace(facts, time=replace(time, counted=counted, if_consented=if_consented))


_CLOSERS: dict[str, Closer] = {
    "consent_missing": _with_consent,
    "initiating_visit_missing": _with_visit,
    "diagnosis_missing": _with_diagnosis,
    "care_plan_missing": _on_last_day("care_plans"),
    "rating_scale_missing": _on_last_day("scores"),
    "case_review_missing": _on_last_day("reviews"),
    "no_engagement": _with_engagement,
}
