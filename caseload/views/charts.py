"""One patient's page."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.charts import ScoreChart, score_chart
from billing.queries.verdicts import month_verdicts
from caseload.queries.chart import Chart, patient_chart
from caseload.queries.doors import PatientDoor, patient_door
from caseload.views.month_cells import MonthCell, month_cell


@requires(Permission.VIEW_CHART)
@require_safe
def chart(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Where one patient stands, what their month counts, and what happened."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        door = patient_door(patient_id, for_=by, at=now)
    except NotFound:
        raise Http404 from None
    people = people_of(by.organization_id)
    found = patient_chart(door, people)
    record("chart.viewed", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    may = permissions_of(by.roles)
    context = {
        "door": door,
        "chart": found,
        "charts": _drawn(found, door),
        "month": _month(by.organization_id, door, found),
        "care_manager": _care_manager(door, people),
        "sub": _sub(door),
        "ended": _ended(door),
        "may_log": Permission.LOG_CONTACT in may and door.is_open,
        "may_settle": Permission.LOG_CONTACT in may,
        "may_see_months": Permission.VIEW_MONTHS in may,
    }
    return render(request, "caseload/chart.html", context)


def _month(organization_id: UUID, door: PatientDoor, found: Chart) -> MonthCell | None:
    if door.episode is None:
        return None
    pairs = {door.episode.id: door.patient.id}
    return month_cell(month_verdicts(organization_id, found.month, episode_ids=pairs)[door.episode.id])


def _care_manager(door: PatientDoor, people: dict[UUID, Membership]) -> Membership | None:
    seat_id = door.episode.care_manager_id if door.episode else None
    return people.get(seat_id) if seat_id else None


def _drawn(found: Chart, door: PatientDoor) -> list[ScoreChart | None]:
    return [
        score_chart(
            name=scale.name,
            highest=scale.highest,
            scores=scale.scores,
            until=door.today,
            bands=scale.bands,
            target=scale.target,
            marks=found.reviews,
        )
        for scale in found.scales
    ]


def _ended(door: PatientDoor) -> str:
    """When and why the episode ended, as a sentence."""
    if door.episode is None or door.episode.ended_on is None:
        return ""
    on = door.episode.ended_on
    return f"{on:%b} {on.day}, {on.year}: {door.episode.get_end_reason_display().lower()}."


def _sub(door: PatientDoor) -> str:
    patient = door.patient
    born = f"{patient.birth_date:%b} {patient.birth_date.day}, {patient.birth_date.year}"
    return f"{patient.mrn} · {door.age} years, born {born} · {door.clinic_name}"
