"""A care manager's own numbers: the same measures of the patients whom they carry, without money."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from outcomes.queries.dashboard import dashboard
from outcomes.queries.remission import due_of
from outcomes.views.dashboard import linked
from outcomes.views.page import page_of


@requires(Permission.VIEW_OWN_OUTCOMES)
@require_safe
def own_outcomes(request: HttpRequest, organization: str) -> HttpResponse:
    """The dashboard's tiles for one's own caseload, as the month's rows name its care manager."""
    page = page_of(request, is_own=True)
    found = (
        dashboard(page.by.organization_id, page.month, page.editions, sees_money=False, only=page.only)
        if page.month
        else ()
    )
    record("outcomes.own_viewed", by=page.by, at=page.at)
    context = {**page.context("own_outcomes"), "sections": linked(page, found, "own_measure")}
    context["remission_due"] = due_of(page.by.organization_id, page.by.id, page.today)
    return render(request, "outcomes/own.html", context)
