"""What months come to after what coders decided, for sums over many of them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from billing.models import CoderDecision, DecisionKind
from billing.queries.judging import MonthVerdict
from billing.queries.release import unit_amounts
from billing.rules.decisions import asked_after
from billing.rules.findings import Line
from caseload.rules.clock import first_day, month_of

DecidedLines = dict[tuple[UUID, str], tuple[Line, ...]]


def decided_lines(organization_id: UUID, first: str, last: str, judged: Iterable[MonthVerdict]) -> DecidedLines:
    """By episode and month, the lines that are asked for of those that bill, where a coder asks for less or nothing.

    A month that is only held keeps its lines: it is late, and not less. One statement for any number.
    """
    rows = CoderDecision.objects.live().filter(
        organization_id=organization_id,
        month__range=(first_day(first), first_day(last)),
        kind__in=(DecisionKind.BILL_LOWER, DecisionKind.DO_NOT_BILL),
    )
    found = {
        (episode_id, month_of(month)): tuple((code, units) for code, units in lines)
        for episode_id, month, lines in rows.values_list("episode_id", "month", "lines")
    }
    decided: DecidedLines = {}
    for one in judged:
        key = (one.month.episode.id, one.facts.month)
        if key in found and one.bills and one.verdict is not None:
            lines = found[key]
            decided[key] = asked_after(lines, one.verdict, unit_amounts(one)).lines if lines else ()
    return decided
