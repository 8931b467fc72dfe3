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
from bhi.web.whole_sight import needs_every_clinic
from billing.forms.answers import AsideForm, FileMeantForm, MeantForm, SearchForm, UndoForm
from billing.operations.answer_matching import match_acknowledgement, match_claim, set_claim_aside
from billing.operations.answer_undoing import undo_acknowledgement_match, undo_claim_match
from billing.queries.answer_candidates import Candidate, claim_candidates, received_of, recent_files
from billing.queries.answers import matches_undone, said_shown, waiting_shown
from billing.queries.answers_shown import SaidShown
from billing.queries.calendar import page_zone
from billing.queries.whom_shown import patients_meant
from billing.views.answers import WITHOUT_CLAIM
from caseload.rules.clock import local_date

_FORMS = {"match": "meant", "aside": "aside", "file": "file", "undo": "undo"}
_WAITS = "Taken back. It waits in this list again."


@requires(Permission.TAKE_ANSWERS)
@needs_every_clinic(WITHOUT_CLAIM)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_claim_match(request: HttpRequest, organization: str, remittance_claim_id: UUID) -> HttpResponse:
    """What was received beside the claims that it may mean: choose one, find another, set it aside, or take it back."""
    who: dict[str, Any] = {"by": seat(request), "at": timezone.now(), "remittance_claim_id": remittance_claim_id}
    forms: dict[str, Any] = {"search": SearchForm(), "aside": AsideForm(), "meant": MeantForm(), "undo": UndoForm()}
    name = _bound(request, forms)
    if name and forms[name].is_valid():
        given = forms[name].cleaned_data
        match name:
            case "meant":
                return _done(request, lambda: match_claim(**who, claim_id=given["claim"]), "Matched.")
            case "aside":
                return _done(request, lambda: set_claim_aside(**who, because=given["because"]), "Set aside.")
            case "undo":
                return _done(request, lambda: undo_claim_match(**who, because=given["because"]), _WAITS)
    return _claim_page(request, remittance_claim_id, _words(forms["search"]), forms)


@requires(Permission.TAKE_ANSWERS)
@needs_every_clinic(WITHOUT_CLAIM)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_match(request: HttpRequest, organization: str, acknowledgement_id: UUID) -> HttpResponse:
    """What was said, and the batches and claims that it may mean: choose one, set it aside, or take it back."""
    who: dict[str, Any] = {"by": seat(request), "at": timezone.now(), "acknowledgement_id": acknowledgement_id}
    said = _said(seat(request).organization_id, acknowledgement_id)
    files = _files(request, said)
    forms: dict[str, Any] = {"search": SearchForm(), "meant": MeantForm(), "aside": AsideForm(), "undo": UndoForm()}
    if files is not None:
        forms["file"] = FileMeantForm(**files)
    name = _bound(request, forms, **(files or {}))
    if name and forms[name].is_valid():
        given = forms[name].cleaned_data
        match name:
            case "meant":
                return _done(request, lambda: match_acknowledgement(**who, claim_id=given["claim"]), "Matched.")
            case "file":
                return _done(request, lambda: match_acknowledgement(**who, batch_id=given["batch_id"]), "Matched.")
            case "aside":
                return _done(request, lambda: match_acknowledgement(**who, because=given["because"]), "Set aside.")
            case "undo":
                return _done(request, lambda: undo_acknowledgement_match(**who, because=given["because"]), _WAITS)
    return _said_page(request, said, _words(forms["search"]), forms)


def _files(request: HttpRequest, said: SaidShown) -> dict[str, Any] | None:
    """Of a file's acknowledgement, the batches that it may mean; None of one claim's, or what was said once would be
    said of all of them.
    """
    if said.is_of_claim:
        return None
    by = seat(request)
    batches = [(str(batch_id), name) for batch_id, name in recent_files(by.organization_id)]
    return {"batches": batches, "organization_id": by.organization_id}


def _said(organization_id: UUID, row_id: UUID) -> SaidShown:
    try:
        return said_shown(organization_id, row_id)
    except NotFound:
        raise Http404 from None


def _bound(request: HttpRequest, forms: dict[str, Any], **more: Any) -> str:
    """Put what was sent into its form, and say which; any other act is a search."""
    if request.method != "POST":
        return ""
    name = _FORMS.get(request.POST.get("act", ""), "search")
    name = name if name in forms else "search"
    forms[name] = type(forms[name])(request.POST, **(more if name == "file" else {}))
    return name


def _words(search: SearchForm) -> str:
    """What was searched for, once it is fit to search for."""
    return search.cleaned_data.get("words", "") if search.is_bound and search.is_valid() else ""


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
        shown = waiting_shown(by.organization_id, row_id)
    except NotFound:
        raise Http404 from None
    candidates = claim_candidates(by.organization_id, received_of(shown), words=words) if shown.is_waiting else []
    context = {"row": shown, "undone": matches_undone(by.organization_id, row_id), **forms}
    return _page(request, "billing/answer_claim_match.html", context, candidates, words)


def _said_page(request: HttpRequest, said: SaidShown, words: str, forms: dict[str, Any]) -> HttpResponse:
    by = seat(request)
    candidates: list[Candidate] = []
    if said.is_waiting and (said.is_of_claim or words):
        candidates = claim_candidates(by.organization_id, received_of(said), words=words, with_tests=True)
    context = {"said": said, "undone": matches_undone(by.organization_id, said.id), **forms}
    return _page(request, "billing/answer_match.html", context, candidates, words)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], candidates: list[Candidate], words: str
) -> HttpResponse:
    by, now = seat(request), timezone.now()
    seen = {one.patient_id for one in candidates} | patients_meant(context.get(key) for key in ("row", "said"))
    record("answers.viewed", by=by, at=now, count=len(candidates) + 1, shown=seen, fields=["candidates"])
    zone = page_zone(by.organization_id)
    is_wrong = any(getattr(form, "errors", None) for form in context.values())
    more = {"candidates": candidates, "words": words, "zone": zone.key, "today": local_date(now, zone)}
    return render(request, template, {**context, **more}, status=422 if is_wrong else 200)
