"""How a payer wants a month dated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from billing.models import ServiceDayPolicy
from billing.queries.claimable import Billable, Days
from billing.rules import facts as frozen
from billing.rules.books import book_named
from billing.rules.service_day import Consented, consent_on, day_reached
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day


def day_of(one: Billable, policy: str, consents: Sequence[Consented] = ()) -> date:
    """The date of service: as the month has it, or the day on which its minutes were reached, where the payer says so
    or the patient had taken the consent back before the month was over.

    A few statements more for each claim that is dated by its minutes.
    """
    consent = consent_on(consents, one.service_on)
    revoked_on = consent.revoked_on if consent is not None and not consent.holds_on(one.service_on) else None
    if revoked_on is None or revoked_on <= first_day(one.basis.facts["month"]):
        return _reached(one, one.service_on) if policy == ServiceDayPolicy.THRESHOLD else one.service_on
    return _reached(one, min(one.service_on, revoked_on - timedelta(days=1)))


def _reached(one: Billable, until: date) -> date:
    facts = frozen.from_json(json.dumps(one.basis.facts))
    book, days = book_named(one.basis.book), Days(one.episode, facts)
    wanted = [(line["code"], line["units"]) for line in one.basis.verdict["lines"]]

    def is_reached(day: date) -> bool:
        lines = judge(replace(facts, time=days(day)), book).lines
        return [(line.code, line.units) for line in lines] == wanted

    return day_reached(is_reached, first_day(facts.month), until, since=one.covered_from)
