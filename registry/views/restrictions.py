"""To whom a record is kept: shown, set and ended by a lead who sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.recent import requires_recent_sign_in
from bhi.errors import DomainError
from registry.forms.limits import EndRestrictionForm, RestrictForm
from registry.operations.restrictions import end_restriction, restrict_record
from registry.queries.restrictions import restriction_shown, seats_to_choose
from registry.views.door import Asked, asked


@requires(Permission.RESTRICT_RECORD)
@requires_recent_sign_in(reading=False)
@require_http_methods(["GET", "HEAD", "POST"])
def restriction(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Who may open this record, with the form that sets it."""
    here = asked(request, patient_id)
    choices = seats_to_choose(here.by.organization_id, patient_id, by=here.by)
    form = RestrictForm(request.POST if here.is_post else None, choices=choices)
    if not form.is_bound or not form.is_valid():
        return _page(here, form, EndRestrictionForm(prefix="end"))
    try:
        reason = form.cleaned_data["reason"]
        restrict_record(by=here.by, at=here.at, patient_id=patient_id, reason=reason, seats=form.chosen)
    except DomainError as refused:
        form.add_error("seats", str(refused))
        return _page(here, form, EndRestrictionForm(prefix="end"))
    messages.success(request, "Restricted. Only you and the people you chose see this record now.")
    return redirect("restriction", organization, patient_id)


@requires(Permission.RESTRICT_RECORD)
@requires_recent_sign_in(reading=False)
@require_POST
def restriction_end(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Everybody of the clinic sees the record again."""
    here = asked(request, patient_id)
    end = EndRestrictionForm(request.POST, prefix="end")
    if end.is_valid():
        try:
            end_restriction(by=here.by, at=here.at, patient_id=patient_id, reason=end.cleaned_data["reason"])
        except DomainError as refused:
            end.add_error(None, str(refused))
        else:
            messages.success(request, "The restriction has ended.")
            return redirect("restriction", organization, patient_id)
    return _page(here, RestrictForm(choices=seats_to_choose(here.by.organization_id, patient_id, by=here.by)), end)


def _page(here: Asked, form: RestrictForm, end: EndRestrictionForm) -> HttpResponse:
    shown = restriction_shown(here.by.organization_id, here.door.patient.id)
    if shown is not None and not form.is_bound:
        form.initial = {**form.initial, "reason": shown.reason}
    context: dict[str, Any] = {"form": form, "end": end, "shown": shown, "today": here.door.today}
    context["zone"] = here.door.zone.key
    is_faulty = bool(form.errors or end.errors)
    return here.page("restriction.viewed", "registry/restriction.html", context, status=422 if is_faulty else 200)
