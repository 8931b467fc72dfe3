"""One claim: what it asks, what came back, sending it corrected, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.filing import CorrectionForm, OutsideForm
from billing.operations.claim_corrections import correct_claim, void_claim
from billing.operations.claims_outside import record_correction, record_end
from billing.operations.errors import ClaimFaulty
from billing.queries.calendar import month_title
from billing.queries.claim_answers import claim_work
from billing.queries.claim_pages import ClaimPage, Entry, claim_page
from billing.queries.claim_states import DENIED, PARTLY_PAID, REJECTED, REVERSED
from billing.queries.other_plans import other_plans
from billing.rules.claim_ways import Way
from billing.views.mending import Mend, mends_of
from caseload.rules.clock import local_date

NEED_WORK = frozenset({REJECTED, DENIED, PARTLY_PAID, REVERSED})
# Faults that the form itself mends, by the names of its fields.
FIELDS = frozenset({"payer_claim_number"})
FREQUENCIES = {"1": "", "7": "Replaces an earlier claim", "8": "Takes an earlier claim back"}


@requires(Permission.VIEW_CLAIMS)
@require_safe
def claim(request: HttpRequest, organization: str, claim_id: UUID) -> HttpResponse:
    now, by = timezone.now(), seat(request)
    page = _page_of(by, claim_id)
    may = permissions_of(by.roles)
    asked = (page.patient_id, page.payer, page.service_on)
    record("claim.viewed", by=by, at=now, object_id=claim_id, patient_id=page.patient_id)
    context: dict[str, Any] = {
        **_about(page),
        "entries": [_entry(entry, organization, may) for entry in page.entries],
        "relatives": [(one, FREQUENCIES[one.frequency]) for one in page.relatives],
        "others": other_plans(by.organization_id, [asked]).get(asked, ()),
        "needs_work": page.state.word in NEED_WORK,
        "may_batch": Permission.MAKE_BATCH in may,
        "may_work": Permission.WORK_DENIALS in may and not page.is_superseded and not page.is_test,
        "may_void_again": Permission.WORK_DENIALS in may and page.frequency == "8" and page.state.word == REJECTED,
        "today": local_date(now, page.zone),
    }
    return render(request, "billing/claim.html", context)


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def claim_correct(request: HttpRequest, organization: str, claim_id: UUID) -> HttpResponse:
    """Ask anew what the closed month asks now, by a file or as it was done outside."""
    operations = (correct_claim, record_correction)
    return _work(request, organization, claim_id, operations, "billing/claim_correct.html", _corrected)


@requires(Permission.WORK_DENIALS)
@require_http_methods(["GET", "HEAD", "POST"])
def claim_void(request: HttpRequest, organization: str, claim_id: UUID) -> HttpResponse:
    """Take back a claim whose month asks nothing of that payer any more."""
    operations = (void_claim, record_end)
    return _work(request, organization, claim_id, operations, "billing/claim_void.html", _ended)


def _work(
    request: HttpRequest,
    organization: str,
    claim_id: UUID,
    operations: tuple[Callable[..., Any], Callable[..., Any]],
    template: str,
    said: Callable[[Any, bool, UUID], str],
) -> HttpResponse:
    now, by = timezone.now(), seat(request)
    page = _page_of(by, claim_id)
    today = local_date(now, page.zone)
    work = claim_work(by.organization_id, claim_id, today)
    is_outside = work.way in (Way.REOPENING, Way.TABLE)
    form = OutsideForm.fresh() if is_outside else CorrectionForm.fresh(_number(page))
    done = _Done()
    if request.method == "POST":
        form = OutsideForm(request.POST) if is_outside else CorrectionForm(request.POST)
        done = _done(form, operations[is_outside], by, now, claim_id)
        if done.made is not None:
            messages.success(request, said(done.made, is_outside, claim_id))
            return redirect("claim", organization, done.made.id)
    record("claim.viewed", by=by, at=now, object_id=claim_id, patient_id=page.patient_id)
    context = {
        **_about(page),
        "form": form,
        "refusal": done.refusal,
        "mends": _mends(done, by, page.month, request.path),
        "work": work,
        "is_outside": is_outside,
        "today": today,
    }
    return render(request, template, context, status=422 if done.is_refused or form.errors else 200)


@dataclass(frozen=True, slots=True)
class _Done:
    """The claim that was made; else why none was, or what keeps it from leaving."""

    made: Any = None
    refusal: str = ""
    faulty: ClaimFaulty | None = None

    @property
    def is_refused(self) -> bool:
        return bool(self.refusal or self.faulty)


def _mends(done: _Done, by: Membership, month: str, back: str) -> list[Mend]:
    """What is to be mended before the claim leaves, each with its page; what the form asks stands at its field."""
    if done.faulty is None:
        return []
    faults = [fault for fault in done.faulty.faults if fault.word not in FIELDS]
    ids, care_manager_id = done.faulty.ids, done.faulty.care_manager_id
    return mends_of(faults, by, month, back=back, ids=ids, care_manager_id=care_manager_id)


def _number(page: ClaimPage) -> str:
    return page.state.payer_claim_number or page.payer_claim_number


def _corrected(made: Any, is_outside: bool, claim_id: UUID) -> str:
    if is_outside:
        return f"The correction is recorded. Batch {made.batch.number} is a table of what is asked now, to key from."
    return f"The claim goes out corrected in batch {made.batch.number}. Hand its file over."


def _ended(made: Any, is_outside: bool, claim_id: UUID) -> str:
    if is_outside:
        return "The claim stands no more, and what was done is kept with it."
    if made.id == claim_id:
        return "The claim is taken back. No payer kept it, so nobody needs telling."
    return f"The claim is taken back in batch {made.batch.number}. Hand its file over."


def _done(
    form: CorrectionForm | OutsideForm, operation: Callable[..., Any], by: Membership, at: datetime, claim_id: UUID
) -> _Done:
    """The claim that was made, or the refusal; neither where the form is faulty."""
    if not form.is_valid():
        return _Done()
    try:
        return _Done(operation(by=by, at=at, claim_id=claim_id, **form.cleaned_data))
    except ClaimFaulty as fault:
        for one in fault.faults:
            if one.word in FIELDS:
                form.add_error(one.word, one.sentence)
        return _Done(faulty=fault)
    except DomainError as fault:
        return _Done(refusal=str(fault))


def _about(page: ClaimPage) -> dict[str, Any]:
    return {
        "page": page,
        "title": f"Claim {page.name}",
        "sub": f"{page.patient_name} · {month_title(page.month)} · {page.payer}",
        "frequency": FREQUENCIES[page.frequency],
    }


def _entry(entry: Entry, slug: str, may: frozenset[Permission]) -> dict[str, Any]:
    urls = {"batch": ("batch", Permission.MAKE_BATCH), "answer": ("answer", Permission.TAKE_ANSWERS)}
    name, permission = urls.get(entry.kind, ("", None))
    url = reverse(name, args=[slug, entry.object_id]) if permission in may else ""
    parts = ("on", "title", "icon", "who", "text", "facts", "tone")
    return {part: getattr(entry, part) for part in parts} | {"url": url}


def _page_of(by: Membership, claim_id: UUID) -> ClaimPage:
    try:
        return claim_page(by.organization_id, claim_id)
    except NotFound:
        raise Http404 from None
