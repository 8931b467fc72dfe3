"""What pages are measured against: the least that a page can be, behind the same middleware and in the same frame."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from psycopg.types.range import Range

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from caseload.models import TimeEntry
from registry.models import Episode


@requires(Permission.ENTER)
def empty(request: HttpRequest, organization: str) -> HttpResponse:
    """The frame with nothing in it."""
    return render(request, "base.html")


@requires(Permission.LOG_CONTACT)
def insert(request: HttpRequest, organization: str, episode_id: UUID) -> HttpResponse:
    """One row written, and on to a page."""
    episode = Episode.objects.get(id=episode_id)
    insert_entry(request.membership, episode, starts=request.POST["starts"])  # type: ignore[attr-defined]
    return redirect("bench_empty", organization)


def insert_entry(by: Membership, episode: Episode, *, starts: str) -> TimeEntry:
    """The bare insert: one time entry through Django, its constraints and the wall."""
    start = parse_datetime(starts)
    assert start is not None
    return TimeEntry.objects.create(
        organization_id=episode.organization_id,
        patient_id=episode.patient_id,
        episode=episode,
        by=by,
        role="care_manager",
        activity="treatment",
        service="cocm",
        span=Range(start, start + timedelta(minutes=5)),
        client_token=uuid7(),
        recorded_at=timezone.now(),
        recorded_by=by,
    )
