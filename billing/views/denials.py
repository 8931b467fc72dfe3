"""The queue of denials and each of them: why, what to do, until when, and what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.denials import DenialFilterForm, DenialsForm, DenialWorkForm
from billing.operations.claim_work_errors import DeniedWhy
from billing.operations.denials import work_denials
from billing.queries.calendar import page_zone
from billing.queries.denials import (
    DenialFilter,
    DenialOrder,
    DenialRow,
    Kept,
    all_denials,
    denial_detail,
    denial_page,
    denied_title,
)
from billing.queries.denials_file import denials_table
from billing.queries.refunds import open_refunds
from billing.queries.unseen import denials_unseen
from billing.rules.denial_causes import Where
from billing.views.unseen import more_words
from caseload.rules.clock import local_date
from registry.queries.part_two import notice_of_file
from registry.rules.csv_text import csv_bytes

KEPT = ((Kept.OPEN, "To work"), (Kept.WAITING, "Waiting for an answer"), (Kept.FINISHED, "Finished"), (Kept.ALL, "All"))
ORDERS = ((DenialOrder.DUE, "Last day first"), (DenialOrder.AGE, "Oldest first"), (DenialOrder.AMOUNT, "Largest first"))


@requires(Permission.WORK_DENIALS)
@require_safe
def denials(request: HttpRequest, organization: str) -> HttpResponse:
    """What payers did not pay, and what to do about it."""
    by = seat(request)
    chosen = DenialFilterForm(request.GET).values()
    return _queue(request, chosen, DenialsForm(people=_people(by)), at=timezone.now())


@requires(Permission.WORK_DENIALS)
@require_POST
def denials_work(request: HttpRequest, organization: str) -> HttpResponse:
    """An owner, a state or a note for all that are ticked."""
    now, by = timezone.now(), seat(request)
    chosen = DenialFilterForm(request.GET).values()
    form = DenialsForm(request.POST, people=_people(by))
    if form.is_valid():
        try:
            rows = work_denials(by=by, at=now, denial_ids=form.chosen(), work=form.work())
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error("note" if isinstance(fault, DeniedWhy) else None, str(fault))
        else:
            messages.success(request, f"Kept for {len(rows)} {'denial' if len(rows) == 1 else 'denials'}.")
            return redirect(_address(organization, chosen))
    return _queue(request, chosen, form, at=now, status=422)


@requires(Permission.WORK_DENIALS)
@require_POST
def denials_file(request: HttpRequest, organization: str) -> HttpResponse:
    """All that the filters find, as a table."""
    now, by = timezone.now(), seat(request)
    rows = all_denials(by.organization_id, DenialFilterForm(request.GET).values())
    seen = [row.patient_id for row in rows]
    record("denials.exported", by=by, at=now, count=len(rows), shown=seen)
    return HttpResponse(
        csv_bytes(*denials_table(rows), notice=notice_of_file(by.organization_id, seen)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="denials.csv"'},
    )


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def denial(request: HttpRequest, organization: str, denial_id: UUID) -> HttpResponse:
    """One denial: what the payer said, what the record says, and working on it."""
    now, by = timezone.now(), seat(request)
    try:
        detail = denial_detail(by.organization_id, denial_id)
    except NotFound:
        raise Http404 from None
    typed = request.POST if request.method == "POST" else None
    form = DenialWorkForm(typed, people=_people(by), is_settled=detail.row.is_settled)
    if form.is_bound and form.is_valid():
        try:
            work_denials(by=by, at=now, denial_ids=[denial_id], work=form.work())
        except DomainError as fault:
            form.add_error("note" if isinstance(fault, DeniedWhy) else None, str(fault))
        else:
            messages.success(request, "Kept.")
            return redirect("denial", organization, denial_id)
    record("denial.viewed", by=by, at=now, patient_id=detail.row.patient_id, object_id=denial_id)
    row = detail.row
    context: dict[str, Any] = {
        "detail": detail,
        "row": row,
        "title": denied_title(row),
        "causes": [(cause, _url_of(cause.where, row, by)) for cause in row.causes],
        "form": form,
        "today": local_date(now, page_zone(by.organization_id)),
    }
    return render(request, "billing/denial.html", context, status=422 if form.is_bound else 200)


def _people(by: Membership) -> list[tuple[UUID, str]]:
    """Who may work on denials, by name."""
    seats = people_of(by.organization_id).items()
    may = [(id_, str(seat)) for id_, seat in seats if Permission.WORK_DENIALS in permissions_of(seat.roles)]
    return sorted(may, key=lambda one: one[1])


def _queue(
    request: HttpRequest, chosen: DenialFilter, form: DenialsForm, *, at: datetime, status: int = 200
) -> HttpResponse:
    by = seat(request)
    organization = by.organization.slug
    page = denial_page(by.organization_id, chosen)
    record("denials.viewed", by=by, at=at, shown=[row.patient_id for row in page.rows])
    ticked = set(form.ticked)
    context: dict[str, Any] = {
        "page": page,
        "chosen": chosen,
        "rows": [(row, str(row.id) in ticked, _first(row, by)) for row in page.rows],
        "form": form,
        "people": _people(by),
        "kept": KEPT,
        "orders": ORDERS,
        "me": by.id,
        "refunds": open_refunds(by.organization_id),
        "more": more_words(
            denials_unseen(by.organization_id), "open denial", by.organization_id, Permission.WORK_DENIALS, at=at
        ),
        "today": local_date(at, page_zone(by.organization_id)),
        "range": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": _address(organization, chosen, start=page.previous) if page.previous is not None else "",
        "next_url": _address(organization, chosen, start=page.next) if page.next is not None else "",
        "work_url": _address(organization, chosen, name="denials_work", start=chosen.start),
        "file_url": _address(organization, chosen, name="denials_file"),
        "all_months_url": _address(organization, replace(chosen, month="")) if chosen.month else "",
    }
    return render(request, "billing/denials.html", context, status=status)


def _first(row: DenialRow, by: Membership) -> tuple[str, str]:
    """The likeliest cause and where to look at it."""
    return (row.causes[0].sentence, _url_of(row.causes[0].where, row, by)) if row.causes else ("", "")


# Where a cause is looked at or mended: the page, and who may open it.
_PLACES = {
    Where.SERVICES: ("patient_services", Permission.RECORD_SERVICES),
    Where.COVERAGE: ("patient_insurance", Permission.MEND_CLAIM_DATA),
    Where.PATIENT: ("patient_insurance", Permission.MEND_CLAIM_DATA),
    Where.MONTH: ("month_row", Permission.VIEW_MONTHS),
    Where.PAYER: ("payer", Permission.SET_PAYERS),
    Where.ROUTE: ("payer_route", Permission.SET_FILING),
    Where.CLAIM: ("claim", Permission.VIEW_CLAIMS),
}


def _url_of(where: Where, row: DenialRow, by: Membership) -> str:
    """The page where a cause is looked at; who may not see a patient's page has that of the month."""
    may = permissions_of(by.roles)
    name, permission = _PLACES[where]
    if permission not in may:
        name = "month_row"
    args: dict[str, list[object]] = {
        "patient_services": [row.patient_id],
        "patient_insurance": [row.patient_id],
        "month_row": [row.month, row.episode_id],
        "payer": [row.payer_id],
        "payer_route": [row.payer_id],
        "claim": [row.claim_id],
    }
    return reverse(name, args=[by.organization.slug, *args[name]])


def _address(organization: str, chosen: DenialFilter, *, name: str = "denials", start: int = 0) -> str:
    """The queue with the same filters, from a row on."""
    values = {
        "kept": "" if chosen.kept is Kept.OPEN else chosen.kept,
        "reason": chosen.reason,
        "payer": chosen.payer_id,
        "month": chosen.month,
        "owner": chosen.owner_id,
        "unowned": "on" if chosen.is_unowned else "",
        "order": "" if chosen.order is DenialOrder.DUE else chosen.order,
        "start": start or "",
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return reverse(name, args=[organization]) + (f"?{query}" if query else "")
