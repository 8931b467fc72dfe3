"""The dashboard of a month, all measures of it, and having the open months measured now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.queries import job_progress
from bhi.web.asked import seat
from outcomes.operations.asking import MEASURE, ask_to_measure
from outcomes.queries.dashboard import Section, Tile, dashboard, listing
from outcomes.rules.experience import ANSWERS
from outcomes.rules.measures import MEASURES
from outcomes.views.page import Page, page_of

STOP_POLLING = 286  # htmx stops asking


@dataclass(frozen=True)
class TileShown:
    """A tile and the page that explains it."""

    tile: Tile
    url: str


@dataclass(frozen=True)
class SectionShown:
    """A section with the addresses of its measures."""

    key: str
    title: str
    tiles: tuple[TileShown, ...]


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def outcomes(request: HttpRequest, organization: str) -> HttpResponse:
    """Chosen measures of a month, beside their targets and the organization's own past."""
    page = page_of(request)
    found = (
        dashboard(page.by.organization_id, page.month, page.editions, sees_money=page.sees_money, only=page.only)
        if page.month
        else ()
    )
    record("outcomes.viewed", by=page.by, at=page.at)
    context = {**page.context("outcomes"), "sections": linked(page, found, "measure")}
    return render(request, "outcomes/dashboard.html", context)


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def measures(request: HttpRequest, organization: str) -> HttpResponse:
    """Every measure of a month in one table."""
    page = page_of(request)
    found = (
        listing(page.by.organization_id, page.month, page.editions, sees_money=page.sees_money, only=page.only)
        if page.month
        else ()
    )
    record("outcomes.listed", by=page.by, at=page.at)
    context = {
        **page.context("measures"),
        "sections": linked(page, found, "measure"),
        "answers": [one for one in MEASURES if one.key in ANSWERS],
    }
    return render(request, "outcomes/measures.html", context)


@requires(Permission.SET_OUTCOMES)
@require_POST
def measure_now(request: HttpRequest, organization: str) -> HttpResponse:
    """Have the open months measured, and see how far it is."""
    job_id = ask_to_measure(by=seat(request), at=timezone.now())
    return redirect("measure_making", organization, job_id)


@requires(Permission.SET_OUTCOMES)
@require_safe
def measure_making(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """How far it is; asked again by the part itself every two seconds."""
    try:
        job = job_progress(job_id, owner=seat(request))
    except NotFound:
        raise Http404 from None
    if job.kind != MEASURE:
        raise Http404
    context = {
        "slug": organization,
        "current": "outcomes",
        "job": job,
        "poll_url": request.path,
        "result_url": reverse("outcomes", args=[organization]) if job.state == "done" else "",
        "result_label": "Open the dashboard",
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    return render(request, "outcomes/measuring.html", context)


def linked(page: Page, sections: Iterable[Section], name: str) -> list[SectionShown]:
    """Each tile with the page of its measure, narrowed as this one is."""
    return [
        SectionShown(one.key, one.title, tuple(TileShown(tile, page.url(name, tile.measure.key)) for tile in one.tiles))
        for one in sections
    ]
