"""Which day a month's claim is dated.

One day stands for the month: its last day or, where the patient had died or was no longer covered by then, the day
on which the month had reached what it bills (billing-rules, section 8), within the days of the coverage that is asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from billing.rules.findings import Line
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day
from caseload.rules.minutes import MonthMinutes


@dataclass(frozen=True, slots=True)
class Consented:
    """A consent by its days: it holds from `on` until the day before `revoked_on`."""

    on: date
    revoked_on: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.on <= day and (self.revoked_on is None or day < self.revoked_on)


def service_day(
    facts: MonthFacts,
    book: RuleBook,
    until: date | None,
    time_until: Callable[[date], MonthMinutes],
    *,
    since: date | None = None,
) -> date:
    """The date of service of a month that bills.

    `until` is the last day on which the patient was alive and covered (None: no end known), `since` the first day of
    the coverage, `time_until` the month's time up to the end of a day. Never a day after `until`; none before `since`,
    though what came before it counts: the time is the calendar month's, whoever pays.
    """
    ends_on = last_day(facts.month)
    if until is None or until >= ends_on:
        return ends_on
    wanted = _asked(judge(facts, book).lines)
    return day_reached(
        lambda day: _asked(judge(replace(facts, time=time_until(day)), book).lines) == wanted,
        first_day(facts.month),
        until,
        since=since,
    )


def day_reached(is_reached: Callable[[date], bool], first: date, until: date, *, since: date | None = None) -> date:
    """The first day from `first` on which it is so, moved on to `since` where that is later; `until` at the latest."""
    day = first
    while day < until and not is_reached(day):
        day += timedelta(days=1)
    return min(max(day, since or day), until)


def consent_on(consents: Iterable[Consented], day: date) -> Consented | None:
    """The consent that a date of service rests on: the earliest that holds then; else the last one given by then, which
    was taken back; else the first one given later. None where there is none.
    """
    known = sorted(consents, key=lambda one: one.on)
    holding = (one for one in known if one.holds_on(day))
    before = [one for one in known if one.on <= day]
    return next(holding, None) or (before[-1] if before else next(iter(known), None))


def _asked(lines: tuple[Line, ...]) -> list[tuple[str, int]]:
    return [(line.code, line.units) for line in lines]
