"""Making 837P files of a closed month, handing them over, and finding a claim by its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.filing import ClaimSearchForm, FilingForm
from billing.operations.batches import make_batch
from billing.operations.filing import make_filed_batches, mark_sent
from billing.queries.calendar import is_over, month_title, page_zone
from billing.queries.claim_pages import claims_numbered
from billing.queries.claimable import claimable_unseen
from billing.queries.claims import batch_with_file
from billing.queries.filing_facts import FilingPlan, PayerPlan, Prepared, filing_plan
from billing.rules.filing_deadline import Deadline, deadline
from billing.rules.x12.claim import Ids
from billing.views.batches import left_out
from billing.views.mending import mending, named
from caseload.rules.clock import local_date

MOST_SHOWN = 50


@requires(Permission.MAKE_BATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def filing_new(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """What would leave for each payer, what is to be mended first, and making the files."""
    now, by = timezone.now(), seat(request)
    today = local_date(now, page_zone(by.organization_id))
    posted = request.method == "POST"
    seen = posted and "has_seen_papers" in request.POST
    plan = filing_plan(by.organization_id, month, at=now, has_seen_papers=seen)
    ready = [one.payer_id for one in plan.payers if one.leaves]
    form = FilingForm.sent(request.POST) if posted and "table" not in request.POST else FilingForm.fresh(ready)
    refusal = ""
    if posted and "table" in request.POST:
        made_table, refusal = _table(request, plan, month, by, now, seen)
        if made_table is not None:
            messages.success(request, f"Batch {made_table.number} is a table of {made_table.claim_count} claims.")
            return redirect("batch", organization, made_table.id)
    elif posted and form.is_valid() and (token := form.token_for(*map(str, form.cleaned_data["payers"]))):
        try:
            made = make_filed_batches(
                by=by,
                at=now,
                month=month,
                client_token=token,
                payer_ids=form.cleaned_data["payers"],
                has_seen_papers=form.cleaned_data["has_seen_papers"],
            )
        except DomainError as fault:
            refusal = str(fault)
        else:
            claims = sum(batch.claim_count for batch in made)
            said = f"Batch {made[0].number} holds" if len(made) == 1 else f"{len(made)} batches hold"
            messages.success(request, f"{said} {claims} {'claim' if claims == 1 else 'claims'}.")
            return redirect("batch", organization, made[0].id) if len(made) == 1 else redirect("batches", organization)
    record("filing.viewed", by=by, at=now, shown=_shown(plan))
    context: dict[str, Any] = {
        "form": form,
        "month": month,
        "title": month_title(month),
        "plan": plan,
        "payers": _payers(plan, form, organization, month, by, today),
        "today": today,
        "unseen": sum(len(payer.unseen) for payer in plan.payers),
        "is_over": is_over(by.organization_id, month, now),
        "are_tests": any(payer.head is not None and payer.head.is_test for payer in plan.payers),
        "refusal": refusal,
        "left_out": left_out(claimable_unseen(by.organization_id, month)),
    }
    return render(request, "billing/filing_new.html", context, status=422 if refusal or form.errors else 200)


def _shown(plan: FilingPlan) -> set[UUID]:
    """Whom the page names: of each payer the first to mend and the first that are ready."""
    slices = (rows[:MOST_SHOWN] for payer in plan.payers for rows in (payer.to_mend, payer.ready))
    return {one.billable.episode.patient_id for rows in slices for one in rows}


def _payers(
    plan: FilingPlan, form: FilingForm, slug: str, month: str, by: Membership, today: date
) -> list[dict[str, Any]]:
    back = reverse("filing_new", args=[slug, month])
    mend = mending(slug, month, permissions_of(by.roles), back=back, name=named(by.organization_id))
    chosen = form.chosen()
    return [
        {
            "plan": payer,
            "is_chosen": payer.payer_id in chosen,
            "file_faults": [mend(fault) for fault in payer.file_faults],
            "to_mend": [
                (one, [mend(fault, *_whose(one)) for fault in one.faults], _file_by(payer, [one], today))
                for one in payer.to_mend[:MOST_SHOWN]
            ],
            "file_by": _file_by(payer, [*payer.ready, *payer.to_mend, *payer.unseen], today),
            "more": max(len(payer.to_mend) - MOST_SHOWN, 0),
            "ready": payer.ready[:MOST_SHOWN],
            "more_ready": max(len(payer.ready) - MOST_SHOWN, 0),
            "why_not": why_not(payer) if plan.has_provider else "",
            "by_table": by_table(payer),
        }
        for payer in plan.payers
    ]


def _whose(one: Prepared) -> tuple[Ids, UUID | None]:
    """Whose pages mend the claim, and who cares for the patient."""
    return one.claim.ids, one.billable.episode.care_manager_id


def _file_by(payer: PayerPlan, ones: Sequence[Prepared], today: date) -> Deadline | None:
    """The last day on which all of these are taken; None where nobody set down the payer's days."""
    if payer.route is None or not ones:
        return None
    return deadline(min(one.claim.service_on for one in ones), payer.route.filing_days, today)


