"""How many full-time posts care managers work for the program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from outcomes.models import WorkShare
from outcomes.rules.months import last_day_of


def full_time_posts(
    organization_id: UUID, months: Sequence[date], *, known_at: datetime | None = None
) -> dict[date, dict[UUID, Decimal]]:
    """By month and seat, the share of a full-time post that was set last by the month's last day. One statement.

    Who ended work before that day has none. As is on record now, or was at an instant.
    """
    rows = WorkShare.objects.standing(known_at).filter(organization_id=organization_id).order_by("from_on")
    shares = list(rows.values_list("membership_id", "from_on", "fte", "membership__ended_at"))
    return {
        month: {
            seat: fte
            for seat, from_on, fte, ended_at in shares
            if from_on <= last_day_of(month) and not _had_left(ended_at, month)
        }
        for month in set(months)
    }


def _had_left(ended_at: datetime | None, month: date) -> bool:
    return ended_at is not None and ended_at.date() < last_day_of(month)
