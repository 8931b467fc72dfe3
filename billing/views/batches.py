"""Batches of claims: making one, what is in it, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from billing.forms.filing import ResendForm
from billing.forms.months import BatchForm
from billing.operations.batches import make_batch
from billing.operations.errors import BatchFileChanged, HoldsTakenBack
from billing.queries.batch_files import batch_bytes
from billing.queries.calendar import is_over, month_title, page_zone
from billing.queries.claim_answers import goes_anew, is_spoilt
from billing.queries.claim_pages import batch_answers
from billing.queries.claim_states import ClaimState, claim_states
from billing.queries.claimable import claimable_unseen
from billing.queries.claims import (
    PAGE_ROWS,
    BatchPage,
    batch_count,
    batch_page,
    batch_rows,
    batch_with_file,
    file_name,
)
from billing.queries.month_page import Show, month_page
from billing.queries.part_two import refused_in_batch
from billing.queries.whom_shown import patients_in_batch
from caseload.rules.clock import local_date
from registry.rules.part_two import Use, refused_words

MOST_DIGITS = 9


@requires(Permission.MAKE_BATCH)
@require_safe
def batches(request: HttpRequest, organization: str) -> HttpResponse:
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    zone = page_zone(organization_id)
    total, start = batch_count(organization_id), _start(request)
    rows = batch_rows(organization_id, start=start)
    answers = batch_answers(organization_id, [row.id for row in rows if row.is_filed])
    context = {
        "batches": [(row, answers.get(row.id)) for row in rows],
        "zone": zone.key,
        "today": local_date(timezone.now(), zone),
        **_way_on(start, len(rows), total),
    }
    return render(request, "billing/batches.html", context)


def _start(request: HttpRequest) -> int:
    """From which row on; what makes no sense is as good as not given."""
    typed = request.GET.get("start", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < MOST_DIGITS else 0


def _way_on(start: int, shown: int, total: int) -> dict[str, Any]:
    before, after = max(start - PAGE_ROWS, 0), start + PAGE_ROWS
    return {
        "previous_url": f"?start={before}" if start else "",
        "next_url": f"?start={after}" if after < total else "",
        "shown": f"{start + 1}–{start + shown}" if shown else "",
        "total": total,
    }


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
        except DomainError as fault:
            refusal = str(fault)
        else:
            messages.success(request, f"Batch {made.number} holds {made.claim_count} claims.")
            if beyond := claimable_unseen(organization_id, month):
                messages.warning(request, left_out(beyond))
            return redirect("batch", organization, made.id)
    page = month_page(organization_id, month, show=Show.BILLS, limit=0, by_fees=True)
    form.say_what_waits(others=page.claimable - page.unseen)
    context = {
        "form": form,
        "month": month,
        "title": month_title(month),
        "page": page,
        "unseen_title": _unseen_title(page.unseen),
        "left_out": left_out(claimable_unseen(organization_id, month)),
        "is_over": is_over(organization_id, month, now),
        "refusal": refusal,
    }
    return render(request, "billing/batch_new.html", context, status=422 if refusal or form.errors else 200)


def left_out(count: int) -> str:
    """How many months a limited seat leaves out, in words; empty where there is none."""
    months = "1 more month" if count == 1 else f"{count} more months"
    return f"Left out: {months} that you may not see. Ask somebody who sees every patient." if count else ""


def _unseen_title(unseen: int) -> str:
    return f"{unseen} of these {'rests' if unseen == 1 else 'rest'} on papers that nobody has seen"


@requires(Permission.MAKE_BATCH)
@require_safe
def batch(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    now, start = timezone.now(), _start(request)
    try:
        page = batch_page(organization_id, batch_id, start=start)
    except NotFound:
        raise Http404 from None
    seen = [claim.patient_id for claim in page.claims]
    record("batch.viewed", by=request.membership, at=now, object_id=batch_id, shown=seen)  # type: ignore[attr-defined]
    made = page.batch
    states = claim_states(organization_id, [claim.id for claim in page.claims]) if made.is_filed else {}
    zone = page_zone(organization_id)
    context = {
        "page": page,
        "anew": _anew(organization_id, page, states),
        "form": ResendForm.fresh(),
        "claims": [(claim, states.get(claim.id)) for claim in page.claims],
        "title": f"Batch {made.number}",
        "sub": " · ".join(part for part in (month_title(made.month), made.payer, f"made by {made.made_by}") if part),
        "zone": zone.key,
        "today": local_date(now, zone),
        **_way_on(start, len(page.claims), made.claim_count),
    }
    return render(request, "billing/batch.html", context)


def _anew(organization_id: UUID, page: BatchPage, states: Mapping[UUID, ClaimState]) -> bool:
    """Whether claims of the file can go out anew as one batch, on whichever page of it they are."""
    made = page.batch
    is_refused = any(state.is_file_taken is False for state in states.values())
    return not made.is_test and (page.is_spoilt or is_refused) and goes_anew(organization_id, made.id)


@requires(Permission.MAKE_BATCH)
@require_safe
def batch_file(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    """The file as it was written: the same bytes each time. Until it was handed over 42 CFR part 2 may hold it, and
    what its claims became since.
    """
    try:
        found = batch_with_file(request.organization.id, batch_id)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None
    if found.sent_at is None and refused_in_batch(found.organization_id, batch_id, at=timezone.now()):
        messages.error(request, refused_words(Use.PAYMENT))
        return redirect("batch", organization, batch_id)
    if is_spoilt(found):
        messages.error(request, str(HoldsTakenBack()))
        return redirect("batch", organization, batch_id)
    content = batch_bytes(found)
    if content is None:
        messages.error(request, str(BatchFileChanged()))
        return redirect("batch", organization, batch_id)
    seen = patients_in_batch(found.organization_id, batch_id)
    record("batch.downloaded", by=request.membership, at=timezone.now(), object_id=batch_id, shown=seen)  # type: ignore[attr-defined]
    name = file_name(found.number, found.format)
    return HttpResponse(
        content,
        content_type=f"{found.stored_file.media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
