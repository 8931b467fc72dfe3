"""Which day a month's claim is dated.

One day stands for the month: its last day or, where the patient had died or was no longer covered by then, the day
on which the month had reached what it bills (billing-rules, section 8).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from billing.rules.findings import Line
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day
from caseload.rules.minutes import MonthMinutes


def service_day(
    facts: MonthFacts, book: RuleBook, until: date | None, time_until: Callable[[date], MonthMinutes]
) -> date:
    """The date of service of a month that bills.

    `until` is the last day on which the patient was alive and covered (None: no end known), `time_until` the month's
    time up to the end of a day. Never a day after `until`.
    """
    ends_on = last_day(facts.month)
    if until is None or until >= ends_on:
        return ends_on
    wanted = _asked(judge(facts, book).lines)
    day = first_day(facts.month)
    while day < until:
        if _asked(judge(replace(facts, time=time_until(day)), book).lines) == wanted:
            return day
        day += timedelta(days=1)
    return until


def _asked(lines: tuple[Line, ...]) -> list[tuple[str, int]]:
    return [(line.code, line.units) for line in lines]
