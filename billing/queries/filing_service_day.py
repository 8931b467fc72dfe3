"""How a payer wants a month dated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

from billing.models import ServiceDayPolicy
from billing.queries.claimable import Billable, Days
from billing.rules import facts as frozen
from billing.rules.books import book_named
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day


def day_of(one: Billable, policy: str) -> date:
    """The date of service: as the month has it, or the day on which its minutes were reached, where the payer says so.

    A few statements more for each claim that is dated by its minutes.
    """
    return _reached(one) if policy == ServiceDayPolicy.THRESHOLD else one.service_on


def _reached(one: Billable) -> date:
    facts = frozen.from_json(json.dumps(one.basis.facts))
    book, days = book_named(one.basis.book), Days(one.episode, facts)
    wanted = [(line["code"], line["units"]) for line in one.basis.verdict["lines"]]
    day = first_day(facts.month)
    while day < one.service_on:
        lines = judge(replace(facts, time=days(day)), book).lines
        if [(line.code, line.units) for line in lines] == wanted:
            return day
        day += timedelta(days=1)
    return one.service_on
