"""The monthly check: a clinic's figures with the patients behind each, and the lead's signature."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from caseload.forms.monthly_check import CheckForm
from caseload.operations.monthly_check import MonthNotOverYet, SignedMeanwhile, sign_check
from caseload.queries.monthly_check import CheckShown, clinic_checks, names_behind
from caseload.queries.monthly_check import monthly_check as check_shown
from caseload.rules.clock import first_day


@requires(Permission.CHECK_PROGRAM)
@require_safe
def monthly_checks(request: HttpRequest, organization: str) -> HttpResponse:
    """Every clinic with its last months, signed or waiting."""
    found = clinic_checks(seat(request).organization_id, at=timezone.now())
    clinics = [
        (one, [(month, f"{first_day(month):%B %Y}", is_signed) for month, is_signed in one.months]) for one in found
    ]
    return render(request, "caseload/monthly_checks.html", {"clinics": clinics})


@requires(Permission.CHECK_PROGRAM)
@require_http_methods(["GET", "HEAD", "POST"])
def monthly_check(request: HttpRequest, organization: str, clinic_id: UUID, month: str) -> HttpResponse:
    """One clinic's month: looked through, remarked on and signed."""
    by, at = seat(request), timezone.now()
    shown = _shown(by, clinic_id, month)
    if month > f"{shown.today:%Y-%m}":
        raise Http404
    people = sorted(one.name for one in people_of(by.organization_id).values() if one.is_active and not one.is_system)
    form = CheckForm(request.POST if request.method == "POST" else None, people=people)
    if form.is_bound and form.is_valid():
        try:
            sign_check(
                by=by, at=at, clinic_id=clinic_id, month=month, remark=form.cleaned_data["remark"], tasks=form.tasks
            )
        except (MonthNotOverYet, SignedMeanwhile) as fault:
            form.add_error("remark", str(fault))
            shown = _shown(by, clinic_id, month)
        else:
            messages.success(request, "Signed. The figures stay as they are shown.")
            return redirect("monthly_check", organization, clinic_id, month)
    # Who was behind signed figures is named only where this seat may see them; of the others nothing is shown.
    names = names_behind(by.organization_id, shown.patient_ids) if shown.signed is not None else {}
    named = [one for one in shown.patient_ids if shown.signed is None or one in names]
    record("check.viewed", by=by, at=at, object_id=clinic_id, shown=named)
    context = {"form": form, **_context(shown, names)}
    return render(request, "caseload/monthly_check.html", context, status=422 if form.is_bound else 200)


def _context(shown: CheckShown, names: Mapping[UUID, str]) -> dict[str, Any]:
    figures = [
        (
            figure,
            [
                (one.patient_id, one.name or names[one.patient_id], one.why)
                for one in figure.behind
                if one.name or one.patient_id in names
            ],
            {True: "good", False: "warning", None: ""}[figure.is_met],
        )
        for figure in shown.figures
    ]
    kept = shown.signed.tasks if shown.signed is not None else []
    tasks = [(words, owner, date.fromisoformat(until) if until else None) for words, owner, until in kept]
    return {"shown": shown, "figures": figures, "title": f"{first_day(shown.month):%B %Y}", "tasks": tasks}


def _shown(by: Membership, clinic_id: UUID, month: str) -> CheckShown:
    try:
        first_day(month)
        return check_shown(by.organization_id, clinic_id, month, at=timezone.now())
    except (NotFound, ValueError):
        raise Http404 from None
