"""The roll-up: what each episode's months counted when last looked at.

Pages count from live rows; these rows serve sweeps, sums over everybody, and the nightly comparison, which finds
what no write told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from bhi.tenancy.ids import SQL_UUID7
from billing.models import ServiceMonth
from billing.queries.facility import facility_left_out
from billing.queries.facts import payer_minutes
from caseload.queries.minutes import MINUTES_SQL, minutes_params
from caseload.rules.clock import first_day, month_of
from caseload.rules.minutes import MonthMinutes

NOTHING_LEFT: Final = (0, 0, 0, 0)

# One statement: rows that are new, rows whose numbers changed, and rows of which nothing is left. NOT IN is hashed,
# where NOT EXISTS compared every row with every other: Postgres cannot tell how many rows `fresh` has.
_REFRESH: Final = f"""
WITH fresh AS MATERIALIZED ({MINUTES_SQL}),
written AS (
  INSERT INTO billing_servicemonth AS stored
         (id, organization_id, episode_id, patient_id, month, time_zone, starts_at, ends_at,
          cocm_seconds, bhi_seconds, ccm_seconds, logged_seconds, refreshed_at)
  SELECT {SQL_UUID7}, %(organization)s, episode_id, patient_id, month, time_zone, starts_at, ends_at,
         cocm_seconds, bhi_seconds, ccm_seconds, logged_seconds, %(at)s
    FROM fresh
  ON CONFLICT (organization_id, episode_id, month) DO UPDATE
     SET cocm_seconds = EXCLUDED.cocm_seconds, bhi_seconds = EXCLUDED.bhi_seconds,
         ccm_seconds = EXCLUDED.ccm_seconds, logged_seconds = EXCLUDED.logged_seconds, refreshed_at = %(at)s
   WHERE (stored.cocm_seconds, stored.bhi_seconds, stored.ccm_seconds, stored.logged_seconds)
         IS DISTINCT FROM
         (EXCLUDED.cocm_seconds, EXCLUDED.bhi_seconds, EXCLUDED.ccm_seconds, EXCLUDED.logged_seconds)
  RETURNING 1
), emptied AS (
  UPDATE billing_servicemonth AS stored
     SET cocm_seconds = 0, bhi_seconds = 0, ccm_seconds = 0, logged_seconds = 0, refreshed_at = %(at)s
   WHERE stored.organization_id = %(organization)s
     AND (%(episodes)s::uuid[] IS NULL OR stored.episode_id = ANY(%(episodes)s))
     AND (%(first)s::date IS NULL OR stored.month BETWEEN %(first)s AND %(last)s)
     AND (stored.cocm_seconds, stored.bhi_seconds, stored.ccm_seconds, stored.logged_seconds) <> (0, 0, 0, 0)
     AND (stored.episode_id, stored.month) NOT IN (SELECT episode_id, month FROM fresh)
  RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM emptied)
"""  # noqa: S608 - put together from constants


Counts = tuple[int, int, int, int]
"""Seconds of CoCM, BHI and CCM that count, and seconds logged."""


@dataclass(frozen=True)
class Difference:
    """A month whose stored numbers are not what its entries count to; None where there is no row, or no entry."""

    episode_id: UUID
    month: str
    stored: Counts | None
    live: Counts | None


@transaction.atomic
def refresh_service_months(*, organization_id: UUID, at: datetime, episode_ids: Sequence[UUID] | None = None) -> int:
    """Roll up every month of these episodes (None: of all) and write what changed. Returns how many rows did.

    A row's zone and instants are fixed when it is made; a month of which every entry was voided goes to zero.
    """
    left_out = facility_left_out(organization_id, episode_ids)
    changed = _refresh(organization_id, at, episode_ids, None, left_out.always)
    for episode_id, month in left_out.sometimes:
        changed += _refresh(organization_id, at, [episode_id], first_day(month), [episode_id])
    return changed


def refresh_service_month(*, organization_id: UUID, at: datetime, episode_id: UUID) -> int:
    """Roll up one episode: a new minute costs one statement over that episode's entries, whatever else there is."""
    return refresh_service_months(organization_id=organization_id, at=at, episode_ids=[episode_id])


def verify_service_months(*, organization_id: UUID) -> list[Difference]:
    """Every month whose stored numbers are not what its live entries count to. Expected: none. Writes nothing."""
    live = {key: _counts(time) for key, time in payer_minutes(organization_id).items()}
    stored = _stored(organization_id)
    return [
        Difference(*key, stored.get(key), live.get(key))
        for key in sorted(live.keys() | stored.keys())
        if stored.get(key, NOTHING_LEFT if key not in live else None) != live.get(key, NOTHING_LEFT)
    ]


def _counts(time: MonthMinutes) -> Counts:
    return time.counted.cocm_seconds, time.counted.bhi_seconds, time.ccm_seconds, time.logged_seconds


def _stored(organization_id: UUID) -> dict[tuple[UUID, str], Counts]:
    rows = ServiceMonth.objects.filter(organization_id=organization_id).values_list(
        "episode_id", "month", "cocm_seconds", "bhi_seconds", "ccm_seconds", "logged_seconds"
    )
    return {
        (episode_id, month_of(month)): (cocm, bhi, ccm, logged) for episode_id, month, cocm, bhi, ccm, logged in rows
    }


def _refresh(
    organization_id: UUID,
    at: datetime,
    episodes: Sequence[UUID] | None,
    month: date | None,
    leaving_out: Sequence[UUID],
) -> int:
    params = minutes_params(
        organization_id,
        episode_ids=episodes,
        months=None if month is None else (month, month),
        without_facility=leaving_out,
    )
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {**params, "at": at})
        changed: int = cursor.fetchone()[0]
    return changed
