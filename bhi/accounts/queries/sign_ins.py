"""Where somebody is signed in, and what happened to their account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from bhi.accounts.models import SignInEvent, SignInKind
from bhi.accounts.sessions import SEEN, fingerprint

PAGE: Final = 50
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class OpenSession:
    """One place where somebody is signed in; `mark` names it without being its key."""

    mark: str
    key: str
    browser: str
    ip: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class Happened:
    """One event of an account, in words; `is_bad` where somebody should look."""

    id: UUID
    at: datetime
    words: str
    ip: str
    is_bad: bool


@dataclass(frozen=True)
class Activity:
    """The newest `PAGE` events before a given one; `before` leads to older ones, None at the end."""

    events: tuple[Happened, ...]
    total: int
    before: UUID | None


def open_sessions(user_id: UUID, *, this_key: str | None, at: datetime) -> list[OpenSession]:
    """Sessions that have not ended, the latest used first."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user_id=user_id)}
    stored = Session.objects.filter(session_key__in=list(rows), expire_date__gt=at)
    found = [_open(rows[session.session_key], session, this_key) for session in stored]
    return sorted(found, key=lambda each: (each.is_this, each.seen_at), reverse=True)


def activity_of(user_id: UUID, *, before: UUID | None = None) -> Activity:
    """What happened to an account, the newest first, older than the event `before`."""
    events = SignInEvent.objects.filter(user_id=user_id)
    rows = list((events.filter(id__lt=before) if before else events).order_by("-id")[: PAGE + 1])
    shown = tuple(_happened(row) for row in rows[:PAGE])
    return Activity(shown, events.count(), shown[-1].id if len(rows) > PAGE else None)


def has_second_factor(user_id: UUID) -> bool:
    """An authenticator app or a passkey; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=kinds).exists())


def browser_of(user_agent: str) -> str:
    """In words what a browser says of itself: "Firefox on Windows"."""
    return f"{_first(BROWSERS, user_agent, 'A browser')} on {_first(SYSTEMS, user_agent, 'another system')}"


def _first(names: Iterable[tuple[str, str]], text: str, otherwise: str) -> str:
    return next((word for sign, word in names if sign in text), otherwise)


def _open(row: UserSession, session: Session, this_key: str | None) -> OpenSession:
    seen = session.get_decoded().get(SEEN)
    return OpenSession(
        mark=fingerprint(row.session_key),
        key=row.session_key,
        browser=browser_of(row.user_agent),
        ip=row.ip,
        began_at=row.created_at,
        seen_at=datetime.fromtimestamp(seen, UTC) if seen else row.created_at,
        is_this=row.session_key == this_key,
    )


def _happened(row: SignInEvent) -> Happened:
    kind = SignInKind(row.kind)
    return Happened(row.id, row.at, str(kind.label), row.ip or "", kind in (SignInKind.FAILED, SignInKind.SLOWED))
