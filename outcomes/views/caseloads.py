"""Caseload statistics for supervision: size, what is overdue, contacts and improvement, with what each caseload is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from outcomes.queries.case_mix import CaseloadRow, caseloads
from outcomes.rules.case_mix import BANDS, SMALL, is_small, load_words
from outcomes.rules.measures import measure
from outcomes.views.page import Page, page_of


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def caseload_statistics(request: HttpRequest, organization: str) -> HttpResponse:
    """Care managers side by side, by name: a caseload is told with what it is made of, and nobody is ranked."""
    page = page_of(request)
    found = (
        caseloads(page.by.organization_id, page.edition, page.names.care_managers, at=page.at) if page.edition else None
    )
    record("outcomes.caseloads_viewed", by=page.by, at=page.at)
    context = {
        **page.context("caseloads"),
        "rows": [_shown(page, row) for row in found.rows] if found else [],
        "all": _shown(page, found.all) if found else None,
        "improvement": measure("improvement"),
        "small": SMALL,
        "bands": BANDS,
    }
    return render(request, "outcomes/caseloads.html", context)


def _shown(page: Page, row: CaseloadRow) -> dict[str, object]:
    """A row with where it leads, where its size stands, and whether its shares are left to chance."""
    improvement = row.numbers["improvement"]
    more = {"manager": row.seat_id} if row.seat_id else {}
    return {
        "row": row,
        "mix": row.mix,
        "now": row.now,
        "improvement": improvement,
        "remission": row.numbers["remission"],
        "contact_and_score": row.numbers["contact_and_score"],
        "is_small": is_small(improvement.denominator or 0),
        "load": load_words(row.each, row.mix.medicaid_percent),
        "url": page.url("measure", "improvement", **more),
    }
