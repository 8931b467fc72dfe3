"""The locked screen, and proving once more who one is."""

from __future__ import annotations

import time

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts import sessions
from bhi.accounts.forms.proof import ProofForm
from bhi.accounts.locking import Standing, locks_at, standing
from bhi.accounts.models import SignInKind
from bhi.accounts.permissions import signed_in
from bhi.accounts.places import happened
from bhi.accounts.recent import FILES
from bhi.web.frame import EMPTY

OVER_THE_PAGE = "X-Over-Page"  # static/sign_in.js asks so for the form alone


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Opens a locked screen, and lets somebody go on who proves who they are."""
    form = ProofForm(request.POST if request.method == "POST" else None, request=request)
    is_over_the_page = OVER_THE_PAGE in request.headers
    if form.is_bound and form.is_valid():
        return HttpResponse(status=204) if is_over_the_page else _go_on(request)
    given = request.POST if form.is_bound else request.GET
    context = {
        "frame": EMPTY,
        "form": form,
        "is_locked": sessions.LOCKED_AT in request.session,
        "is_over_the_page": is_over_the_page,
        "action": reverse("unlock"),
        "carried": [("next", _safe(request, given.get("next", "")))],
    }
    template = "account/_unlock_form.html" if is_over_the_page else "account/unlock.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _safe(request: HttpRequest, address: str) -> str:
    return address if address and get_adapter(request).is_safe_url(address) else reverse("home")


def _go_on(request: HttpRequest) -> HttpResponse:
    """Where one was; for a file a page with its link, as a download leaves the page that one sees."""
    address = _safe(request, request.POST.get("next", ""))
    try:
        name = resolve(address.partition("?")[0]).url_name
    except Resolver404:
        name = None
    if name in FILES:
        return render(request, "account/confirmed.html", {"frame": EMPTY, "address": address})
    return redirect(address)


@signed_in
@require_safe
def sso_confirmed(request: HttpRequest) -> HttpResponse:
    """Where the provider's tab ends: what was typed waits in the one that asked."""
    return render(request, "account/sso_confirmed.html", {"frame": EMPTY})


@signed_in
@require_safe
def session_state(request: HttpRequest) -> HttpResponse:
    """How long until the screen locks, for the page that asks; asking changes nothing."""
    now = int(time.time())
    watch = sessions.watch_of(request.session, now)
    is_locked = settings.WATCHES_SESSIONS and standing(watch, now) is Standing.LOCKED
    left = 0 if is_locked else max(0, locks_at(watch) - now)
    return JsonResponse({"person": str(request.user.pk), "is_locked": is_locked, "seconds_left": left})


@signed_in
@require_POST
def session_here(request: HttpRequest) -> HttpResponse:
    """Somebody is there: they type or move in a page that asks for nothing, or press "Stay signed in"."""
    if request.POST.get("on_call"):
        sessions.say_on_call(request.session, int(time.time()))
    return HttpResponse(status=204)


@signed_in
@require_POST
def session_lock(request: HttpRequest) -> HttpResponse:
    """Locked by hand, on leaving the desk."""
    if sessions.LOCKED_AT not in request.session:
        sessions.lock(request.session, int(time.time()))
        happened(SignInKind.LOCKED, request, user_id=request.user.pk)
    return redirect("unlock")
