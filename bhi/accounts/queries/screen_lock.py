"""After how many idle minutes a screen locks."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Min

from bhi.accounts.locking import IDLE
from bhi.accounts.models import ScreenLock
from bhi.tenancy.models import Membership


def idle_seconds_of(user_id: UUID | None) -> int:
    """How long a person's screen stays open with nothing done: the shortest of the organizations where they work.

    In seconds; never above fifteen minutes, which hold, too, for who works nowhere.
    """
    if user_id is None:
        return IDLE
    seats = Membership.objects.filter(user_id=user_id, is_active=True)
    shortest: int | None = seats.aggregate(least=Min("organization__idle_minutes"))["least"]
    return IDLE if shortest is None else min(IDLE, shortest * 60)


def screen_lock_of(organization_id: UUID) -> ScreenLock | None:
    """What the organization chose, within its tenant; None: nothing yet, and so fifteen minutes."""
    return ScreenLock.objects.filter(organization_id=organization_id).select_related("changed_by").first()
