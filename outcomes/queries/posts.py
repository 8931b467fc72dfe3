"""How many full-time posts care managers work for the program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from outcomes.models import WorkShare
from outcomes.rules.months import last_day_of


def full_time_posts(organization_id: UUID, months: Sequence[date]) -> dict[date, dict[UUID, Decimal]]:
    """By month and seat, the share of a full-time post that was set last by the month's last day. One statement."""
    rows = WorkShare.objects.live().filter(organization_id=organization_id).order_by("from_on")
    shares = list(rows.values_list("membership_id", "from_on", "fte"))
    return {
        month: {seat: fte for seat, from_on, fte in shares if from_on <= last_day_of(month)} for month in set(months)
    }
