"""Which program a clinic runs, and moving its patients to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from registry.forms.setting_up import MoveForm, ProgramChoiceForm
from registry.operations.programs import move_patients
from registry.operations.protocols import set_protocol
from registry.queries.programs import ClinicPrograms, clinic_programs
from registry.rules.programs import month_advice

FORM_METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.SET_UP)
@require_http_methods(FORM_METHODS)
def clinic_program(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """In which program new patients of a clinic begin, and what the other one would add or take away."""
    by, at = seat(request), timezone.now()
    shown = _shown(by, clinic_id)
    form = ProgramChoiceForm(request.POST if request.method == "POST" else None, initial={"program": shown.program})
    if form.is_bound and form.is_valid():
        set_protocol(by=by, at=at, clinic=shown.clinic, program=form.cleaned_data["program"])
        messages.success(request, "Saved. New patients begin in this program from now on.")
        return redirect("clinic_program", organization, clinic_id)
    context = {"form": form, "shown": shown, "may_move": Permission.ENROL in permissions_of(by.roles)}
    return render(request, "registry/clinic_program.html", context, status=422 if form.is_bound else 200)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def clinic_move(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """Who is still in the other program, with their consent; those chosen are moved from a day on."""
    by, at = seat(request), timezone.now()
    shown = _shown(by, clinic_id)
    offered = {row.episode_id for row in shown.rows}
    form = MoveForm(request.POST if request.method == "POST" else None, offered=shown)
    refused: dict[UUID, str] = {}
    if form.is_bound and form.is_valid():
        try:
            moved = move_patients(
                by=by,
                at=at,
                today=shown.today,
                clinic_id=clinic_id,
                to=shown.program,
                on=form.cleaned_data["on"],
                episode_ids=offered & set(form.cleaned_data["episodes"]),
            )
        except DomainError as fault:
            form.add_error("on", str(fault))
        else:
            refused = dict(moved.refused)
            _say(request, moved.count, len(refused), shown)
            if not refused:
                return redirect("clinic_move", organization, clinic_id)
            shown = _shown(by, clinic_id)
    record("program.move_opened", by=by, at=at, object_id=clinic_id, shown=[row.patient_id for row in shown.rows])
    context = _context(request, by, shown, form, refused)
    return render(request, "registry/clinic_move.html", context, status=422 if form.is_bound else 200)


def _context(
    request: HttpRequest, by: Membership, shown: ClinicPrograms, form: MoveForm, refused: dict[UUID, str]
) -> dict[str, Any]:
    chosen = form.chosen
    rows = [(row, row.episode_id in chosen, refused.get(row.episode_id, "")) for row in shown.rows]
    return {
        "form": form,
        "shown": shown,
        "rows": rows,
        "today": shown.today,
        "advice": month_advice(form.day),
        "may_set_up": Permission.SET_UP in permissions_of(by.roles),
    }


def _say(request: HttpRequest, moved: int, refused: int, shown: ClinicPrograms) -> None:
    if moved:
        word = "patient is" if moved == 1 else "patients are"
        messages.success(request, f"{moved} {word} in {shown.program_name} now.")
    if refused:
        messages.error(request, f"{refused} could not be moved; see why below.")


def _shown(by: Membership, clinic_id: UUID) -> ClinicPrograms:
    try:
        return clinic_programs(by.organization_id, clinic_id, at=timezone.now())
    except NotFound:
        raise Http404 from None
