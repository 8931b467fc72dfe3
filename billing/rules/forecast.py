"""What an open month may come to by its end, as a range: never one number that looks sure.

The rule, as the page tells it: each patient's minutes go on at the pace of the month so far, by business days; each
end is a real verdict. The least is what bills now; the middle what the pace reaches with the papers on record; the
most what it reaches with every paper that can still be made.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from billing.rules.findings import Verdict
from billing.rules.stakes import closable, closing
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day
from caseload.rules.minutes import Counted
from registry.rules.business_days import is_business_day

RULE = (
    "Each patient's counted minutes are taken to go on at their pace so far: minutes by business day since the "
    "month began, or since the patient came, today included. Least: what bills now. Middle: what the pace reaches "
    "with the papers on record. Most: what it reaches with every paper that can still be made this month. Patients "
    "without a counted minute so far have no pace: they add only what a paper can bring."
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a month brings at least, at its pace, and at most; None where an amount is not known."""

    least: Decimal | None
    at_pace: Decimal | None
    most: Decimal | None


def forecast(facts: MonthFacts, book: RuleBook, verdict: Verdict, *, on: date, until: date | None = None) -> Forecast:
    """Where an open month is going on a day of it; `until` is the last day of the program, where it ends before.

    `book` is the one that the verdict was judged by, without the payer's options. Before the first business day, and
    where nothing counts, there is no pace: the minutes stay as they are. Unpaid time (no consent) has none either.
    """
    last_on = min(until or last_day(facts.month), last_day(facts.month))
    done, left = days_between(_begins(facts), on), days_between(on + timedelta(days=1), last_on)
    reached = at_pace(facts, done=done, left=left)
    then = verdict if reached is facts else judge(reached, book)
    words = closable((gap.word for gap in then.gaps), is_over=False)
    best = judge(closing(reached, book, words), book) if words else then
    return _in_order(verdict.amount, then.amount, best.amount)


def days_between(first_on: date, last_on: date) -> int:
    """How many business days there are from one day to another, both included; none where they are out of order."""
    days = range((last_on - first_on).days + 1)
    return sum(is_business_day(first_on + timedelta(days=number)) for number in days)


def at_pace(facts: MonthFacts, *, done: int, left: int) -> MonthFacts:
    """The facts with their counted time grown by its pace: by `left` days, as in the `done` ones. Whole seconds."""
    time = facts.time
    if done == 0 or left <= 0 or time.counted.bhi_seconds == 0:
        return facts
    counted, if_consented = _grown(time.counted, done, left), _grown(time.if_consented, done, left)
    return replace(facts, time=replace(time, counted=counted, if_consented=if_consented))


def _grown(time: Counted, done: int, left: int) -> Counted:
    cocm, bhi = (seconds + seconds * left // done for seconds in (time.cocm_seconds, time.bhi_seconds))
    return Counted(cocm, bhi, time.first_on, time.engaged)


def _begins(facts: MonthFacts) -> date:
    """The first day of the month on which the patient could have had time."""
    return max(first_day(facts.month), facts.episode_from or facts.enrolled_on)


def _in_order(least: Decimal | None, middle: Decimal | None, most: Decimal | None) -> Forecast:
    """What is on the way never counts for less than what bills already."""
    at_least = middle if least is None or middle is None else max(least, middle)
    return Forecast(least, at_least, most if at_least is None or most is None else max(at_least, most))
