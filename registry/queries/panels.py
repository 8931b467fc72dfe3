"""How full a care manager's panel is: open episodes against the clinic's limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from bhi.accounts.queries import people_of
from registry.models import Episode


@dataclass(frozen=True)
class Panel:
    """Open episodes of one care manager, in all clinics, and the limit that the clinic set; None for no limit."""

    open_episodes: int
    limit: int | None

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.open_episodes >= self.limit

    @property
    def words(self) -> str:
        """`64 of 80 places taken`, `64 open episodes` without a limit."""
        if self.limit is None:
            return "1 open episode" if self.open_episodes == 1 else f"{self.open_episodes} open episodes"
        return f"{self.open_episodes} of {self.limit} places taken"


def open_episodes_by_care_manager(organization_id: UUID) -> dict[UUID, int]:
    """How many open episodes each care manager has, in all clinics. One statement."""
    found = Episode.objects.live().filter(
        organization_id=organization_id,
        ended_on__isnull=True,
        care_manager__isnull=False,
        patient__voided_at__isnull=True,
        patient__merged_into__isnull=True,
    )
    return dict(found.values_list("care_manager_id").annotate(count=Count("id")))


def panels_with(organization_id: UUID, *, limit: int | None) -> tuple[tuple[str, Panel], ...]:
    """Every care manager who has open episodes, by name, against a clinic's limit. Two statements."""
    counts = open_episodes_by_care_manager(organization_id)
    people = people_of(organization_id)
    named = sorted((people[seat_id].name, count) for seat_id, count in counts.items())
    return tuple((name, Panel(count, limit)) for name, count in named)


def panel_of(care_manager_id: UUID | None, *, limit: int | None, counts: Mapping[UUID, int]) -> Panel | None:
    """The panel of a care manager of a clinic with this limit; None where nobody is named."""
    return None if care_manager_id is None else Panel(counts.get(care_manager_id, 0), limit)
