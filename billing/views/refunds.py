"""What was paid and is not supported any more: the list with its clock, and seeing to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.refunds import CloseRefundForm, InvestigationForm
from billing.operations.claim_work_errors import InvestigationOutOfOrder, RefundAmountMissing
from billing.operations.refunds import close_refund, investigate_refund, look_for_refunds
from billing.queries.calendar import page_zone
from billing.queries.refunds import RefundDetail, refund_detail, refund_page
from billing.rules.refunds import INVESTIGATION_DAYS, LOOK_BACK_YEARS, REPORT_DAYS, SOURCE
from caseload.rules.clock import local_date


@requires(Permission.WORK_DENIALS)
@require_safe
def refunds(request: HttpRequest, organization: str) -> HttpResponse:
    """Payments without support, the nearest day first; closed ones on request."""
    now, by = timezone.now(), seat(request)
    start = request.GET.get("start", "")
    is_closed = request.GET.get("show") == "closed"
    page = refund_page(
        by.organization_id, is_closed=is_closed, start=int(start[:9]) if start.isascii() and start.isdigit() else 0
    )
    record("refunds.viewed", by=by, at=now, shown=[row.patient_id for row in page.rows])
    query = "show=closed&" if is_closed else ""
    context: dict[str, Any] = {
        "page": page,
        "is_closed": is_closed,
        "today": local_date(now, page_zone(by.organization_id)),
        "report_days": REPORT_DAYS,
        "investigation_days": INVESTIGATION_DAYS,
        "look_back_years": LOOK_BACK_YEARS,
        "source": SOURCE,
        "range": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?{query}start={page.previous}" if page.previous is not None else "",
        "next_url": f"?{query}start={page.next}" if page.next is not None else "",
    }
    return render(request, "billing/refunds.html", context)


@requires(Permission.WORK_DENIALS)
@require_POST
def refunds_look(request: HttpRequest, organization: str) -> HttpResponse:
    """Compare every payment with its record now."""
    look_for_refunds(by=seat(request), at=timezone.now())
    messages.success(request, "Every payment is being compared with its record. What is found stands here in a minute.")
    return redirect("refunds", organization)


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, organization: str, refund_id: UUID) -> HttpResponse:
    """One payment without support, and the search for others of its cause."""
    now, by = timezone.now(), seat(request)
    detail = _detail(by, refund_id)
    if request.method != "POST":
        return _page(request, detail, at=now)
    form = InvestigationForm(request.POST, people=_people(by))
    if form.is_valid():
        try:
            on = local_date(now, page_zone(by.organization_id))
            investigate_refund(by=by, at=now, on=on, refund_id=refund_id, investigation=form.investigation())
        except DomainError as fault:
            form.add_error("from_on" if isinstance(fault, InvestigationOutOfOrder) else None, str(fault))
        else:
            messages.success(request, "Kept.")
            return redirect("refund", organization, refund_id)
    return _page(request, detail, at=now, investigation=form, status=422)


@requires(Permission.WORK_DENIALS)
@require_POST
def refund_close(request: HttpRequest, organization: str, refund_id: UUID) -> HttpResponse:
    """How it ended, with a note."""
    now, by = timezone.now(), seat(request)
    detail = _detail(by, refund_id)
    form = CloseRefundForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            on = local_date(now, page_zone(by.organization_id))
            close_refund(by=by, at=now, on=on, refund_id=refund_id, **values)
        except DomainError as fault:
            form.add_error("amount" if isinstance(fault, RefundAmountMissing) else "note", str(fault))
        else:
            messages.success(request, "Closed. It stays on record with its note.")
            return redirect("refunds", organization)
    return _page(request, detail, at=now, closing=form, status=422)


def _people(by: Membership) -> list[tuple[UUID, str]]:
    """Who may work on refunds, by name."""
    seats = people_of(by.organization_id).items()
    may = [(id_, str(seat)) for id_, seat in seats if Permission.WORK_DENIALS in permissions_of(seat.roles)]
    return sorted(may, key=lambda one: one[1])


def _detail(by: Membership, refund_id: UUID) -> RefundDetail:
    try:
        return refund_detail(by.organization_id, refund_id)
    except NotFound:
        raise Http404 from None


def _page(
    request: HttpRequest,
    detail: RefundDetail,
    *,
    at: datetime,
    investigation: InvestigationForm | None = None,
    closing: CloseRefundForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by = seat(request)
    row = detail.row
    record("refund.viewed", by=by, at=at, patient_id=row.patient_id, object_id=row.id)
    context: dict[str, Any] = {
        "detail": detail,
        "row": row,
        "investigation": investigation or InvestigationForm.of(detail, _people(by)),
        "closing": closing or CloseRefundForm(initial={"amount": detail.paid if detail.paid > 0 else None}),
        "today": local_date(at, page_zone(by.organization_id)),
        "report_days": REPORT_DAYS,
        "investigation_days": INVESTIGATION_DAYS,
        "look_back_years": LOOK_BACK_YEARS,
        "source": SOURCE,
    }
    return render(request, "billing/refund.html", context, status=status)
