"""What the library announces about accounts: written down, told to the person, and its consequences for sessions."""

from __future__ import annotations

import time
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_used
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.core.cache import cache
from django.http import HttpRequest

from bhi.accounts import second_factor, sessions, signing_on
from bhi.accounts.adapter import SECONDS
from bhi.accounts.known_devices import CAME
from bhi.accounts.models import SignInKind
from bhi.accounts.operations.ending_sessions import end_all_sessions, end_oldest_sessions
from bhi.accounts.places import happened
from bhi.accounts.queries.screen_lock import idle_seconds_of

MOST_CODES: Final = 5  # wrong ones within a quarter of an hour


def connect() -> None:
    """Once, when the application is ready."""
    auth.user_logged_in.connect(began, dispatch_uid="bhi.began")
    auth.user_logged_out.connect(ended, dispatch_uid="bhi.ended")
    user_logged_in.connect(signed_in, dispatch_uid="bhi.signed_in")
    authentication_step_completed.connect(proved, dispatch_uid="bhi.proved")
    for signal in (password_changed, password_set, password_reset):
        signal.connect(password_was_changed, dispatch_uid="bhi.password")
    user_logged_in.connect(signing_on.signed_in, dispatch_uid="bhi.signed_on")
    authenticator_added.connect(factor_added, dispatch_uid="bhi.factor_added")
    authenticator_removed.connect(factor_removed, dispatch_uid="bhi.factor_removed")
    authenticator_used.connect(factor_used, dispatch_uid="bhi.factor_used")
    authentication_failed.connect(factor_failed, dispatch_uid="bhi.factor_failed")


def began(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Whoever signs in, by whatever way."""
    if request is not None and hasattr(request, "session"):
        sessions.begin(request.session, int(time.time()), idle=idle_seconds_of(user.pk))


def signed_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    happened(SignInKind.SIGNED_IN, request, user_id=user.pk)
    setattr(request, CAME, user.pk)
    if end_oldest_sessions(user_id=user.pk, keep=request.session.session_key or ""):
        happened(SignInKind.SESSION_ENDED, request, user_id=user.pk)
        get_adapter(request).send_notification_mail("account/email/session_ended", user, email=user.email)


def ended(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    if request is not None and user is not None and hasattr(request, "session"):
        happened(SignInKind.SIGNED_OUT, request, user_id=user.pk)
        UserSession.objects.filter(session_key=request.session.session_key).delete()


def proved(request: HttpRequest, user: Any, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Who proves again who they are goes on under a new key: an old one that was overheard is worth nothing."""
    if not reauthenticated or not request.user.is_authenticated:
        return
    was_locked = sessions.LOCKED_AT in request.session
    old = request.session.session_key
    sessions.prove(request.session, int(time.time()))
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)
    if was_locked:
        happened(SignInKind.UNLOCKED, request, user_id=user.pk)


def password_was_changed(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """The session that changed it goes on; wherever else somebody was signed in, they no longer are."""
    happened(SignInKind.PASSWORD_CHANGED, request, user_id=user.pk)
    end_all_sessions(user_id=user.pk, but=request.session.session_key or "")


def factor_added(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    """Who sets up their first one has it in this session. Other sessions, which began without it, end."""
    if authenticator.type in second_factor.OF_THEIR_OWN:
        if second_factor.is_first(authenticator):
            second_factor.mark(request)
        happened(SignInKind.FACTOR_ADDED, request, user_id=user.pk)
        end_all_sessions(user_id=user.pk, but=request.session.session_key or "")


def factor_removed(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type in second_factor.OF_THEIR_OWN:
        happened(SignInKind.FACTOR_REMOVED, request, user_id=user.pk)


def factor_used(request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        happened(SignInKind.RECOVERED, request, user_id=user.pk)
        authenticator.refresh_from_db()  # the library marked the code as used in a copy
        left = {"left": len(authenticator.wrap().get_unused_codes())}
        get_adapter(request).send_notification_mail("account/email/recovered", user, left, email=user.email)


def factor_failed(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Who comes to the second step knows the password: after a few wrong codes its owner hears of it."""
    happened(SignInKind.FAILED, request, user_id=user.pk)
    tries = f"codes:{user.pk}"
    cache.add(tries, 0, SECONDS)
    if cache.incr(tries) == MOST_CODES:
        get_adapter(request).send_notification_mail("account/email/codes_failed", user, email=user.email)
