"""Batches of claims: making one, what is in it, and its file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from billing.forms.months import BatchForm
from billing.operations.batches import make_batch
from billing.operations.errors import AllHeld, CorrectFirst, MonthNotOver, NothingToBill, PapersUnseen
from billing.queries.calendar import is_over, month_title, page_zone
from billing.queries.claims import batch_page, batch_rows, batch_with_file, file_name
from billing.queries.month_page import Show, month_page
from caseload.rules.clock import local_date


@requires(Permission.MAKE_BATCH)
@require_safe
def batches(request: HttpRequest, organization: str) -> HttpResponse:
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    zone = page_zone(organization_id)
    context = {
        "batches": batch_rows(organization_id),
        "zone": zone.key,
        "today": local_date(timezone.now(), zone),
    }
    return render(request, "billing/batches.html", context)


@requires(Permission.MAKE_BATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_new(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """Says what the batch will hold, and makes it when that is confirmed."""
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    now = timezone.now()
    form = BatchForm(request.POST) if request.method == "POST" else BatchForm.fresh()
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = make_batch(
                by=request.membership,  # type: ignore[attr-defined]
                at=now,
                month=month,
                client_token=form.cleaned_data["client_token"],
                has_seen_papers=form.cleaned_data["has_seen_papers"],
            )
        except (AllHeld, CorrectFirst, MonthNotOver, NothingToBill, PapersUnseen) as fault:
            refusal = str(fault)
        else:
            messages.success(request, f"Batch {made.number} holds {made.claim_count} claims.")
            return redirect("batch", organization, made.id)
    page = month_page(organization_id, month, show=Show.BILLS, limit=0)
    form.say_what_waits(others=page.claimable - page.unseen)
    context = {
        "form": form,
        "month": month,
        "title": month_title(month),
        "page": page,
        "unseen_title": _unseen_title(page.unseen),
        "is_over": is_over(organization_id, month, now),
        "refusal": refusal,
    }
    return render(request, "billing/batch_new.html", context, status=422 if refusal or form.errors else 200)


def _unseen_title(unseen: int) -> str:
    return f"{unseen} of these {'rests' if unseen == 1 else 'rest'} on papers that nobody has seen"


@requires(Permission.MAKE_BATCH)
@require_safe
def batch(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    now = timezone.now()
    try:
        page = batch_page(organization_id, batch_id)
    except NotFound:
        raise Http404 from None
    record("batch.viewed", by=request.membership, at=now, object_id=batch_id, count=len(page.claims))  # type: ignore[attr-defined]
    made = page.batch
    context = {
        "page": page,
        "title": f"Batch {made.number}",
        "sub": f"{month_title(made.month)} · made by {made.made_by}",
    }
    return render(request, "billing/batch.html", context)


@requires(Permission.MAKE_BATCH)
@require_safe
def batch_file(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    """The file as it was written: the same bytes each time."""
    try:
        found = batch_with_file(request.organization.id, batch_id)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None
    record("batch.downloaded", by=request.membership, at=timezone.now(), object_id=batch_id, count=found.claim_count)  # type: ignore[attr-defined]
    name = file_name(found.number)
    return HttpResponse(
        read(found.stored_file),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
