"""Who was trained in what and when it is due again; and what payers said of these services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.errors import NotFound
from bhi.web.asked import cut, page_number, seat
from billing.queries.calendar import page_zone
from caseload.rules.clock import local_date
from registry.forms.setting_up import PayerCheckForm, TrainingForm, fresh_check, fresh_training
from registry.operations.setting_up import SetupRefused, record_payer_check, record_training
from registry.queries.setting_up import payers_asked
from registry.queries.setting_up import trainings as trainings_shown

PAGE = 50
NAMED = 20


@requires(Permission.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def trainings(request: HttpRequest, organization: str) -> HttpResponse:
    """Everybody's trainings, those due first, and one more."""
    by, today = seat(request), _today(request)
    shown = trainings_shown(by.organization_id, today=today)
    form = fresh_training(today, shown.people)
    if request.method == "POST":
        form = TrainingForm(request.POST, people=shown.people)
        if form.is_valid() and _trained(request, form, today):
            messages.success(request, "Training recorded.")
            return redirect("trainings", organization)
    context = {
        "form": form,
        "shown": shown,
        "today": today,
        "cut": cut(shown.rows, page_number(request), PAGE),
        "never": _names(shown.never),
    }
    return render(request, "registry/trainings.html", context, status=422 if form.is_bound else 200)


@requires(Permission.SET_PAYERS)
@require_http_methods(["GET", "HEAD", "POST"])
def payer_checks(request: HttpRequest, organization: str) -> HttpResponse:
    """Every payer with how many patients it covers, and what it said of these services."""
    by, today = seat(request), _today(request)
    payers = payers_asked(by.organization_id)
    choices = [(str(payer.id), payer.name) for payer in payers]
    form = fresh_check(today, choices)
    if request.method == "POST":
        form = PayerCheckForm(request.POST, payers=choices)
        if form.is_valid() and _asked(request, form, today):
            messages.success(request, "Recorded what the payer said.")
            return redirect("payer_checks", organization)
    context = {
        "form": form,
        "payers": payers,
        "cut": cut(payers, page_number(request), PAGE),
        "today": today,
        "may_set_up": Permission.SET_UP in permissions_of(by.roles),
    }
    return render(request, "registry/payer_checks.html", context, status=422 if form.is_bound else 200)


def _names(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f", and {more:,} more" if more > 0 else "")


def _today(request: HttpRequest) -> date:
    """The organization's day, that of its first clinic."""
    return local_date(timezone.now(), page_zone(seat(request).organization_id))


def _trained(request: HttpRequest, form: TrainingForm, today: date) -> bool:
    try:
        record_training(by=seat(request), at=timezone.now(), today=today, **form.values)
    except SetupRefused as fault:
        form.add_error(fault.field, str(fault))
        return False
    return True


def _asked(request: HttpRequest, form: PayerCheckForm, today: date) -> bool:
    try:
        record_payer_check(by=seat(request), at=timezone.now(), today=today, **form.values)
    except NotFound:
        raise Http404 from None
    except SetupRefused as fault:
        form.add_error(fault.field, str(fault))
        return False
    return True
