"""The safety plan: read, written, compared, printed for the patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor
from registry.forms.content import ContentForm
from registry.forms.safety_plans import SafetyPlanForm
from registry.operations.safety_plans import record_safety_plan
from registry.operations.versions import Kept
from registry.queries.plans import safety_plans
from registry.queries.protocols import protocol_of
from registry.queries.risk_protocols import routings_of
from registry.views.door import asked
from registry.views.plan_editing import Editing, edit
from registry.views.plan_printing import printed
from registry.views.plan_reading import compare, read


@requires(Permission.VIEW_CHART)
@require_safe
def safety_plan(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What the patient does in danger, with the numbers that always hold."""
    here = asked(request, patient_id)
    clinic_id = _clinic(here.door)
    hours = routings_of(here.by.organization_id, clinic_id)
    return read(here, EDITING, protocol=protocol_of(clinic_id), hours=hours)


@requires(Permission.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def safety_plan_edit(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Written with the patient."""
    return edit(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def safety_plan_compare(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Two versions side by side."""
    return compare(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def safety_plan_print(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """One page for the patient to keep."""
    here = asked(request, patient_id)
    return printed(here, EDITING, protocol_of(_clinic(here.door)))


def _clinic(door: PatientDoor) -> UUID:
    clinic_id: UUID = door.episode.clinic_id if door.episode is not None else door.patient.clinic_id
    return clinic_id


def _save(door: PatientDoor, form: ContentForm, by: Membership, at: datetime) -> Kept[Any]:
    return record_safety_plan(
        by=by,
        at=at,
        patient=door.patient,
        based_on=form.cleaned_data["based_on"],
        on=form.cleaned_data["on"],
        content=form.content,
        today=door.today,
    )


EDITING = Editing(
    name="safety_plan",
    title="Safety plan",
    form=SafetyPlanForm,
    versions=lambda door: safety_plans(door.patient.id),
    save=_save,
    is_open=lambda door: door.patient.died_on is None,
)
