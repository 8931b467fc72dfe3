"""What was paid and is not supported any more: the list with its clock, and seeing to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
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
from billing.forms.refunds import AddPaymentForm, CloseRefundForm, FindPaymentForm, InvestigationForm
from billing.operations.claim_work_errors import (
    CorrectionNotSent,
    InvestigationOutOfOrder,
    KnownDayWrong,
    RefundAmountMissing,
    RefundAmountTooMuch,
)
from billing.operations.refunds import add_refund, close_refund, investigate_refund, look_for_refunds
from billing.queries.calendar import page_zone
from billing.queries.claim_pages import claims_numbered
from billing.queries.refunds import (
    CLOSED,
    OLDER,
    OPEN,
    AddableClaim,
    RefundDetail,
    addable_claim,
    addable_claims,
    refund_detail,
    refund_page,
    why_of,
)
from billing.queries.refunds import PAGE as MOST_FOUND
from billing.queries.unseen import refunds_unseen
from billing.rules.refunds import INVESTIGATION_DAYS, LOOK_BACK_YEARS, REPORT_DAYS, SOURCE, WAITING_DAYS
from billing.views.unseen import more_words
from caseload.rules.clock import local_date
from registry.queries.patients import people_found
from registry.rules.people import searched

# Which field a refusal is about.
FIELDS: Final[dict[type[DomainError], str]] = {
    InvestigationOutOfOrder: "from_on",
    KnownDayWrong: "known_on",
    RefundAmountMissing: "amount",
    RefundAmountTooMuch: "amount",
    CorrectionNotSent: "reference",
}


@requires(Permission.WORK_DENIALS)
@require_safe
def refunds(request: HttpRequest, organization: str) -> HttpResponse:
    """Payments without support, the nearest day first; those of long ago and closed ones on request."""
    now, by = timezone.now(), seat(request)
    start, show = request.GET.get("start", ""), request.GET.get("show", "")
    show = show if show in (OLDER, CLOSED) else OPEN
    page = refund_page(
        by.organization_id, show=show, start=int(start[:9]) if start.isascii() and start.isdigit() else 0
    )
    record("refunds.viewed", by=by, at=now, shown=[row.patient_id for row in page.rows])
    query = "" if show == OPEN else f"show={show}&"
    context: dict[str, Any] = {
        "page": page,
        "show": show,
        "more": _more(by, show, at=now),
        "today": local_date(now, page_zone(by.organization_id)),
        **_terms(),
        "range": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?{query}start={page.previous}" if page.previous is not None else "",
        "next_url": f"?{query}start={page.next}" if page.next is not None else "",
    }
    return render(request, "billing/refunds.html", context)


def _more(by: Membership, show: str, *, at: datetime) -> str:
    """That there are more than a limited seat sees: their days run, too."""
    count = refunds_unseen(by.organization_id, is_closed=show == CLOSED)
    what = "closed one" if show == CLOSED else "open one"
    return more_words(count, what, by.organization_id, Permission.WORK_DENIALS, at=at)


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def refund_find(request: HttpRequest, organization: str) -> HttpResponse:
    """Which claim somebody knows of; what is searched for is posted, never in an address."""
    by = seat(request)
    form = FindPaymentForm(request.POST if request.method == "POST" else None)
    found = None
    if form.is_bound and form.is_valid():
        found = _found(by, form.cleaned_data["text"])
        record("claims.searched", by=by, at=timezone.now(), shown=[claim.patient_id for claim in found[:MOST_FOUND]])
    context = {
        "form": form,
        "found": None if found is None else found[:MOST_FOUND],
        "has_more": found is not None and len(found) > MOST_FOUND,
        "most": MOST_FOUND,
    }
    return render(request, "billing/refund_find.html", context, status=422 if form.errors else 200)


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def refund_add(request: HttpRequest, organization: str, claim_id: UUID) -> HttpResponse:
    """Put a payment on the list that somebody knows of, with the day on which it was known."""
    now, by = timezone.now(), seat(request)
    claim = _addable(by, claim_id)
    today = local_date(now, page_zone(by.organization_id))
    form = AddPaymentForm(initial={"why": _why_of(by, request.GET.get("like", "")), "known_on": today})
    if request.method == "POST":
        form = AddPaymentForm(request.POST)
        if form.is_valid():
            try:
                made = add_refund(by=by, at=now, on=today, claim_id=claim_id, **form.cleaned_data)
            except DomainError as fault:
                form.add_error(FIELDS.get(type(fault)), str(fault))
            else:
                messages.success(request, "On the list. Look into it, or close it once it is settled.")
                return redirect("refund", organization, made.id)
    record("claim.viewed", by=by, at=now, object_id=claim_id, patient_id=claim.patient_id)
    context = {"claim": claim, "form": form, "today": today, **_terms()}
    return render(request, "billing/refund_add.html", context, status=422 if form.errors else 200)


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
            form.add_error(FIELDS.get(type(fault)), str(fault))
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
        try:
            on = local_date(now, page_zone(by.organization_id))
            close_refund(by=by, at=now, on=on, refund_id=refund_id, ending=form.ending())
        except DomainError as fault:
            form.add_error(FIELDS.get(type(fault), "note"), str(fault))
        else:
            messages.success(request, "Closed. It stays on record with its note.")
            return redirect("refunds", organization)
    return _page(request, detail, at=now, closing=form, status=422)


def _people(by: Membership) -> list[tuple[UUID, str]]:
    """Who may work on refunds, by name."""
    seats = people_of(by.organization_id).items()
    may = [(id_, str(seat)) for id_, seat in seats if Permission.WORK_DENIALS in permissions_of(seat.roles)]
    return sorted(may, key=lambda one: one[1])


def _found(by: Membership, text: str) -> list[AddableClaim]:
    """Claims of whoever has this name or record number, and claims of this number."""
    people = people_found(by.organization_id, searched(text, None))
    numbered = claims_numbered(by.organization_id, text)
    return addable_claims(by.organization_id, [one.id for one in numbered], [one.id for one in people])


def _addable(by: Membership, claim_id: UUID) -> AddableClaim:
    try:
        return addable_claim(by.organization_id, claim_id)
    except NotFound:
        raise Http404 from None


def _why_of(by: Membership, refund_id: str) -> str:
    """What is said of the payment whose cause this one may share."""
    try:
        return why_of(by.organization_id, UUID(refund_id))
    except (NotFound, ValueError):
        return ""


def _terms() -> dict[str, Any]:
    """The days and years that the pages name."""
    return {
        "report_days": REPORT_DAYS,
        "investigation_days": INVESTIGATION_DAYS,
        "look_back_years": LOOK_BACK_YEARS,
        "waiting_days": WAITING_DAYS,
        "source": SOURCE,
    }


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
        "closing": closing or CloseRefundForm(initial={"amount": detail.owed or None}),
        "today": local_date(at, page_zone(by.organization_id)),
        **_terms(),
    }
    return render(request, "billing/refund.html", context, status=status)
