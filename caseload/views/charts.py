"""One patient's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.charts import ScoreChart, score_chart
from bhi.web.templatetags.parts import NO_ID
from billing.queries.verdicts import month_verdicts
from caseload.queries.chart import Chart, TimelineEntry, patient_chart
from caseload.queries.doors import PatientDoor, PatientMerged, patient_door
from caseload.queries.outreach import outreach_of
from caseload.queries.status_ground import status_ground
from caseload.rules.clock import last_day, month_of
from caseload.views.month_cells import MonthCell, month_cell
from registry.queries.status import status_papers
from registry.rules.appointments import next_visit
from registry.rules.status import risks

# What a text message says: nothing that anybody else could read anything from.
SMS = "please call us back when it suits you."


@requires(Permission.VIEW_CHART)
@require_safe
def chart(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Where one patient stands, what their month counts, and what happened."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        door = patient_door(patient_id, for_=by, at=now)
    except PatientMerged as merged:
        return redirect("patient_chart", organization, merged.kept_id)
    except NotFound:
        raise Http404 from None
    people = people_of(by.organization_id)
    found = patient_chart(door, people)
    record("chart.viewed", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    context = {
        "door": door,
        "chart": found,
        "around": found.around,
        "timeline": [_linked(entry, organization, patient_id) for entry in found.timeline],
        "charts": list(zip(found.scales, _drawn(found, door), strict=True)),
        "month": _month(by.organization_id, door, found),
        "care_manager": _seat(door.episode.care_manager_id if door.episode else None, people),
        "consultant": _seat(door.episode.consultant_id if door.episode else None, people),
        "weeks": _weeks(door),
        "in_clinic": _in_clinic(door, found, now),
        "sub": _sub(door),
        "ended": _ended(door),
        **_allowed(by, door),
        **_reaching(door),
        "days_left": _days_left(door),
        "put_off_url": reverse("signals", args=[organization, patient_id]) if _may_put_off(by, door) else "",
        "one_score_url": reverse("assessment", args=[organization, patient_id, NO_ID]),
        "handed": [(one, _seat(one.given_by_id, people)) for one in found.handed_over]
        if _is_care_manager(by, door)
        else [],
    }
    return render(request, "caseload/chart.html", context)


def _in_clinic(door: PatientDoor, found: Chart, now: datetime) -> str:
    """When the patient comes to the clinic this week, where the practice's own system said so."""
    visit = next_visit(found.visits, now.astimezone(door.zone))
    return visit.words(door.today) if visit else ""


def _reaching(door: PatientDoor) -> dict[str, Any]:
    """That the patient is not being reached, and what forbids closing quietly once that is asked."""
    if door.episode is None or not door.is_open:
        return {}
    found = outreach_of(door.episode.organization_id, {door.episode.id: door.today}).get(door.episode.id)
    shown = {"outreach": found, "sms": f"{door.clinic_name}: {SMS}"}
    if found is None or not found.is_close_out_due:
        return shown
    return {**shown, "risks": risks(status_ground(door.episode, status_papers(door.episode), door.today))}


def _linked(entry: TimelineEntry, organization: str, patient_id: UUID) -> TimelineEntry:
    """A contact leads to its whole note, a review to what was signed."""
    if entry.review_id:
        return replace(entry, url=reverse("review", args=[organization, patient_id, entry.review_id]))
    return replace(entry, url=reverse("contact", args=[organization, entry.contact_id])) if entry.contact_id else entry


def _month(organization_id: UUID, door: PatientDoor, found: Chart) -> MonthCell | None:
    if door.episode is None:
        return None
    pairs = {door.episode.id: door.patient.id}
    return month_cell(month_verdicts(organization_id, found.month, episode_ids=pairs)[door.episode.id])


def _is_care_manager(by: Membership, door: PatientDoor) -> bool:
    return door.episode is not None and door.episode.care_manager_id == by.id


def _days_left(door: PatientDoor) -> int | None:
    """Days of the month after today in which something can still be done; None once discharged."""
    return (last_day(month_of(door.today)) - door.today).days if door.is_open else None


def _seat(seat_id: UUID | None, people: dict[UUID, Membership]) -> Membership | None:
    return people.get(seat_id) if seat_id else None


def _allowed(by: Membership, door: PatientDoor) -> dict[str, bool]:
    """What the seat may do on this chart."""
    may = permissions_of(by.roles)
    return {
        "may_log": Permission.LOG_CONTACT in may and door.is_open,
        "may_score": Permission.LOG_CONTACT in may,
        "may_settle": Permission.LOG_CONTACT in may,
        "may_enrol": Permission.ENROL in may,
        "may_refer": Permission.REFER in may,
        "may_edit": Permission.EDIT_PATIENT in may,
        "may_plan": Permission.EDIT_PLAN in may,
        "may_handle": Permission.HANDLE_SAFETY in may,
        "may_see_months": Permission.VIEW_MONTHS in may,
    }


def _may_put_off(by: Membership, door: PatientDoor) -> bool:
    return door.is_open and Permission.LOG_CONTACT in permissions_of(by.roles)


def _weeks(door: PatientDoor) -> int:
    """Whole weeks in the program, to today or to the discharge."""
    if door.episode is None:
        return 0
    return max(0, ((door.episode.ended_on or door.today) - door.episode.enrolled_on).days // 7)


def _drawn(found: Chart, door: PatientDoor) -> list[ScoreChart | None]:
    return [
        score_chart(
            name=scale.name,
            highest=scale.highest,
            scores=scale.scores,
            until=door.today,
            bands=scale.bands,
            target=scale.target,
            marks=found.marks,
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
    parts = (patient.mrn or "No record number", f"{door.age} years, born {born}", door.clinic_name)
    return " · ".join(parts)
