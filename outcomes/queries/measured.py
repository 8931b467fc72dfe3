"""Months that were measured: which edition holds, whether it is frozen, and whether its facts are as they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.tenancy.models import Clinic
from caseload.rules.clock import local_date
from outcomes.models import MeasuredMonth, OutcomeSettings

# Each row without its own identity, and without the patient, whose record may be put together with another; hashed,
# then all hashes of a table in the order of what the rows are about, then the three tables.
_FINGERPRINT: Final = """
SELECT encode(sha256(convert_to(string_agg(found.digest, ',' ORDER BY found.place), 'UTF8')), 'hex')
  FROM ({tables}) AS found(place, digest)
"""
_TABLE: Final = """
SELECT {place}, coalesce(string_agg(encode(sha256(convert_to(
           (to_jsonb(x) - '{{id,organization_id,measured_id,patient_id}}'::text[] - m.later)::text,
           'UTF8')), 'hex'), ',' ORDER BY x.{subject}), '')
  FROM {table} AS x
 CROSS JOIN (SELECT CASE WHEN definitions = '2026-01' THEN %(later)s::text[] ELSE '{{}}' END AS later
               FROM outcomes_measuredmonth WHERE organization_id = %(organization)s AND id = %(measured)s) AS m
 WHERE x.organization_id = %(organization)s AND x.measured_id = %(measured)s
"""
# Columns that the facts of the first definitions did not have: what they were frozen with still stands.
_LATER: Final = ["is_last_in_month", "cocm_from", "cocm_until", "is_last_cocm"]
_TABLES: Final = (
    ("outcomes_measuredepisode", "episode_id"),
    ("outcomes_measuredreferral", "referral_id"),
    ("outcomes_measuredadvice", "recommendation_id"),
)
_STATEMENT: Final = _FINGERPRINT.format(
    tables=" UNION ALL ".join(
        _TABLE.format(place=place, table=table, subject=subject) for place, (table, subject) in enumerate(_TABLES)
    )
)
_USUAL_FREEZE_DAY: Final[int] = OutcomeSettings._meta.get_field("freeze_day").default


def measured_month(organization_id: UUID, month: date) -> MeasuredMonth | None:
    """The newest edition of a month, open or frozen; None where it was never measured. One statement."""
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, month=month)
    found: MeasuredMonth | None = rows.order_by("-edition").first()
    return found


def editions(organization_id: UUID, month: date) -> list[MeasuredMonth]:
    """Every edition of a month, the newest first, with who froze it. One statement."""
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, month=month)
    return list(rows.select_related("frozen_by").order_by("-edition"))


def measured_months(organization_id: UUID, months: Sequence[date] | None = None) -> dict[date, MeasuredMonth]:
    """The newest edition of each of these months (None: of all) that was measured, the oldest month first.

    One statement.
    """
    rows = MeasuredMonth.objects.filter(organization_id=organization_id)
    if months is not None:
        rows = rows.filter(month__in=list(months))
    return {row.month: row for row in rows.order_by("month", "edition")}


def freeze_day_of(organization_id: UUID) -> int:
    """The day of the next month from which a month is frozen. One statement."""
    set_ = OutcomeSettings.objects.filter(organization_id=organization_id).values_list("freeze_day", flat=True).first()
    return _USUAL_FREEZE_DAY if set_ is None else set_


def earliest_day(organization_id: UUID, at: datetime) -> date:
    """The local day of an instant at the clinic where it is earliest: a month is over when it is over everywhere.

    One statement.
    """
    zones = Clinic.objects.filter(organization_id=organization_id).values_list("time_zone", flat=True)
    return min((local_date(at, ZoneInfo(zone)) for zone in zones.distinct().order_by()), default=at.date())


def fingerprint_of(organization_id: UUID, measured_id: UUID) -> str:
    """SHA-256 over the facts of an edition, as hex. Of a frozen one it stays what was stored with it, however often
    records are put together. Whoever asks lifts the limits of sight. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"organization": organization_id, "measured": measured_id, "later": _LATER})
        found: str = cursor.fetchone()[0]
    return found
