"""Once a quarter: who may do what, looked through and signed by a lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.operations.access_reviews import Chosen, LinesOpen, keep_access_review, sign_access_review
from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries.access_reviews import (
    WORDS,
    Decision,
    ReviewLine,
    ReviewShown,
    quarter_of,
    quarter_words,
    review_due,
    review_of,
    reviews_listed,
)
from bhi.accounts.queries.people import day_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import cut, page_number
from bhi.web.asked import seat as asking_seat

PAGE = 100
_MOST_DIGITS = 6


@requires(Permission.VIEW_SETTINGS_HISTORY)
@require_safe
def access_reviews(request: HttpRequest, organization: str) -> HttpResponse:
    """Those of the past, and the one that is due."""
    by, at = asking_seat(request), timezone.now()
    due = review_due(by.organization_id, at)
    record("access_reviews.viewed", by=by, at=at)
    context = {
        "reviews": [(one, quarter_words(one.quarter)) for one in reviews_listed(by.organization_id) if one.signed_at],
        "due": due,
        "due_words": quarter_words(due) if due else "",
        "may_sign": Permission.SIGN_ACCESS in permissions_of(by.roles),
    }
    return render(request, "people/access_reviews.html", context)


@requires(Permission.VIEW_SETTINGS_HISTORY)
@require_safe
def access_review(request: HttpRequest, organization: str, quarter: str) -> HttpResponse:
    """A signed one as it was; the present one with what was chosen so far."""
    by, at = asking_seat(request), timezone.now()
    try:
        day = date.fromisoformat(quarter)
        shown = review_of(by.organization_id, day, today=day_of(by.organization_id, at))
    except (NotFound, ValueError):
        raise Http404 from None
    may_sign = Permission.SIGN_ACCESS in permissions_of(by.roles)
    if not shown.signed_at and not may_sign:
        raise Http404
    record("access_review.viewed", by=by, at=at)
    number = 0 if shown.signed_at and request.GET.get("page") == "all" else page_number(request)
    return _page(request, shown, number)


@requires(Permission.SIGN_ACCESS)
@require_POST
def access_review_sign(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep what was chosen so far, or sign it."""
    by, at = asking_seat(request), timezone.now()
    today, chosen = day_of(by.organization_id, at), _chosen(request)
    is_open: frozenset[str] = frozenset()
    number = int(page) if (page := request.POST.get("page", "1")).isdecimal() and len(page) < _MOST_DIGITS else 1
    url = reverse("access_review", args=[organization, quarter_of(today).isoformat()])
    try:
        if request.POST.get("do") in ("keep", "next"):
            keep_access_review(by=by, at=at, today=today, chosen=chosen)
            messages.success(request, "Kept. Nothing is signed yet.")
            return redirect(f"{url}?page={number + (request.POST['do'] == 'next')}")
        seen = request.POST.get("fingerprint", "")
        sign_access_review(by=by, at=at, today=today, chosen=chosen, fingerprint=seen)
        messages.success(request, "Signed. The list stays as it is now.")
        return redirect(url)
    except LinesOpen as fault:
        said, is_open = str(fault), fault.seats
    except DomainError as fault:
        said = str(fault)
    shown = review_of(by.organization_id, quarter_of(today), today=today)
    if shown.signed_at:
        messages.error(request, said)
        return redirect(url)
    if is_open and not is_open & chosen.keys():
        # Nothing of this page is open, so it is kept; somebody of another page is.
        keep_access_review(by=by, at=at, today=today, chosen=chosen)
        number = 1 + next(place for place, line in enumerate(shown.lines) if line.seat in is_open) // PAGE
    return _page(request, _typed(shown, chosen), number, said=said, is_open=is_open)


def _chosen(request: HttpRequest) -> Chosen:
    keys = [key.removeprefix("decision-") for key in request.POST if key.startswith("decision-")]
    keys += [key.removeprefix("reason-") for key in request.POST if key.startswith("reason-")]
    said = request.POST
    return {key: (said.get(f"decision-{key}", ""), said.get(f"reason-{key}", "")) for key in dict.fromkeys(keys)}


def _typed(shown: ReviewShown, chosen: Chosen) -> ReviewShown:
    lines = (_as_typed(line, *chosen.get(line.seat, (line.decision, line.reason))) for line in shown.lines)
    return replace(shown, lines=tuple(lines))


def _as_typed(line: ReviewLine, decision: str, reason: str) -> ReviewLine:
    return replace(line, decision=decision if decision in set(Decision) else "", reason=reason)


def _page(
    request: HttpRequest, shown: ReviewShown, number: int, *, said: str = "", is_open: frozenset[str] = frozenset()
) -> HttpResponse:
    by = asking_seat(request)
    context = {
        "shown": shown,
        "cut": cut(shown.lines, number, PAGE) if number else cut(shown.lines, 1, max(len(shown.lines), 1)),
        "undecided": sum(not line.decision for line in shown.lines),
        "words": quarter_words(shown.quarter),
        "choices": [(key.value, label) for key, label in WORDS.items()],
        "said": said,
        "is_open": is_open,
        "may_manage": Permission.MANAGE_PEOPLE in permissions_of(by.roles),
    }
    name = "people/access_review_signed.html" if shown.signed_at else "people/access_review.html"
    return render(request, name, context, status=422 if said else 200)
