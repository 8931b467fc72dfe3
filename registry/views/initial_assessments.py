"""The first assessment: read, updated, compared."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from caseload.queries.doors import PatientDoor
from registry.forms.initial_assessment import FirstAssessmentForm
from registry.operations.initial_assessments import record_first_assessment
from registry.queries.plans import Version, earlier_first_assessment, first_assessments
from registry.rules.initial_assessment import FirstAssessment
from registry.views.door import asked
from registry.views.plan_editing import Editing, Start, edit, version_in_episode
from registry.views.plan_reading import compare, read


@requires(Permission.VIEW_CHART)
@require_safe
def initial_assessment(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What is known, and what is missing."""
    return read(asked(request, patient_id), EDITING)


@requires(Permission.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def initial_assessment_edit(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """One page, begun from the last version."""
    return edit(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def initial_assessment_compare(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Two versions side by side."""
    return compare(asked(request, patient_id), EDITING)


def _versions(door: PatientDoor) -> tuple[Version[FirstAssessment], ...]:
    return first_assessments(door.episode.id) if door.episode is not None else ()


def _start(door: PatientDoor) -> Start:
    """A return begins with what was known in the episode before."""
    assert door.episode is not None
    earlier = earlier_first_assessment(door.patient.id, without=door.episode.id)
    if earlier is None:
        return Start()
    on = f"{earlier.on:%b} {earlier.on.day}, {earlier.on.year}"
    return Start(earlier.content, f"Taken over from the episode before ({on}). Correct what has changed, then save.")


EDITING = Editing(
    name="initial_assessment",
    audit="first_assessment",
    title="First assessment",
    form=FirstAssessmentForm,
    versions=_versions,
    save=version_in_episode(record_first_assessment),
    is_open=lambda door: door.is_open,
    start=_start,
)
