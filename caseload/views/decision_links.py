"""What a clinician sees who follows a link: without an account, without scripts; nothing of a patient before the code.

As with patients' links, the address is a secret that does what a form's token does elsewhere; and whatever is wrong
with a link (mistyped, another's, used, expired, withdrawn, locked), the page is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import public
from bhi.accounts.queries import system_membership
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.web.limits import is_over_limit
from caseload.forms.decision_links import CodeForm, DecisionsForm
from caseload.operations.advice import AdviceMoved, WordsMissing
from caseload.operations.decision_links import (
    LinkOver,
    NoMoreCodes,
    ask_for_code,
    confirm_code,
    decide_behind_link,
)
from caseload.queries.decision_links import LinkOpened, asks_behind, decision_link, may_be_told, notices_behind
from caseload.rules.decision_links import LinkState
from registry.rules.links import read_address

COOKIE = "d"
UNKNOWN_A_MINUTE = 30

Handler = Callable[[HttpRequest, str, LinkOpened], HttpResponse]


def _page_of_link(handler: Handler) -> Callable[..., HttpResponse]:
    """A page below a link's address: finds it in its organization's tenant, and answers for every closed one."""

    @wraps(handler)
    def view(request: HttpRequest, token: str) -> HttpResponse:
        at, address = timezone.now(), read_address(token)
        if address is None or address.organization_id is None:
            return _private(_unknown(request))
        with tenant(address.organization_id):
            link = decision_link(address, organization_id=address.organization_id, at=at)
            if link is not None:
                return _private(_guarded(handler, request, token, link))
        return _private(_unknown(request))

    exempt = csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(view))
    marked: Callable[..., HttpResponse] = public(exempt)
    return marked


@_page_of_link
def decide(request: HttpRequest, token: str, link: LinkOpened) -> HttpResponse:
    """What this is; or, for the browser that confirmed the code, what is asked, and the decisions."""
    if not _is_same_browser(request, link):
        return render(request, "decision/intro.html", _about(token, link))
    asks = asks_behind(link)
    if not asks:
        return _closed(request)
    form = DecisionsForm(asks, request.POST if request.method == "POST" else None)
    said = ""
    if request.method == "POST" and not form.errors:
        try:
            decide_behind_link(
                organization_id=link.organization_id,
                link_id=link.id,
                at=link.at,
                session_sha256=link.session_sha256,
                decisions=form.decisions,
            )
            return redirect("decide", token)
        except (AdviceMoved, WordsMissing) as fault:
            said = str(fault)
    by, first = system_membership(link.organization_id), asks[0].asked
    record("advice.link_viewed", by=by, at=link.at, patient_id=link.patient_id, object_id=link.id)
    who = {"patient": first.patient, "reviewed_on": first.reviewed_on}
    team = {"consultant": first.consultant, "care_manager": first.care_manager}
    context = {"form": form, "said": said, "notices": notices_behind(link), **who, **team}
    return render(request, "decision/decide.html", context, status=422 if request.method == "POST" else 200)


@_page_of_link
def decide_code(request: HttpRequest, token: str, link: LinkOpened) -> HttpResponse:
    """Send a code to the known address."""
    if request.method != "POST":
        return redirect("decide", token)
    try:
        ask_for_code(organization_id=link.organization_id, link_id=link.id, at=link.at)
    except NoMoreCodes:
        return redirect("decide", token)
    return redirect("decide_confirm", token)


@_page_of_link
def decide_confirm(request: HttpRequest, token: str, link: LinkOpened) -> HttpResponse:
    """The code, which binds the link to this browser."""
    if _is_same_browser(request, link):
        return redirect("decide", token)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "decision/confirm.html", {**_about(token, link), "form": form}, status=status)
    session, code = token_urlsafe(32), form.cleaned_data["code"]
    of = {"organization_id": link.organization_id, "link_id": link.id, "at": link.at}
    if confirm_code(**of, code=code, session_sha256=_hash(session)):  # type: ignore[arg-type]
        answer = redirect("decide", token)
        _bind(answer, token, session)
        return answer
    left = link.facts.tries_left - 1
    if left <= 0:
        return _closed(request)
    form.add_error("code", "This is not the code that was sent last, or its ten minutes are over.")
    context = {**_about(token, link), "form": form, "tries_left": left}
    return render(request, "decision/confirm.html", context, status=422)


def _guarded(handler: Handler, request: HttpRequest, token: str, link: LinkOpened) -> HttpResponse:
    """A page of an open link, or what is shown instead of it."""
    if link.state is LinkState.DECIDED and _is_same_browser(request, link):
        return render(request, "decision/done.html")
    if not link.is_open or not may_be_told(link.organization_id, link.patient_id, on=link.today):
        return _closed(request)
    try:
        return handler(request, token, link)
    except (LinkOver, NotFound):  # in the moment between: by another tab
        return _closed(request)


def _about(token: str, link: LinkOpened) -> dict[str, Any]:
    return {"token": token, "link": link, "has_code": link.facts.has_code(link.at)}


def _bind(answer: HttpResponse, token: str, session: str) -> None:
    answer.set_cookie(
        COOKIE,
        session,
        path=reverse("decide", args=[token]),
        secure=not settings.DEVELOPMENT,
        httponly=True,
        samesite="Lax",
    )


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "decision/closed.html", status=404)


def _unknown(request: HttpRequest) -> HttpResponse:
    if is_over_limit(request, "decisions", most=UNKNOWN_A_MINUTE):
        return render(request, "decision/too_many.html", status=429)
    return _closed(request)


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: no other page is told it, nobody lists or keeps it."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_same_browser(request: HttpRequest, link: LinkOpened) -> bool:
    """Whether the code was confirmed here."""
    return bool(link.session_sha256) and constant_time_compare(
        _hash(request.COOKIES.get(COOKIE, "")), link.session_sha256
    )


def _hash(session: str) -> bytes:
    return sha256(session.encode()).digest()
