"""Outcomes of somebody who works in several organizations: side by side, never added up."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import signed_in
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from outcomes.forms.asked import month_of
from outcomes.queries.everywhere import Place, places_of, rows_of
from outcomes.rules.measures import measure
from outcomes.rules.months import month_before

MONTHS: Final = 13
WHOSE: Final = {"program": "Whole program", "review": "Program, for review", "own": "Your caseload"}


@signed_in
@require_safe
def outcomes_everywhere(request: HttpRequest) -> HttpResponse:
    """Each organization's measures of a month as the person may see them there; each one's audit tells of itself."""
    now = timezone.now()
    user_id: UUID = request.user.pk  # type: ignore[assignment]  # nobody comes here without signing in
    month = month_of(request.GET.get("month", "")) or month_before(now.date())
    months = {month, *(month_before(now.date(), back) for back in range(MONTHS))}
    places = places_of(user_id, month, at=now)
    for place in places:
        with tenant(place.membership.organization_id), looking_as(place.membership, now, is_nested=True):
            record("outcomes.everywhere_viewed", by=place.membership, at=now)
    context = {
        "places": [(place, WHOSE[place.whose], _url_name(place)) for place in places],
        "rows": [(measure(key), cells) for key, cells in rows_of(places)],
        "hours": [place for place in places if place.hours],
        "month": f"{month:%Y-%m}",
        "month_words": f"{month:%B %Y}",
        "months": [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in sorted(months, reverse=True)],
    }
    return render(request, "outcomes/everywhere.html", context)


def _url_name(place: Place) -> str:
    """Where the place's own pages begin; a consultant has none."""
    return {"program": "outcomes", "own": "own_outcomes"}.get(place.whose, "review_queue")
