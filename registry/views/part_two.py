"""What of the organization is a substance use disorder program, and the papers that 42 CFR part 2 asks for."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat
from billing.queries.calendar import page_zone
from caseload.rules.clock import local_date
from registry.forms.rights import EVERYTHING, ProgramForm, ReasonForm
from registry.operations.part_two_programs import declare_program, end_program
from registry.operations.rights_errors import RightsRefused
from registry.queries.choices import clinic_choices
from registry.queries.part_two import part_two_of, programs_of
from registry.rules.part_two_notice import notice_to_patients
from registry.views.door import asked


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def part_two_settings(request: HttpRequest, organization: str) -> HttpResponse:
    """Marked records only, or also everything of a clinic or of the organization."""
    form = _form(request)
    if form.is_bound and form.is_valid() and _declared(request, form):
        messages.success(request, "Saved. The notice goes with every record there from now on.")
        return redirect("part_two_settings", organization)
    return _settings(request, form)


@requires(Permission.SET_PROTOCOLS)
@require_POST
def part_two_program_end(request: HttpRequest, organization: str, program_id: UUID) -> HttpResponse:
    """It was no program."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            end_program(by=seat(request), at=timezone.now(), program_id=program_id, **form.cleaned_data)
        except NotFound:
            raise Http404 from None
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Ended. Only marked records stay covered.")
            return redirect("part_two_settings", organization)
    if all(one.id != program_id for one in programs_of(seat(request).organization_id)):
        raise Http404
    return _settings(request, _form(request, is_fresh=True), {program_id: form})


@requires(Permission.MARK_PART_TWO)
@require_safe
def part_two_notice_paper(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The notice to patients of the program that this patient is of, to print or read aloud (2.22)."""
    here = asked(request, patient_id)
    programs = part_two_of(here.by.organization_id, patient_id).programs
    if not programs:
        raise Http404
    context = {"notice": notice_to_patients(programs[0].program_name, programs[0].questions_to)}
    return here.page("part_two.notice_viewed", "registry/part_two_notice.html", context)


@requires(Permission.MARK_PART_TWO)
@require_safe
def part_two_consent_paper(request: HttpRequest, organization: str, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """A consent as it was given, to go with what is disclosed under it (2.32(b))."""
    here = asked(request, patient_id)
    consents = part_two_of(here.by.organization_id, patient_id).consents
    found = next((one for one in consents if one.id == consent_id), None)
    if found is None:
        raise Http404
    context = {"consent": found, "today": here.door.today}
    return here.page("part_two.consent_viewed", "registry/part_two_consent.html", context)


def _form(request: HttpRequest, *, is_fresh: bool = False) -> ProgramForm:
    clinics = clinic_choices(seat(request).organization_id)
    is_typed = request.method == "POST" and not is_fresh
    return ProgramForm(request.POST if is_typed else None, clinics=clinics)


def _declared(request: HttpRequest, form: ProgramForm) -> bool:
    """Whether it was saved; a refusal is shown at its field. Raises Http404."""
    typed: dict[str, Any] = dict(form.cleaned_data)
    clinic = typed.pop("clinic")
    try:
        clinic_id = None if clinic == EVERYTHING else UUID(clinic)
        declare_program(by=seat(request), at=timezone.now(), clinic_id=clinic_id, today=_today(request), **typed)
    except NotFound:
        raise Http404 from None
    except RightsRefused as refused:
        for name, fault in refused.faults.items():
            form.add_error(name, fault)
        return False
    except DomainError as refused:
        form.add_error("clinic", str(refused))
        return False
    return True


def _settings(request: HttpRequest, form: ProgramForm, typed: dict[UUID, forms.Form] | None = None) -> HttpResponse:
    typed = typed or {}
    programs = [
        (one, typed.get(one.id) or ReasonForm(auto_id=f"end-{one.id}_%s"), one.id in typed)
        for one in programs_of(seat(request).organization_id)
    ]
    context = {"form": form, "programs": programs, "today": _today(request)}
    status = 422 if form.is_bound or typed else 200
    return render(request, "registry/part_two_settings.html", context, status=status)


def _today(request: HttpRequest) -> date:
    """The organization's day, that of its first clinic."""
    return local_date(timezone.now(), page_zone(seat(request).organization_id))
