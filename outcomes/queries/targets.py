"""Which target a measure has in a month: the organization's own, else the source's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from outcomes.models import MeasureTarget
from outcomes.rules.measures import MEASURES

Targets = dict[tuple[date, str], Decimal]


def targets_of(organization_id: UUID, months: Sequence[date], *, known_at: datetime | None = None) -> Targets:
    """By month and measure, the target: the organization's own that was set last for the month or one before, else the
    source's. Without either it is not there. `known_at`: as it was on record at that instant. One statement.
    """
    rows = MeasureTarget.objects.standing(known_at).filter(organization_id=organization_id).order_by("from_month")
    own = list(rows.values_list("measure", "from_month", "target"))
    found = {(month, one.key): one.target for month in months for one in MEASURES if one.target is not None}
    for month in months:
        found |= {(month, key): target for key, from_month, target in own if from_month <= month}
    return found