def by_table(payer: PayerPlan) -> list[Prepared]:
    """What no file of this payer will hold: months of health centers, and all where nobody takes its files."""
    ones = [*payer.institutional]
    return ones if payer.head is not None else [*payer.ready, *payer.to_mend, *ones]


def _table(
    request: HttpRequest, plan: FilingPlan, month: str, by: Membership, at: datetime, has_seen_papers: bool
) -> tuple[Any, str]:
    """A table of what leaves by no file of the chosen payer, or why there is none."""
    payer = next((one for one in plan.payers if str(one.payer_id) == request.POST["table"]), None)
    token = FilingForm.sent(request.POST).token_for("table", request.POST["table"])
    if token is None:
        return None, "Press the button again: this page was open for too long."
    # A second press finds nothing left, and is answered with the first one's table.
    episodes = [one.billable.episode.id for one in by_table(payer)] if payer else []
    try:
        return (
            make_batch(
                by=by,
                at=at,
                month=month,
                client_token=token,
                episode_ids=episodes,
                has_seen_papers=has_seen_papers,
            ),
            "",
        )
    except DomainError as fault:
        return None, str(fault)


def why_not(payer: PayerPlan) -> str:
    """Why there is no file for a payer, where somebody is set down who files; empty where there is one."""
    if payer.head is not None:
        return ""
    if payer.route is None or payer.route.receiver is None:
        return "Nobody set down who takes this payer’s files."
    return "The clearinghouse that takes this payer’s files is not in use any more."


@requires(Permission.MAKE_BATCH)
@require_POST
def batch_sent(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    """Somebody handed the file over. A batch whose page is not there for them is none that they can mark."""
    by = seat(request)
    try:
        batch_with_file(by.organization_id, batch_id)
        batch = mark_sent(by=by, at=timezone.now(), batch_id=batch_id)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, f"Batch {batch.number} is marked as handed over.")
    return redirect("batch", organization, batch_id)


@requires(Permission.VIEW_CLAIMS)
@require_http_methods(["GET", "HEAD", "POST"])
def claim_search(request: HttpRequest, organization: str) -> HttpResponse:
    """Claims by a number that a payer or clearinghouse names; the number is posted, never in an address."""
    by = seat(request)
    posted = request.method == "POST"
    form = ClaimSearchForm(request.POST if posted else None)
    found = None
    if posted and form.is_valid():
        found = claims_numbered(by.organization_id, form.cleaned_data["number"])
        seen = [claim.patient_id for claim in found]
        record("claims.searched", by=by, at=timezone.now(), shown=seen)
        if len(found) == 1:
            return redirect("claim", organization, found[0].id)
    context = {"form": form, "found": found}
    return render(request, "billing/claim_search.html", context, status=422 if form.errors else 200)
