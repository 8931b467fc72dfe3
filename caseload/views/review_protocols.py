"""A clinic's limits of review, and the deadlines of its recommendations."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Clinic, Membership
from caseload.forms.review_protocols import ReviewProtocolForm
from caseload.operations.clinic_settings import SettingsMoved
from caseload.operations.review_protocols import LimitsRefused, set_review_protocol
from caseload.queries.review_settings import ReviewSettings, review_settings
from caseload.rules.clock import local_date
from caseload.rules.targets import targets_in_force
from registry.queries.choices import clinic_named_by


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def review_protocol(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """From when signals of review stand, and when recommendations are due; who saves after somebody else sees that."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    settings = review_settings(by.organization_id, clinic.id)
    usual = targets_in_force(local_date(timezone.now(), ZoneInfo(clinic.time_zone))).limits
    form = ReviewProtocolForm(request.POST if request.method == "POST" else None, settings=settings, usual=usual)
    if form.is_bound and form.is_valid() and _save(form, clinic, settings, by=by):
        messages.success(request, "Saved. With other limits the signals of this clinic are worked out anew.")
        return redirect("review_protocol", organization, clinic_id)
    context = {"form": form, "clinic": clinic, "settings": settings}
    return render(request, "caseload/review_protocol.html", context, status=422 if form.is_bound else 200)


def _save(form: ReviewProtocolForm, clinic: Clinic, settings: ReviewSettings, *, by: Membership) -> bool:
    at, deadlines, seen = timezone.now(), form.deadlines, form.seen_at
    try:
        set_review_protocol(by=by, at=at, clinic=clinic, own=form.own, deadlines=deadlines, seen=seen)
    except LimitsRefused as refused:
        for name, sentence in refused.faults.items():
            form.add_error(name, sentence)
    except SettingsMoved as fault:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen"] = settings.changed_at.isoformat() if settings.changed_at else ""  # type: ignore[index]
        form.add_error(None, str(fault))
    return not form.errors
