"""The plan against relapse: read, written, compared, printed for the patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from caseload.queries.doors import PatientDoor
from caseload.queries.follow_ups import next_due
from caseload.queries.status_ground import status_ground
from registry.forms.relapse_plans import RelapsePlanForm
from registry.operations.relapse_plans import record_relapse_plan
from registry.queries.patients import people_to_call
from registry.queries.plans import (
    Version,
    earlier_relapse_plan,
    plan_content,
    plan_in_force,
    relapse_plans,
    safety_plan,
)
from registry.queries.protocols import protocol_of
from registry.queries.status import status_papers
from registry.rules.content import shown
from registry.rules.relapse_plans import PARTS, RelapsePrevention, next_check_on, proposed
from registry.rules.status import PREVENTION
from registry.views.door import Asked, asked
from registry.views.plan_editing import Editing, Start, edit, version_in_episode
from registry.views.plan_printing import printed
from registry.views.plan_reading import compare, read


@requires(Permission.VIEW_CHART)
@require_safe
def relapse_plan(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The plan in force and its history; of a returned patient the one from before, until there is a new one."""
    here = asked(request, patient_id)
    return read(here, EDITING, due=_due(here), earlier=_earlier(here.door), earlier_parts=_earlier_parts(here.door))


@requires(Permission.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def relapse_plan_edit(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A new version, begun from the last, or from what is on record."""
    return edit(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def relapse_plan_compare(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Two versions side by side."""
    return compare(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def relapse_plan_print(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The plan in plain words for the patient."""
    here = asked(request, patient_id)
    clinic_id = here.door.episode.clinic_id if here.door.episode is not None else here.door.patient.clinic_id
    return printed(here, EDITING, protocol_of(clinic_id))


def _due(here: Asked) -> Any:
    return next_due(here.door.episode.id) if here.door.episode is not None else None


def _versions(door: PatientDoor) -> tuple[Version[RelapsePrevention], ...]:
    return relapse_plans(door.episode.id) if door.episode is not None else ()


def _earlier(door: PatientDoor) -> Version[RelapsePrevention] | None:
    return earlier_relapse_plan(door.patient.id, without=door.episode.id) if door.episode is not None else None


def _earlier_parts(door: PatientDoor) -> list[Any]:
    earlier = _earlier(door)
    return [part for part in shown(earlier.content, PARTS) if part.is_filled] if earlier is not None else []


def _start(door: PatientDoor) -> Start:
    """A return begins with the plan from before, a first one with what is on record.

    The next check is that which is planned where the contacts are rarer already, else it is in two months.
    """
    assert door.episode is not None
    if (earlier := _earlier(door)) is not None:
        on = f"{earlier.on:%b} {earlier.on.day}, {earlier.on.year}"
        return Start(earlier.content, f"Taken over from the enrolment before ({on}). Correct what has changed.")
    plan, safety = plan_in_force(door.episode.id), safety_plan(door.patient.id)
    due = next_due(door.episode.id) if door.episode.status == PREVENTION else None
    is_due_ahead = due is not None and due.on >= door.today
    content = proposed(
        next_on=due.on if due is not None and is_due_ahead else next_check_on(door.today),
        next_purpose=due.purpose if due is not None and is_due_ahead else "",
        care_plan=plan_content(plan) if plan is not None else None,
        safety=safety.content if safety is not None else None,
        people=people_to_call(door.patient.organization_id, door.patient.id, door.episode.care_manager_id),
        numbers=_numbers(door),
    )
    return Start(content, "Begun from the care plan, the safety plan, the people on record and the scores.")


def _numbers(door: PatientDoor) -> list[tuple[str, int]]:
    """From which score on each scale says relapse, as the signals work it out."""
    assert door.episode is not None
    ground = status_ground(door.episode, status_papers(door.episode), door.today)
    return [(scale.name, scale.comes_back_at) for scale in ground.scales if scale.comes_back_at is not None]


def _beside(door: PatientDoor) -> Mapping[str, Any]:
    """How the scores stand, beside what is written about coming back."""
    assert door.episode is not None
    return {"ground": status_ground(door.episode, status_papers(door.episode), door.today)}


EDITING = Editing(
    name="relapse_plan",
    title="Relapse plan",
    form=RelapsePlanForm,
    versions=_versions,
    save=version_in_episode(record_relapse_plan),
    is_open=lambda door: door.is_open,
    start=_start,
    beside=_beside,
)
