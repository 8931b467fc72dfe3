"""A measure by language, sex, age and coverage: who does otherwise than everybody else, with counts and no names."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from outcomes.queries.dashboard import FAMILIES, family_of
from outcomes.queries.equity import comparable, groupings
from outcomes.rules.case_mix import SMALL
from outcomes.rules.equity import Compared, difference_words
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.months import month_before
from outcomes.views.page import page_of

USUAL: Final = "improvement"
SPANS: Final = {1: "This month", 3: "3 months", 6: "6 months", 12: "12 months"}


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def equity(request: HttpRequest, organization: str) -> HttpResponse:
    """Rates with counts, each group beside everybody else."""
    page = page_of(request)
    choices = comparable(sees_money=page.sees_money)
    one = _chosen(request, choices)
    span = _span(request)
    months = [month_before(page.month, back) for back in range(span)] if page.month else []
    editions = [page.editions[month] for month in months if month in page.editions]
    found = groupings(page.by.organization_id, one, editions, page.names) if editions else ()
    record("outcomes.equity_viewed", by=page.by, at=page.at)
    context = {
        **page.context("equity"),
        "measure": one,
        "families": _families(choices),
        "span": span,
        "spans": SPANS.items(),
        "counted_months": len(editions),
        "groupings": [(each, [_shown(one, row) for row in each.rows]) for each in found],
        "measure_url": page.url("measure", one.key, by="language"),
        "has_somebody": any(each.rows for each in found),
        "small": SMALL,
    }
    return render(request, "outcomes/equity.html", context)


def _shown(one: Measure, row: Compared) -> dict[str, Any]:
    is_share = one.kind is Kind.SHARE
    return {
        "row": row,
        "rate": _rate(row.group.rate, is_share=is_share),
        "others": _rate(row.others.rate, is_share=is_share),
        "words": difference_words(row, is_share=is_share),
    }


def _rate(rate: object, *, is_share: bool) -> str:
    if rate is None:
        return "n/a"
    return f"{rate} %" if is_share else f"{rate} per 100"


def _chosen(request: HttpRequest, choices: list[Measure]) -> Measure:
    """The measure that is asked for, of those that can be compared; else the usual one."""
    by_key = {one.key: one for one in choices}
    return by_key.get(request.GET.get("measure", ""), by_key[USUAL])


def _span(request: HttpRequest) -> int:
    text = request.GET.get("months", "")
    return next((count for count in SPANS if str(count) == text), 1)


def _families(choices: list[Measure]) -> list[tuple[str, list[Measure]]]:
    found = [(title, [one for one in choices if family_of(one) == key]) for key, title in FAMILIES.items()]
    return [(title, of) for title, of in found if of]
