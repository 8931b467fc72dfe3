"""Filing the claims of a refused file anew: what would leave, and what stays behind until it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.filing import ResendForm
from billing.operations.claim_resending import resend_batch
from billing.operations.errors import FilesAreTests, NothingReady
from billing.queries.calendar import month_title
from billing.queries.claims import batch_with_file
from billing.queries.filing_facts import Prepared
from billing.queries.resending import Resending, resending
from billing.views.filing import why_not
from billing.views.mending import Mend, mending, named

MOST_SHOWN = 50


@requires(Permission.MAKE_BATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def batch_resend(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    """What of the file goes out anew and what it lacks; and sending it, as one batch."""
    by = seat(request)
    try:
        batch_with_file(by.organization_id, batch_id)
        if request.method != "POST":
            return _page(request, by, batch_id, ResendForm.fresh())
        return _send(request, by, batch_id)
    except NotFound:
        raise Http404 from None


def _send(request: HttpRequest, by: Membership, batch_id: UUID) -> HttpResponse:
    form, slug = ResendForm(request.POST), by.organization.slug
    if not form.is_valid():
        refusal = "Press the button again: this page was open for too long."
        return _page(request, by, batch_id, ResendForm.fresh(), refusal=refusal)
    try:
        made = resend_batch(by=by, at=timezone.now(), batch_id=batch_id, **form.cleaned_data)
    except (FilesAreTests, NothingReady) as fault:
        return _page(request, by, batch_id, form, refusal=str(fault))
    except DomainError as fault:
        messages.error(request, str(fault))
        return redirect("batch", slug, batch_id)
    messages.success(request, f"Batch {made.number} holds {made.claim_count} of its claims. Hand its file over.")
    return _after(by, batch_id, made.id, made.made_at)


def _after(by: Membership, batch_id: UUID, made_id: UUID, at: datetime) -> HttpResponse:
    """To the new batch; or to what stays behind, so that nobody thinks that all of it left."""
    if resending(by.organization_id, batch_id, at=at) is None:
        return redirect("batch", by.organization.slug, made_id)
    return redirect("batch_resend", by.organization.slug, batch_id)


def _page(request: HttpRequest, by: Membership, batch_id: UUID, form: ResendForm, *, refusal: str = "") -> HttpResponse:
    now = timezone.now()
    found = resending(by.organization_id, batch_id, at=now)
    if found is None:
        messages.error(request, refusal or "None of this file’s claims is to be filed anew.")
        return redirect("batch", by.organization.slug, batch_id)
    seen = [one.patient_id for one in found.claims.values()]
    record("batch.viewed", by=by, at=now, object_id=batch_id, shown=seen)
    back = reverse("batch_resend", args=[by.organization.slug, batch_id])
    context: dict[str, Any] = {
        "form": form,
        "refusal": refusal,
        "found": found,
        "title": f"Batch {found.batch.number}, filed anew",
        "month_title": month_title(found.month),
        **_leaving(found, refusal),
        **_mends(found, by, back),
    }
    return render(request, "billing/batch_resend.html", context, status=422 if refusal else 200)


def _leaving(found: Resending, refusal: str) -> dict[str, Any]:
    """What would leave now, or why nothing can: nobody takes it, it would be a test, its clinics file elsewhere."""
    if (plan := found.plan) is None:
        return {"leaves": (), "ready": (), "institutional": ()}
    is_test = plan.head is not None and plan.head.is_test
    return {
        "ready": plan.ready,
        "leaves": () if is_test else plan.leaves,
        "why_not": why_not(plan),
        "only_a_test": str(FilesAreTests()) if is_test and not refusal else "",
        "institutional": [found.claims[one.billable.episode.id] for one in plan.institutional[:MOST_SHOWN]],
        "more_institutional": max(len(plan.institutional) - MOST_SHOWN, 0),
    }


def _mends(found: Resending, by: Membership, back: str) -> dict[str, Any]:
    """What keeps the file, and each claim of it, from leaving."""
    slug, may = by.organization.slug, permissions_of(by.roles)
    mend = mending(slug, found.month, may, back=back, name=named(by.organization_id))

    def of(one: Prepared) -> Sequence[Mend]:
        ids, care_manager_id = one.claim.ids, one.billable.episode.care_manager_id
        return [mend(fault, ids, care_manager_id) for fault in one.faults]

    return {
        "file_mends": [mend(fault) for fault in found.plan.file_faults] if found.plan is not None else [],
        "to_mend": [(found.claims[one.billable.episode.id], of(one)) for one in found.to_mend[:MOST_SHOWN]],
        "more": max(len(found.to_mend) - MOST_SHOWN, 0),
        "asking_nothing": found.asking_nothing[:MOST_SHOWN],
        "more_asking": max(len(found.asking_nothing) - MOST_SHOWN, 0),
    }
