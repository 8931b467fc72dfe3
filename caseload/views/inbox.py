"""What a treating clinician who signs in is asked, decided in place; and their patients."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.inbox import DecisionForm
from caseload.operations.advice import decide_advice
from caseload.queries.inbox import Inbox, ToDecide, own_patients
from caseload.queries.inbox import inbox as inbox_of
from caseload.rules.advice_text import what_next
from caseload.rules.clock import local_date
from registry.operations.care_plans import sign_plan
from registry.queries.sign_offs import PlanToSign
from registry.rules.care_plans import SIGNED_IN


@requires(Permission.DECIDE_ADVICE)
@require_safe
def inbox(request: HttpRequest, organization: str) -> HttpResponse:
    """Recommendations and care plans that wait for the seat that is signed in."""
    return _page(request, status=200)


@requires(Permission.DECIDE_ADVICE)
@require_POST
def inbox_decide(request: HttpRequest, organization: str, recommendation_id: UUID) -> HttpResponse:
    """Yes, yes with a change, or no with the reason; then what happens next is said."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    form = DecisionForm(request.POST)
    one = _one_of(inbox_of(by.organization_id, by.id, at=now), recommendation_id)
    if not form.is_valid():
        if one is None:
            raise Http404
        return _page(request, status=422, refused=(recommendation_id, form))
    try:
        row = decide_advice(by=by, at=now, recommendation_id=recommendation_id, **form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.warning(request, str(fault))
        return redirect("inbox", organization)
    manager = one.asked.care_manager if one is not None else ""
    messages.success(request, what_next(row.kind, form.cleaned_data["decision"], manager))
    return redirect("inbox", organization)


@requires(Permission.DECIDE_ADVICE)
@require_POST
def inbox_plan(request: HttpRequest, organization: str, plan_id: UUID) -> HttpResponse:
    """The clinician agrees to a patient's care plan."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    plan = _plan_of(inbox_of(by.organization_id, by.id, at=now), plan_id)
    if plan is None:
        raise Http404
    today = local_date(now, ZoneInfo(plan.episode.clinic.time_zone))
    try:
        sign_plan(by=by, at=now, episode=plan.episode, plan_id=plan_id, on=today, how=SIGNED_IN)
    except DomainError as fault:
        messages.warning(request, str(fault))
        return redirect("inbox", organization)
    messages.success(request, "Agreed. The care manager sees it on the care plan.")
    return redirect("inbox", organization)


@requires(Permission.DECIDE_ADVICE)
@require_safe
def my_patients(request: HttpRequest, organization: str) -> HttpResponse:
    """The patients whom the seat treats: how they are, last and next contact, what is asked. Prints as a sheet."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    found = own_patients(by.organization_id, by.id, at=now)
    record("my_patients.viewed", by=by, at=now, shown=[one.patient_id for one in found or ()])
    context = {"patients": found, "is_linked": found is not None, "as_of": now, "seat": by}
    return render(request, "caseload/my_patients.html", context)


def _page(request: HttpRequest, *, status: int, refused: tuple[UUID, DecisionForm] | None = None) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    now: datetime = timezone.now()
    found = inbox_of(by.organization_id, by.id, at=now)
    record("inbox.viewed", by=by, at=now, shown=found.patient_ids)
    context: dict[str, Any] = {
        "inbox": found,
        "rows": [(one, refused[1] if refused and refused[0] == one.id else DecisionForm()) for one in found.to_decide],
    }
    return render(request, "caseload/inbox.html", context, status=status)


def _one_of(found: Inbox, recommendation_id: UUID) -> ToDecide | None:
    return next((one for one in found.to_decide if one.id == recommendation_id), None)


def _plan_of(found: Inbox, plan_id: UUID) -> PlanToSign | None:
    return next((one for one in found.plans if one.plan_id == plan_id), None)
