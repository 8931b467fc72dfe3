"""What the nightly sweep looks at, and what it found last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from caseload.models import SignalSweep
from registry.models import Episode


@dataclass(frozen=True)
class SweepShown:
    """A night's sweep of an organization."""

    on: date
    swept_at: datetime
    episodes: int
    began: int
    differed: int


def last_sweep(organization_id: UUID, *, before: date | None = None) -> SweepShown | None:
    """The last sweep, or the last one of an earlier night; None where there was none. One statement."""
    found = SignalSweep.objects.filter(organization_id=organization_id)
    row = (found if before is None else found.filter(on__lt=before)).order_by("-on").first()
    return None if row is None else SweepShown(row.on, row.swept_at, row.episodes, row.began, row.differed)


def open_episodes(organization_id: UUID) -> list[UUID]:
    """Every live episode that was not discharged, by id. One statement."""
    found = Episode.objects.live().filter(organization_id=organization_id, ended_on__isnull=True)
    return list(found.order_by("id").values_list("id", flat=True))
