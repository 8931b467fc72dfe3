"""The diagnoses of an episode: found, recorded, put first, confirmed, taken off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from registry.forms.consents import ReasonForm
from registry.forms.diagnoses import CodeForm, CodeSearchForm, ConfirmForm
from registry.operations import add_diagnosis, confirm_diagnosis, end_diagnosis, put_first
from registry.operations.diagnoses import SIGNED_IN
from registry.queries.choices import clinician_choices, clinician_named_by
from registry.queries.diagnoses import (
    CodesFound,
    diagnoses_of,
    diagnosis_of,
    own_clinician,
    release_note,
    search_icd10,
    title_of,
)
from registry.views.door import Asked, asked


@requires(Permission.VIEW_CHART)
@require_safe
def diagnoses(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What is treated, and finding another."""
    return _page(asked(request, patient_id))


@requires(Permission.ENROL)
@require_POST
def diagnosis_search(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Codes for what was typed: a fragment for htmx, else the page."""
    it = asked(request, patient_id)
    form = CodeSearchForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    found = search_icd10(words, it.door.today) if words else None
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        context = {"found": found, "words": words, "door": it.door}
        return render(request, "registry/diagnoses.html#found", context)
    return _page(it, search=form, found=found)


@requires(Permission.ENROL)
@require_POST
def diagnosis_add(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Record a chosen or typed code."""
    it = asked(request, patient_id)
    form = CodeForm(request.POST)
    if it.door.is_open and form.is_valid() and _add(it, form):
        return redirect("diagnoses", organization, patient_id)
    return _page(it, code=form, status=422 if it.door.is_open else 409)


@requires(Permission.ENROL)
@require_POST
def diagnosis_first(request: HttpRequest, organization: str, patient_id: UUID, diagnosis_id: UUID) -> HttpResponse:
    """Make one the first."""
    it = asked(request, patient_id)
    try:
        put_first(by=it.by, at=it.at, diagnosis=_diagnosis(patient_id, diagnosis_id))
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    return redirect("diagnoses", organization, patient_id)


@requires(Permission.SIGN_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def diagnosis_confirm(request: HttpRequest, organization: str, patient_id: UUID, diagnosis_id: UUID) -> HttpResponse:
    """The treating clinician agrees: signed in, or told to the person who records it."""
    it = asked(request, patient_id)
    diagnosis = _diagnosis(patient_id, diagnosis_id)
    if diagnosis.confirmed_on is not None:
        messages.info(request, "This diagnosis is confirmed already.")
        return redirect("diagnoses", organization, patient_id)
    own = own_clinician(diagnosis.episode, it.by.id)
    initial = {"on": it.door.today, "by_clinician": diagnosis.episode.treating_clinician_id}
    typed = request.POST if it.is_post and own is None else None
    form = ConfirmForm(typed, clinicians=clinician_choices(it.by.organization_id), initial=initial)
    if it.is_post and (own is not None or form.is_valid()) and _confirm(it, diagnosis, form, own):
        messages.success(request, "Confirmed.")
        return redirect("diagnoses", organization, patient_id)
    context = {"form": form, "code": diagnosis.code, "title": title_of(diagnosis.code), "own": own}
    status = 422 if it.is_post else 200
    return it.page("diagnosis.opened", "registry/diagnosis_confirm.html", context, status=status)


@requires(Permission.ENROL)
@require_http_methods(["GET", "HEAD", "POST"])
def diagnosis_end(request: HttpRequest, organization: str, patient_id: UUID, diagnosis_id: UUID) -> HttpResponse:
    """Take a diagnosis off the list, with the reason."""
    it = asked(request, patient_id)
    diagnosis = _diagnosis(patient_id, diagnosis_id)
    form = ReasonForm(request.POST if it.is_post else None)
    if it.is_post and form.is_valid():
        try:
            end_diagnosis(by=it.by, at=it.at, diagnosis=diagnosis, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, "Taken off the list. It stays on record with the reason.")
            return redirect("diagnoses", organization, patient_id)
    context = {"form": form, "what": f"diagnosis {diagnosis.code}", "back": "diagnoses"}
    return it.page("diagnosis.opened", "registry/enrolment_void.html", context, status=422 if it.is_post else 200)


def _diagnosis(patient_id: UUID, diagnosis_id: UUID) -> Any:
    try:
        return diagnosis_of(patient_id, diagnosis_id)
    except NotFound:
        raise Http404 from None


def _add(it: Asked, form: CodeForm) -> bool:
    assert it.door.episode is not None
    values = form.cleaned_data
    try:
        if values["from_on"] is not None and values["from_on"] > it.door.today:
            form.add_error("from_on", "The day is in the future. Correct it.")
            return False
        add_diagnosis(by=it.by, at=it.at, episode=it.door.episode, **values)
    except DomainError as refusal:
        form.add_error("code", str(refusal))
        return False
    return True


def _confirm(it: Asked, diagnosis: Any, form: ConfirmForm, own: Any) -> bool:
    values: dict[str, Any] = form.cleaned_data if own is None else {"how": SIGNED_IN, "on": it.door.today}
    clinician = own or clinician_named_by(it.by.organization_id, values["by_clinician"])
    assert clinician is not None
    try:
        confirm_diagnosis(
            by=it.by,
            at=it.at,
            diagnosis=diagnosis,
            treating_clinician=clinician,
            on=values["on"],
            today=it.door.today,
            how=values["how"],
        )
    except DomainError as refusal:
        form.add_error("on", str(refusal))
        return False
    return True


def _page(
    it: Asked,
    *,
    search: CodeSearchForm | None = None,
    found: CodesFound | None = None,
    code: CodeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "rows": diagnoses_of(it.door.episode),
        "search": search or CodeSearchForm(),
        "words": search["words"].value() if search is not None else "",
        "found": found,
        "code": code or CodeForm(),
        "note": release_note(it.door.today),
        "may_sign": it.may(Permission.SIGN_PLAN),
    }
    return it.page("diagnosis.opened", "registry/diagnoses.html", context, status=status)
