"""Saying by hand which claim or batch an answer means, or that it is none of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat
from billing.forms.answers import AsideForm, FileMeantForm, MeantForm, SearchForm
from billing.operations.answer_matching import match_acknowledgement, match_claim, set_claim_aside
from billing.queries.answer_candidates import Candidate, claim_candidates, claims_named, recent_files, waiting_claim
from billing.queries.answers import said_shown, waiting_shown
from billing.queries.calendar import page_zone
from caseload.rules.clock import local_date


@requires(Permission.TAKE_ANSWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_claim_match(request: HttpRequest, organization: str, remittance_claim_id: UUID) -> HttpResponse:
    """What was received beside the claims that it may mean: choose one, find another, or set it aside."""
    by, now, row_id = seat(request), timezone.now(), remittance_claim_id
    search, aside, meant = SearchForm(), AsideForm(), MeantForm()
    match request.POST.get("act", "") if request.method == "POST" else "see":
        case "match":
            meant = MeantForm(request.POST)
            if meant.is_valid():
                chosen = meant.cleaned_data["claim"]
                return _done(
                    request, lambda: match_claim(by=by, at=now, remittance_claim_id=row_id, claim_id=chosen), "Matched."
                )
        case "aside":
            aside = AsideForm(request.POST)
            if aside.is_valid():
                because = aside.cleaned_data["because"]
                return _done(
                    request,
                    lambda: set_claim_aside(by=by, at=now, remittance_claim_id=row_id, because=because),
                    "Set aside.",
                )
        case "see":
            pass
        case _:
            search = SearchForm(request.POST)
            search.is_valid()
    words = search.cleaned_data.get("words", "") if search.is_bound else ""
    return _claim_page(request, row_id, words, {"search": search, "aside": aside, "meant": meant})


@requires(Permission.TAKE_ANSWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_match(request: HttpRequest, organization: str, acknowledgement_id: UUID) -> HttpResponse:
    """What was said, and the batches and claims that it may mean."""
    by, now, row_id = seat(request), timezone.now(), acknowledgement_id
    batches = [(str(batch_id), name) for batch_id, name in recent_files(by.organization_id)]
    search, meant, file = SearchForm(), MeantForm(), FileMeantForm(batches=batches)
    match request.POST.get("act", "") if request.method == "POST" else "see":
        case "match":
            meant = MeantForm(request.POST)
            if meant.is_valid():
                chosen = meant.cleaned_data["claim"]
                return _done(
                    request,
                    lambda: match_acknowledgement(by=by, at=now, acknowledgement_id=row_id, claim_id=chosen),
                    "Matched.",
                )
        case "file":
            file = FileMeantForm(request.POST, batches=batches)
            if file.is_valid():
                batch = UUID(file.cleaned_data["batch"])
                return _done(
                    request,
                    lambda: match_acknowledgement(by=by, at=now, acknowledgement_id=row_id, batch_id=batch),
                    "Matched.",
                )
        case "aside":
            return _done(request, lambda: match_acknowledgement(by=by, at=now, acknowledgement_id=row_id), "Set aside.")
        case "see":
            pass
        case _:
            search = SearchForm(request.POST)
            search.is_valid()
    words = search.cleaned_data.get("words", "") if search.is_bound else ""
    forms = {"search": search, "file": file, "meant": meant}
    return _said_page(request, row_id, words, forms, has_batches=bool(batches))


def _done(request: HttpRequest, act: Callable[[], Any], said: str) -> HttpResponse:
    """Do it and go on with what waits; a refusal is said there."""
    try:
        act()
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("answers_unmatched", seat(request).organization.slug)


def _claim_page(request: HttpRequest, row_id: UUID, words: str, forms: dict[str, Any]) -> HttpResponse:
    by = seat(request)
    try:
        row = waiting_claim(by.organization_id, row_id)
    except NotFound:
        raise Http404 from None
    shown = waiting_shown(by.organization_id, row_id)
    candidates = claim_candidates(by.organization_id, row, words=words) if shown.is_waiting else []
    return _page(request, "billing/answer_claim_match.html", {"row": shown, **forms}, candidates, words)


def _said_page(
    request: HttpRequest, row_id: UUID, words: str, forms: dict[str, Any], *, has_batches: bool
) -> HttpResponse:
    by = seat(request)
    try:
        said = said_shown(by.organization_id, row_id)
    except NotFound:
        raise Http404 from None
    candidates = claims_named(by.organization_id, words) if said.is_waiting else []
    context = {"said": said, "has_batches": has_batches, **forms}
    return _page(request, "billing/answer_match.html", context, candidates, words)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], candidates: list[Candidate], words: str
) -> HttpResponse:
    by, now = seat(request), timezone.now()
    record("answers.viewed", by=by, at=now, count=len(candidates) + 1, fields=["candidates"])
    zone = page_zone(by.organization_id)
    is_wrong = any(getattr(form, "errors", None) for form in context.values())
    more = {"candidates": candidates, "words": words, "zone": zone.key, "today": local_date(now, zone)}
    return render(request, template, {**context, **more}, status=422 if is_wrong else 200)
