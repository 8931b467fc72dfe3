"""Browsers and addresses from which somebody has signed in: an attack on their account from elsewhere is not theirs.

A browser is known by a signed cookie that names the person by a fingerprint and opens nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from bhi.accounts.models import SignInEvent, SignInKind

DAYS: Final = 90
MOST: Final = 5  # people who share a computer
CAME: Final = "known_person"  # on a request: who signed in with it
SALT: Final = "bhi.accounts.known_devices"


def remember(request: HttpRequest, response: HttpResponse, user_id: UUID) -> None:
    """This browser is one of theirs from now on."""
    names = [_name(user_id), *(name for name in _names(request) if name != _name(user_id))][:MOST]
    response.set_cookie(
        settings.KNOWN_DEVICE_COOKIE,
        signing.dumps(names, salt=SALT),
        max_age=timedelta(days=DAYS),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_known(request: HttpRequest, *, user_id: UUID, ip: str, at: datetime) -> bool:
    """Whether this person has signed in lately with this browser or from this address."""
    if _name(user_id) in _names(request):
        return True
    since = at - timedelta(days=DAYS)
    return SignInEvent.objects.filter(user_id=user_id, kind=SignInKind.SIGNED_IN, ip=ip, at__gte=since).exists()


def _names(request: HttpRequest) -> list[str]:
    try:
        names = signing.loads(
            request.COOKIES.get(settings.KNOWN_DEVICE_COOKIE, ""), salt=SALT, max_age=timedelta(days=DAYS)
        )
    except signing.BadSignature:
        return []
    return [str(name) for name in names]


def _name(user_id: UUID) -> str:
    return sha256(user_id.bytes).hexdigest()[:16]
