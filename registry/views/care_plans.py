"""The care plan: read, written, compared, signed off, printed for the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError
from caseload.queries.doors import PatientDoor
from caseload.queries.follow_ups import next_due
from registry.forms.care_plans import CarePlanForm, SignOffForm
from registry.operations.care_plans import record_plan_version, sign_plan
from registry.queries.plans import Version, care_plans, clinician_of_seat, first_assessment
from registry.queries.protocols import protocol_of
from registry.rules.care_plans import Plan
from registry.rules.content import shown
from registry.rules.initial_assessment import PARTS
from registry.views.door import Asked, asked
from registry.views.plan_editing import Editing, Start, edit, version_in_episode
from registry.views.plan_printing import printed
from registry.views.plan_reading import about, compare, content, read

# What of the first assessment is read beside the plan that is written from it.
_FEEDS = ("referral", "treatments", "allergies", "pregnancy", "constraints")


@requires(Permission.VIEW_CHART)
@require_safe
def care_plan(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The plan in force, its sign-off and its history."""
    here = asked(request, patient_id)
    due = next_due(here.door.episode.id) if here.door.episode is not None else None
    return read(here, EDITING, due=due, may_sign=_may_sign(here))


@requires(Permission.EDIT_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def care_plan_edit(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A new version, begun from the last."""
    return edit(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def care_plan_compare(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Two versions side by side."""
    return compare(asked(request, patient_id), EDITING)


@requires(Permission.VIEW_CHART)
@require_safe
def care_plan_print(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The plan in plain words for the patient."""
    here = asked(request, patient_id)
    clinic_id = here.door.episode.clinic_id if here.door.episode is not None else here.door.patient.clinic_id
    return printed(here, EDITING, protocol_of(clinic_id))


@requires(Permission.SIGN_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def care_plan_sign(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The treating clinician's agreement: their own, or recorded by whoever heard it."""
    here = asked(request, patient_id)
    versions = _versions(here.door)
    is_own = _is_own(here)
    plan_id = versions[0].id if versions else None
    data = request.POST if here.is_post else None
    form = SignOffForm(data, plan_id=plan_id, today=here.door.today, is_own=is_own)
    if data is not None and form.is_valid() and _sign(here, form):
        messages.success(request, "Sign-off recorded.")
        return redirect("care_plan", organization, patient_id)
    return _sign_page(here, versions, form, is_own=is_own, status=200 if data is None else 422)


def _sign(here: Asked, form: SignOffForm) -> bool:
    """Whether it was recorded; if not, the form says why."""
    if here.door.episode is None or not _may_sign(here):
        form.add_error(None, _who_may(here))
        return False
    values = form.cleaned_data
    try:
        sign_plan(by=here.by, at=here.at, episode=here.door.episode, **values)
    except DomainError as fault:
        form.add_error(None, str(fault))
        return False
    return True


def _sign_page(
    here: Asked, versions: tuple[Version[Plan], ...], form: SignOffForm, *, is_own: bool, status: int
) -> HttpResponse:
    version = versions[0] if versions and not versions[0].is_assumed else None
    context = {
        **about(here, EDITING, versions),
        "version": version,
        **content(version, EDITING),
        "form": form,
        "is_own": is_own,
        "may_sign": _may_sign(here),
        "who_may": _who_may(here),
    }
    return here.page("care_plan.sign_opened", "registry/care_plan_sign.html", context, status=status)


def _is_own(here: Asked) -> bool:
    """Whether the seat is that of the patient's treating clinician."""
    episode = here.door.episode
    mine = clinician_of_seat(here.by.id)
    return episode is not None and mine is not None and mine == episode.treating_clinician_id


def _may_sign(here: Asked) -> bool:
    """Who writes plans may record what the clinician said; others sign only for themselves."""
    return here.may(Permission.SIGN_PLAN) and (here.may(Permission.EDIT_PLAN) or _is_own(here))


def _who_may(here: Asked) -> str:
    clinician = here.door.episode.treating_clinician if here.door.episode is not None else None
    if clinician is None:
        return "No treating clinician is recorded. Choose who treats the patient first."
    return f"{clinician} treats this patient and signs this plan, or the care manager records what they said."


def _versions(door: PatientDoor) -> tuple[Version[Plan], ...]:
    return care_plans(door.episode.id) if door.episode is not None else ()


def _start(door: PatientDoor) -> Start:
    """The first plan takes the next contact from what is due already."""
    assert door.episode is not None
    due = next_due(door.episode.id)
    return Start(Plan(next_on=due.on, next_purpose=due.purpose)) if due and due.on >= door.today else Start()


def _beside(door: PatientDoor) -> Mapping[str, Any]:
    """What of the first assessment feeds the plan, and what is due next."""
    assert door.episode is not None
    first = first_assessment(door.episode.id)
    parts = shown(first.content, PARTS) if first is not None else ()
    feeds = [replace(part, fields=tuple(one for one in part.fields if one.is_filled)) for part in parts]
    return {
        "first": first,
        "feeds": [part for part in feeds if part.key in _FEEDS and part.fields],
        "due": next_due(door.episode.id),
    }


EDITING = Editing(
    name="care_plan",
    title="Care plan",
    form=CarePlanForm,
    versions=_versions,
    save=version_in_episode(record_plan_version),
    is_open=lambda door: door.is_open,
    start=_start,
    beside=_beside,
)
