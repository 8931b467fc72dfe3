"""Whether a month is the first of its run of CoCM months, and what its run already holds.

A run ends with as many full calendar months without any CoCM service as the book says. Services are counted,
not claims: a month of five minutes keeps a run going.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from caseload.rules.clock import month_index, month_of

COCM_CODES = frozenset({"99492", "99493", "99494", "G2214", "G0568", "G0569", "G0512"})
INITIAL_CODES = frozenset({"99492", "G0568"})
MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class MonthType:
    """The month's place in its run.

    `has_earlier_month` and `has_earlier_line` are of the same run; `is_restart` says that this is the first
    served month of an episode that was enrolled after the run's last month.
    """

    is_initial: bool
    has_earlier_month: bool
    has_earlier_line: bool
    is_restart: bool

    @property
    def word(self) -> str:
        """`initial` or `subsequent`."""
        return "initial" if self.is_initial else "subsequent"


def month_type(facts: MonthFacts, book: RuleBook) -> MonthType:
    """The type of a month, taken as if CoCM time counted in it."""
    this = month_index(facts.month)
    run = list(_run(_served(facts), this, book.run_gap_months))
    has_line = not _lined(facts).isdisjoint(run)
    return MonthType(
        is_initial=_is_initial(facts, book, run, has_line=has_line),
        has_earlier_month=bool(run),
        has_earlier_line=has_line,
        is_restart=bool(run) and run[0] < month_index(month_of(facts.enrolled_on)) and _is_first_served(facts),
    )


def _is_initial(facts: MonthFacts, book: RuleBook, run: list[int], *, has_line: bool) -> bool:
    if book.options.initial_once_per == "calendar_year" and _had_initial_this_year(facts):
        return False
    if book.options.initial_month_policy == "first_billable_month":
        return not has_line
    return not run


def _run(served: set[int], this: int, gap: int) -> Iterator[int]:
    """The earlier months of this month's run, the latest first."""
    last = this
    for month in sorted(served, reverse=True):
        if month >= this:
            continue
        if last - month > gap:
            return
        yield month
        last = month


def _served(facts: MonthFacts) -> set[int]:
    return _lined(facts) | {month_index(month) for month in facts.own_served}


def _lined(facts: MonthFacts) -> set[int]:
    """Months with a CoCM line. What was served before this product knew the patient counts as
    having had one.
    """
    if not (facts.served_before or facts.billed_before or facts.own_lines):
        return set()
    lines = (*facts.billed_before, *facts.own_lines)
    billed = {month_index(line.month) for line in lines if line.code in COCM_CODES}
    return billed | {month_index(month) for month in facts.served_before}


def _had_initial_this_year(facts: MonthFacts) -> bool:
    this = month_index(facts.month)
    return any(
        line.code in INITIAL_CODES and this - this % MONTHS_A_YEAR <= month_index(line.month) < this
        for line in (*facts.billed_before, *facts.own_lines)
    )


def _is_first_served(facts: MonthFacts) -> bool:
    """Whether no earlier month of this episode was served."""
    begins = month_of(facts.episode_from or facts.enrolled_on)
    return not any(begins <= month < facts.month for month in facts.own_served)
