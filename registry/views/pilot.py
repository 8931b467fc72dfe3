"""Two weeks after the first patient: what works, what does not yet, and whether more are taken on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.web.asked import seat
from caseload.queries.monthly_check import clinic_figures
from caseload.rules.monthly_check import Figure, from_kept, kept
from registry.forms.setting_up import PilotForm
from registry.operations.setting_up import SetupRefused, review_pilot
from registry.queries.choices import clinic_named_by
from registry.queries.setting_up import first_enrolled_on, pilot_review_of
from registry.rules.setting_up import PILOT_DAYS, pilot_due_on


@requires(Permission.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def pilot_review(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """The figures of the first two weeks at a clinic, and what is said of them."""
    by, at = seat(request), timezone.now()
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
    first_on = first_enrolled_on(clinic_id)
    until_on = min(first_on + timedelta(days=PILOT_DAYS - 1), today) if first_on is not None else None
    figures: tuple[Figure, ...] = ()
    if first_on is not None and until_on is not None:
        figures = clinic_figures(by.organization_id, clinic_id, first_on, until_on)
    earlier = pilot_review_of(clinic_id)
    is_due = first_on is not None and pilot_due_on(first_on) <= today
    form = PilotForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and is_due:
        try:
            review_pilot(by=by, at=at, clinic_id=clinic_id, on=today, said=form.said(kept(figures)))
        except SetupRefused as fault:
            form.add_error(fault.field, str(fault))
        else:
            messages.success(request, "Kept.")
            return redirect("pilot_review", organization, clinic_id)
    context: dict[str, Any] = {
        "form": form,
        "clinic": clinic,
        "figures": figures,
        "first_on": first_on,
        "until_on": until_on,
        "due_on": pilot_due_on(first_on) if first_on is not None else None,
        "is_due": is_due,
        "earlier": earlier,
        "then": from_kept(earlier.figures) if earlier is not None else (),
        "today": today,
    }
    return render(request, "registry/pilot_review.html", context, status=422 if form.is_bound else 200)
