"""Safety notices: who needs somebody now, taking it on, closing it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from registry.forms.safety import CloseNoticeForm
from registry.forms.score_entry import RISK_STEPS
from registry.operations.safety import acknowledge_notice, close_notice
from registry.queries.risk_protocols import routings_of
from registry.queries.safety import NoticePage, notice_list, notice_page


@requires(Permission.HANDLE_SAFETY)
@require_safe
def safety_notices(request: HttpRequest, organization: str) -> HttpResponse:
    """Open notices first, the longest waiting on top; then what was dealt with lately."""
    now = timezone.now()
    by = seat(request)
    notices = notice_list(by.organization_id, at=now)
    record("safety_notices.viewed", by=by, at=now, shown=[notice.patient_id for notice in notices])
    is_open = [notice for notice in notices if notice.is_open]
    over = [notice for notice in notices if not notice.is_open]
    context = {"open": is_open, "over": over, "now": now, "hours": routings_of(by.organization_id)}
    return render(request, "registry/safety_notices.html", context)


@requires(Permission.HANDLE_SAFETY)
@require_http_methods(["GET", "HEAD", "POST"])
def safety_notice(request: HttpRequest, organization: str, notice_id: UUID) -> HttpResponse:
    """One notice with every step; a POST closes it with what was found and done."""
    now = timezone.now()
    by = seat(request)
    page = _page_of(notice_id, by, now)
    form = CloseNoticeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _close(request, form, notice_id, by=by, at=now):
        return redirect("safety_notices", organization)
    record("safety_notice.viewed", by=by, at=now, patient_id=page.notice.patient_id, object_id=notice_id)
    context = {
        "page": page,
        "form": form,
        "now": now,
        "zone": page.notice.zone.key,
        "steps": ("Call the patient now.", *RISK_STEPS),
        "hours": routings_of(by.organization_id, page.notice.clinic_id),
        "may_log": Permission.LOG_CONTACT in permissions_of(by.roles),
    }
    return render(request, "registry/safety_notice.html", context, status=422 if form.is_bound else 200)


@requires(Permission.HANDLE_SAFETY)
@require_POST
def safety_notice_take(request: HttpRequest, organization: str, notice_id: UUID) -> HttpResponse:
    """I take this on: nobody else is called, and the protocol opens."""
    by = seat(request)
    try:
        notice = acknowledge_notice(by=by, at=timezone.now(), notice_id=notice_id)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.info(request, str(fault))
        return redirect("safety_notice", organization, notice_id)
    messages.success(request, "You have taken this on. Nobody else is called. This is what to do.")
    return redirect("risk_case", organization, notice.patient_id)


def _page_of(notice_id: UUID, by: Membership, at: datetime) -> NoticePage:
    try:
        return notice_page(notice_id, by.organization_id, at=at)
    except NotFound:
        raise Http404 from None


def _close(request: HttpRequest, form: CloseNoticeForm, notice_id: UUID, *, by: Membership, at: datetime) -> bool:
    try:
        close_notice(by=by, at=at, notice_id=notice_id, note=form.cleaned_data["note"])
    except DomainError as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, "Closed. It stays on the list for 30 days, and on record.")
    return True
