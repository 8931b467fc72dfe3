"""Ending sessions: at the next request of theirs nobody is signed in."""

from __future__ import annotations

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction


@transaction.atomic
def end_sessions(*, user_id: UUID, keys: list[str]) -> int:
    """End those of this person that have one of these keys; how many there were."""
    theirs = list(
        UserSession.objects.filter(user_id=user_id, session_key__in=keys).values_list("session_key", flat=True)
    )
    ended, _ = Session.objects.filter(session_key__in=theirs).delete()
    UserSession.objects.filter(session_key__in=theirs).delete()
    return ended


def end_all_sessions(*, user_id: UUID, but: str = "") -> int:
    """End every session of a person, except the one with this key."""
    keys = UserSession.objects.filter(user_id=user_id).exclude(session_key=but).values_list("session_key", flat=True)
    return end_sessions(user_id=user_id, keys=list(keys))


def end_oldest_sessions(*, user_id: UUID, keep: str) -> int:
    """Leave at most `settings.MOST_SESSIONS` with the new one, `keep`; how many were ended that were still open."""
    others = UserSession.objects.filter(user_id=user_id).exclude(session_key=keep).order_by("-created_at", "-id")
    surplus = list(others.values_list("session_key", flat=True))[settings.MOST_SESSIONS - 1 :]
    return end_sessions(user_id=user_id, keys=surplus) if surplus else 0
