"""Between a session and what it asks for: its hours, its lock, its second factor, and who it is once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from allauth.account.internal.flows.logout import logout
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bhi.accounts import second_factor, sessions
from bhi.accounts.forms.proof import FIELDS, ProofForm, carried, without_proof
from bhi.accounts.known_devices import CAME, remember
from bhi.accounts.locking import Standing, locks_at, standing
from bhi.accounts.middleware import to_sign_in
from bhi.accounts.models import SignInKind
from bhi.accounts.permissions import PUBLIC, declared
from bhi.accounts.places import happened
from bhi.accounts.queries.screen_lock import idle_seconds_of
from bhi.accounts.recent import minutes_of
from bhi.web.frame import EMPTY

Handler = Callable[[HttpRequest], HttpResponse]

# What a locked screen lets through. Signing out is for anybody.
WHILE_LOCKED: Final = frozenset({"unlock", "session_state", "draft_save"})
# What a page asks by itself: nobody need be there. htmx also renews parts of pages by GET.
BY_ITSELF: Final = frozenset({"unlock", "session_state", "draft_save", "job_progress", "session_pulse"})
# For anybody, but for who is signed in an act of theirs: the session has to be open, and with its second factor.
PUBLIC_BUT_THEIRS: Final = frozenset({"invited"})
LOCKED: Final = 423


class SessionWallMiddleware:
    """Asked before the view runs, after its form's token was checked. Public views are not concerned, but for one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        came: UUID | None = getattr(request, CAME, None)
        if came:
            remember(request, response, came)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        is_public = declared(view, name) == PUBLIC and name not in PUBLIC_BUT_THEIRS
        if is_public or not request.user.is_authenticated:
            return None
        now = int(time.time())
        return (
            _out_of_hours(request, name, now)
            or _without_second_factor(request, name)
            or _not_proved_lately(request, minutes_of(view, name, request.method or "GET"), now)
        )


def _out_of_hours(request: HttpRequest, name: str, now: int) -> HttpResponse | None:
    if not settings.WATCHES_SESSIONS:
        return None
    watch = sessions.watch_of(request.session, now)
    state = standing(watch, now)
    if state is Standing.OVER:
        logout(request, show_message=False)
        return to_sign_in(request)
    if state is Standing.OPEN:
        if is_by_somebody(request, name):
            sessions.touch(request.session, now, idle_of=partial(idle_seconds_of, request.user.pk))
        return None
    if watch.locked_at is None:
        sessions.lock(request.session, locks_at(watch))
        happened(SignInKind.LOCKED, request, user_id=request.user.pk)
    return None if name in WHILE_LOCKED else _ask(request, status=LOCKED)


def is_by_somebody(request: HttpRequest, name: str) -> bool:
    """Whether a person did this, rather than the page by itself."""
    is_refresh = request.method == "GET" and "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    return name not in BY_ITSELF and not is_refresh


def _without_second_factor(request: HttpRequest, name: str) -> HttpResponse | None:
    address = second_factor.missing(request, name) if settings.REQUIRE_MFA else ""
    if not address:
        return None
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _not_proved_lately(request: HttpRequest, minutes: int | None, now: int) -> HttpResponse | None:
    if minutes is None or not settings.WATCHES_SESSIONS:
        return None
    if now - sessions.proved_at(request.session) < minutes * 60:
        return None
    return _ask(request, status=422)


def _ask(request: HttpRequest, *, status: int) -> HttpResponse | None:
    """The page that asks who it is, unless the answer came along with what was asked: then that goes on."""
    is_answer = request.method == "POST" and any(request.POST.get(field) for field in FIELDS)
    form = ProofForm(request.POST if is_answer else None, request=request)
    if is_answer and form.is_valid():
        request.POST = without_proof(request.POST)  # type: ignore[assignment]
        return None
    if status == LOCKED and "HX-Request" in request.headers:
        return HttpResponse(status=LOCKED)  # static/sign_in.js asks over the page, which keeps what was typed
    return ask_page(request, form, status=status)


def ask_page(request: HttpRequest, form: ProofForm, *, status: int) -> HttpResponse:
    """In place of what was asked. A form that was sent is sent again from here, with what was typed in it."""
    is_post = request.method == "POST"
    context = {
        "frame": EMPTY,
        "form": form,
        "is_locked": status == LOCKED,
        "action": request.get_full_path() if is_post else reverse("unlock"),
        "carried": carried(request.POST) if is_post else [("next", request.get_full_path())],
        "is_sent_on": is_post,
        "has_files": is_post and bool(request.FILES),
    }
    answer = render(request, "account/unlock.html", context, status=status)
    if "HX-Request" in request.headers:
        answer["HX-Retarget"], answer["HX-Reswap"] = "body", "innerHTML"
    return answer
