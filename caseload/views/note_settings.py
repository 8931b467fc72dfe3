"""What an organization decides about notes: their templates, and whose are signed beside by whom."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from caseload.forms.notes import SupervisionForm, TemplateForm
from caseload.operations.errors import OwnSupervisor, TemplateNameTaken
from caseload.operations.note_settings import save_template, set_supervisor
from caseload.queries.note_templates import templates_of
from caseload.queries.notes import supervisions

FORM_METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(FORM_METHODS)
def note_templates(request: HttpRequest, organization: str) -> HttpResponse:
    """Every template, each in its own form, and one for a new one. What is refused comes back as typed."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    is_post = request.method == "POST"
    named = request.POST.get("template", "") if is_post else ""
    rows = [
        (shown, TemplateForm(request.POST if named == str(shown.id) else None, shown=shown))
        for shown in templates_of(by.organization_id)
    ]
    of_template = next((form for _, form in rows if form.is_bound), None)
    new = TemplateForm(request.POST if is_post and of_template is None else None)
    sent = of_template or new
    if is_post and sent.is_valid() and _save_template(sent, by):
        messages.success(request, "Template saved.")
        return redirect("note_templates", organization)
    context = {"rows": rows, "new": new}
    return render(request, "caseload/note_templates.html", context, status=422 if is_post else 200)


def _save_template(form: TemplateForm, by: Membership) -> bool:
    values = form.cleaned_data
    try:
        save_template(
            by=by,
            at=timezone.now(),
            template_id=values["template"],
            activity=values["activity"],
            name=values["name"],
            body=values["body"],
            is_in_use=values["is_in_use"],
        )
    except TemplateNameTaken as fault:
        form.add_error("name", str(fault))
        return False
    except DomainError:
        form.add_error(None, "This template is not there any more. Nothing was saved.")
        return False
    return True


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(FORM_METHODS)
def supervision(request: HttpRequest, organization: str) -> HttpResponse:
    """Whose notes wait for whose signature."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    people = people_of(by.organization_id)
    seats = [seat for seat in people.values() if seat.is_active and not seat.is_system]
    form = SupervisionForm(
        request.POST if request.method == "POST" else None,
        writers=_who_may(seats, Permission.LOG_CONTACT),
        supervisors=_who_may(seats, Permission.CO_SIGN),
    )
    if request.method == "POST" and form.is_valid() and _set_supervisor(form, by, people):
        messages.success(request, "Saved.")
        return redirect("supervision", organization)
    context = {"form": form, "supervised": supervisions(by.organization_id, people)}
    status = 422 if request.method == "POST" else 200
    return render(request, "caseload/supervision.html", context, status=status)


def _who_may(seats: list[Membership], permission: Permission) -> list[tuple[str, str]]:
    found = [(str(seat.id), str(seat)) for seat in seats if permission in permissions_of(seat.roles)]
    return sorted(found, key=lambda choice: choice[1])


def _set_supervisor(form: SupervisionForm, by: Membership, people: dict[UUID, Membership]) -> bool:
    values = form.cleaned_data
    supervisor = people[UUID(values["supervisor"])] if values["supervisor"] else None
    supervised = people[UUID(values["supervised"])]
    try:
        set_supervisor(by=by, at=timezone.now(), supervised=supervised, supervisor=supervisor)
    except OwnSupervisor as fault:
        form.add_error("supervisor", str(fault))
        return False
    return True
