"""What a session knows of its person, kept on the server. Ids and instants only: a session holds no patient data."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, cast

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from bhi.accounts.locking import IDLE, ON_CALL, STEP, Watch

BEGAN: Final = "bhi.began"
SEEN: Final = "bhi.seen"  # when the person last did something
ON_CALL_UNTIL: Final = "bhi.on_call_until"
LOCKED_AT: Final = "bhi.locked_at"
PROVED_AT: Final = "bhi.proved_at"  # when they last proved who they are
IDLE_SECONDS: Final = "bhi.idle"  # after how many of nothing its screen locks


def fingerprint(session_key: str | None) -> str:
    """By what records know a session: the beginning of its key's fingerprint, with which nobody can come in."""
    return sha256(session_key.encode()).hexdigest()[:16] if session_key else ""


def begin(session: SessionBase, now: int, *, idle: int) -> None:
    """Somebody signed in just now, and so proved who they are."""
    session.update({BEGAN: now, SEEN: now, PROVED_AT: now, IDLE_SECONDS: idle})
    session.pop(LOCKED_AT, None)
    session.pop(ON_CALL_UNTIL, None)


def watch_of(session: SessionBase, now: int) -> Watch:
    """What is known of a session's hours; of one from before they were kept, that it begins now."""
    if BEGAN not in session:
        session.update({BEGAN: now, SEEN: now})
    return Watch(
        *(session[BEGAN], session[SEEN], session.get(ON_CALL_UNTIL), session.get(LOCKED_AT)),
        idle=session.get(IDLE_SECONDS, IDLE),
    )


def touch(session: SessionBase, now: int, *, idle_of: Callable[[], int]) -> None:
    """The person did something. Noted at most every half minute: a session is not written with every page.

    Then it is asked, too, how long a screen of theirs may stay open now.
    """
    if abs(now - session.get(SEEN, 0)) >= STEP:
        session.update({SEEN: now, IDLE_SECONDS: idle_of()})


def lock(session: SessionBase, at: int) -> None:
    session[LOCKED_AT] = at
    session.pop(ON_CALL_UNTIL, None)


def prove(session: SessionBase, now: int) -> None:
    """They proved who they are: the screen opens, and what asks for that again does not for a while."""
    session.update({SEEN: now, PROVED_AT: now})
    session.pop(LOCKED_AT, None)


def doubt(session: SessionBase) -> None:
    """They came in without having proved it just now, as far as we are told: what wants that asks them."""
    session[PROVED_AT] = 0


def mark_call(request: HttpRequest, *, is_on: bool) -> None:
    """A timer says that a call began or ended. One whose end nobody marks counts for an hour."""
    session = request.session
    if is_on:
        session[ON_CALL_UNTIL] = int(time.time()) + 2 * ON_CALL
    else:
        session.pop(ON_CALL_UNTIL, None)


def say_on_call(session: SessionBase, now: int) -> None:
    """Somebody pressed "still on a call": half an hour from now, and then the screen locks."""
    session.update({SEEN: now, ON_CALL_UNTIL: now + ON_CALL})


def proved_at(session: SessionBase) -> int:
    return cast("int", session.get(PROVED_AT, 0))
