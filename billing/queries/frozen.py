"""What closed months ask for: their last frozen rows, while the close holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from bhi.errors import NotFound
from billing.models import FrozenMonth
from billing.rules.closing import FrozenLine, standing_lines
from billing.rules.decisions import Release
from billing.rules.findings import Line
from caseload.rules.clock import first_day


@dataclass(frozen=True, slots=True)
class FrozenAsk:
    """What a closed month asks for, on how many minutes it rests, and of which payer it asks. Who treated in it is
    told of one episode's month, where it was kept.
    """

    lines: tuple[FrozenLine, ...]
    minutes: int
    payer_id: UUID | None
    clinician: str = ""

    @property
    def amount(self) -> Decimal | None:
        """The national amount of all lines; None where one is unknown."""
        known = [line.amount for line in self.lines if line.amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.lines) else None


@dataclass(frozen=True, slots=True)
class ClosedMonths:
    """The clinics at which a month is closed, and by episode what it asks for there."""

    clinics: frozenset[UUID]
    asks: dict[UUID, FrozenAsk]

    def of(self, episode_id: UUID, clinic_id: UUID) -> FrozenAsk | None:
        """None where the clinic's month is open; what came after the close asks for nothing until it is corrected."""
        return self.asks.get(episode_id, NOTHING) if clinic_id in self.clinics else None


NOTHING = FrozenAsk((), 0, None)

_CLOSED = """
    SELECT m.clinic_id, f.episode_id, f.lines, f.minutes, f.payer_id
      FROM billing_monthclose m
      LEFT JOIN LATERAL (
           SELECT DISTINCT ON (r.episode_id) r.episode_id, r.lines, r.minutes, r.payer_id
             FROM billing_frozenmonth r
            WHERE r.organization_id = m.organization_id AND r.close_id = m.id
            ORDER BY r.episode_id, r.number DESC) AS f ON true
     WHERE m.organization_id = %s AND m.month = %s AND m.reopened_at IS NULL
"""


def closed_months(organization_id: UUID, month: str) -> ClosedMonths:
    """What the closed months of all clinics ask for. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSED, [organization_id, first_day(month)])
        rows = cursor.fetchall()
    asks = {
        episode_id: FrozenAsk(standing_lines(read_lines(json.loads(lines))), minutes, payer_id)
        for _, episode_id, lines, minutes, payer_id in rows
        if episode_id is not None
    }
    return ClosedMonths(frozenset(clinic_id for clinic_id, *_ in rows), asks)


def frozen_ask(organization_id: UUID, month: str, episode_id: UUID) -> FrozenAsk:
    """What the closed month of one episode asks for; nothing where it came after the close."""
    rows = frozen_rows(organization_id, month).filter(episode_id=episode_id).select_related("clinician")
    row = rows.defer("facts", "verdict").first()
    if row is None:
        return NOTHING
    return FrozenAsk(standing_lines(read_lines(row.lines)), row.minutes, row.payer_id, str(row.clinician or ""))


def asking_row(organization_id: UUID, month: str, episode_id: UUID) -> FrozenMonth:
    """The last row of an episode's closed month that asks for something, with its patient and who treated. Raises
    NotFound.
    """
    rows = frozen_rows(organization_id, month).filter(episode_id=episode_id)
    row = rows.select_related("clinician", "patient").defer("facts", "verdict").first()
    if row is None or not standing_lines(read_lines(row.lines)):
        raise NotFound
    return row


def frozen_rows(organization_id: UUID, month: str) -> QuerySet[FrozenMonth]:
    """The last row of each episode of a month, of closes that hold: all rows together ask what it asks."""
    return last_rows(organization_id).filter(month=first_day(month))


def last_rows(organization_id: UUID) -> QuerySet[FrozenMonth]:
    """The same of every month."""
    last = FrozenMonth.objects.filter(
        organization_id=organization_id, close=OuterRef("close"), episode=OuterRef("episode")
    ).order_by("-number")
    return FrozenMonth.objects.filter(
        organization_id=organization_id, close__reopened_at__isnull=True, id=Subquery(last.values("id")[:1])
    )


def read_lines(stored: Sequence[tuple[str, int, str | None]]) -> tuple[FrozenLine, ...]:
    """Lines as a frozen row keeps them."""
    return tuple(FrozenLine(code, units, None if amount is None else Decimal(amount)) for code, units, amount in stored)


def asked_after_close(release: Release, is_asked: bool) -> tuple[Line, ...]:
    """What a month that bills asks for once it is closed. What left with the close is not held back afterwards: a
    check that fails since is a matter for a correction or for nobody, not a reason to take all of it back.
    """
    return release.would_ask if is_asked and not release.is_not_billed else release.asked
