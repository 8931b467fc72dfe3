"""What becomes of somebody whom an organization's provider vouches for: let in, as far as that organization, or not."""

from __future__ import annotations

from secrets import compare_digest
from typing import Any, Final

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bhi.accounts import reach, second_factor, sessions
from bhi.accounts.models import SignInKind, User
from bhi.accounts.operations.single_sign_on import remember_person
from bhi.accounts.places import happened
from bhi.accounts.queries.single_sign_on import SignOn, known_person, person_to_link
from bhi.web.frame import EMPTY

log = structlog.get_logger(__name__)

# On the request: whom a provider vouches for that asked for the second factor itself (bhi.accounts.mfa_adapter).
VOUCHED: Final = "factor_vouched_for"
CONFIRMED_BY_ENTRA: Final = (True, 1, "1")
# What the person reads. It does not tell who has an account and who has not.
WORDS: Final = {
    "unreachable": "The sign-in page of your organization does not answer. Try again in some minutes.",
    "answer": "What came back could not be checked. Try once more from the beginning.",
    "address": "It did not confirm an e-mail address of your organization. Ask your administrator to look at this.",
    "long_ago": "It did not ask who you are, although that was long ago. Sign out there, and try once more.",
    "not_asked": "It does not say when it asked you who you are, so it cannot confirm you here. Use a way of your own.",
    "nobody": "Nobody who works here has this sign-in. An administrator of your organization can invite you.",
}


def come_in(request: HttpRequest, sign_on: SignOn, claims: dict[str, Any], state: dict[str, Any]) -> HttpResponse:
    """Let the person in whom these checked claims mean, or say why not."""
    if not compare_digest(str(claims.get("nonce", "")), str(state.get("nonce") or "-")):
        return refused(request, sign_on, "answer", reason="Nonce")
    with transaction.atomic():
        user = known_person(sign_on, str(claims["sub"])) or _linked(sign_on, claims)
    if user is None:
        has_address = _is_confirmed(claims) and _is_of(sign_on, claims)
        return refused(request, sign_on, "nobody" if has_address else "address")
    next_url = state.get("next") or reverse("enter", args=[sign_on.slug])
    when = claims.get("auth_time")
    is_dated = isinstance(when, int | float)
    if is_dated and when < state["since"]:
        return refused(request, sign_on, "long_ago")
    if request.user.is_authenticated and request.user.pk == user.pk:
        return _once_more(request, sign_on, user, next_url, is_anew=state["again"] and is_dated)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    return _let_in(request, sign_on, user, next_url, is_dated=is_dated)


def _linked(sign_on: SignOn, claims: dict[str, Any]) -> User | None:
    """The first time: by the address that the provider confirmed."""
    if not _is_confirmed(claims) or not isinstance(claims.get("email"), str):
        return None
    user = person_to_link(sign_on, claims["email"])
    if user is not None:
        remember_person(sign_on, user=user, subject=str(claims["sub"]))
    return user


def _is_confirmed(claims: dict[str, Any]) -> bool:
    """Whether the provider says that the address is the person's; Microsoft Entra says it by a claim of its own."""
    return claims.get("email_verified") is True or claims.get("xms_edov") in CONFIRMED_BY_ENTRA


def _is_of(sign_on: SignOn, claims: dict[str, Any]) -> bool:
    return str(claims.get("email", "")).lower().rpartition("@")[2] in sign_on.domains


def _once_more(request: HttpRequest, sign_on: SignOn, user: User, next_url: str, *, is_anew: bool) -> HttpResponse:
    """Signed in already: this organization is open too.

    A session that began at this provider has proved who it is, if the provider says that it asked the person just now:
    else whoever sits at a locked screen would open it by the provider's own session.
    """
    began_here = request.session.get(reach.AT) == sign_on.slug and reach.reach_of(request.session).is_limited
    if began_here and not is_anew:
        request.session[reach.IS_SILENT] = True
        return refused(request, sign_on, "not_asked")
    reach.sign_on(request.session, sign_on.organization_id, only_there=False)
    if began_here:
        record_authentication(request, user, "socialaccount", provider=sign_on.provider, reauthenticated=True)
    return redirect(next_url)


def _let_in(request: HttpRequest, sign_on: SignOn, user: User, next_url: str, *, is_dated: bool) -> HttpResponse:
    """A provider that does not say when it asked the person may have asked nobody: its own session was still open.

    Then its second factor is as old, and ours is asked for whatever the organization says of its provider.
    """
    is_trusted = sign_on.trusts_its_factors and is_dated
    request.session[reach.COMING] = {
        "user": str(user.pk),
        "organization": str(sign_on.organization_id),
        "slug": sign_on.slug,
        "is_trusted": is_trusted,
        "is_dated": is_dated,
    }
    setattr(request, VOUCHED, user.pk if is_trusted else None)
    record_authentication(request, user, "socialaccount", provider=sign_on.provider)
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=next_url))
    if is_trusted:
        request.session.pop(reach.COMING, None)  # nothing stands between: what did not come in, does not later
    return answer


def signed_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """The library says that a sign-in is complete; if it came from a provider, the session reaches that far."""
    coming = request.session.pop(reach.COMING, None)
    if coming is None or coming["user"] != str(user.pk):
        return
    reach.sign_on(request.session, coming["organization"], only_there=True)
    request.session[reach.AT] = coming["slug"]
    if not coming.get("is_dated"):
        request.session[reach.IS_SILENT] = True
        if not second_factor.is_in_session(request):
            sessions.doubt(request.session)
    if coming["is_trusted"]:
        second_factor.mark(request)
        request.session[second_factor.TRUSTED] = True


def refused(request: HttpRequest, sign_on: SignOn, why: str, *, reason: str = "") -> HttpResponse:
    """Why somebody does not come in, said on a page and in the log without whom it concerns."""
    log.info("single_sign_on.refused", organization_id=str(sign_on.organization_id), kind=reason or why)
    happened(SignInKind.FAILED, request, user_id=None)
    context = {"frame": EMPTY, "sign_on": sign_on, "words": WORDS[why]}
    return render(request, "account/sso_failed.html", context, status=401)
