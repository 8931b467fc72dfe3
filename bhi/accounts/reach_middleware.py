"""Holds a session to the organizations that it may open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bhi.accounts import second_factor
from bhi.accounts.permissions import PLATFORM, SIGNED_IN, declared
from bhi.accounts.reach import reach_of, within
from bhi.web.frame import EMPTY

Handler = Callable[[HttpRequest], HttpResponse]

# Pages of the person, outside organizations, that change nothing of how they sign in elsewhere.
ALLOWED: Final = frozenset({
    *("home", "today_everywhere", "reviews_everywhere", "unlock", "session_state", "session_here", "session_lock"),
    *("sso_confirmed", "outcomes_everywhere"),
    *("session_pulse", "confirm", "sign_ins", "account_reauthenticate", "mfa_reauthenticate"),
    *("mfa_reauthenticate_webauthn",),
})  # fmt: skip
# And where the provider's own second factor is not trusted: setting one up, never a passkey, which opens by itself.
FIRST_FACTOR: Final = frozenset({"mfa_index", "mfa_activate_totp", "mfa_view_recovery_codes"})


class ReachMiddleware:
    """After sessions and before the tenant is opened."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with within(request.session):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        if declared(view, name) not in (SIGNED_IN, PLATFORM) or not reach_of(request.session).is_limited:
            return None
        if name in ALLOWED or (name in FIRST_FACTOR and not request.session.get(second_factor.TRUSTED)):
            return None
        return render(request, "account/sso_limits.html", {"frame": EMPTY}, status=403)
