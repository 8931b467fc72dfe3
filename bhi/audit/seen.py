"""Whom a person saw between two instants, and what they did: for a notice of a breach (45 CFR 164.404)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from bhi.audit.words import WORDS

PAGE: Final = 50
# Events carry the instant at which their request or job began; their ids that at which they were written.
WRITTEN_WITHIN: Final = timedelta(minutes=15)

_EVENTS: Final = """
    FROM audit_event
    WHERE organization_id = %(organization)s AND by_id = %(person)s
      AND id >= %(first_id)s AND id < %(last_id)s AND at >= %(since)s AND at < %(until)s
"""
# What was refused was not seen.
_PATIENTS: Final = f"""
    WITH acts AS (SELECT at, patient_id, shown {_EVENTS} AND action <> 'access.denied'),
    seen AS (
        SELECT patient_id, at, true AS direct FROM acts WHERE patient_id IS NOT NULL
        UNION ALL
        SELECT unnest(shown), at, false FROM acts WHERE shown IS NOT NULL)
    SELECT patient_id, min(at), max(at), count(*) FILTER (WHERE direct), count(*) FILTER (WHERE NOT direct),
           count(*) OVER ()
    FROM seen GROUP BY patient_id ORDER BY max(at) DESC, patient_id LIMIT %(most)s OFFSET %(first)s
"""  # noqa: S608 -- of constants
_ACTS: Final = f"""
    SELECT action, count(*), min(at), max(at),
           count(*) FILTER (WHERE count > 0 AND patient_id IS NULL AND coalesce(cardinality(shown), 0) = 0)
    {_EVENTS} GROUP BY action ORDER BY count(*) DESC, action
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Whose acts, from an instant until before another."""

    person_id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class SeenPatient:
    """A patient whom the person saw: how often on pages of their own, how often in lists."""

    patient_id: UUID
    first_at: datetime
    last_at: datetime
    opened: int
    listed: int


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Patients, the last seen first; `total` counts them all."""

    rows: tuple[SeenPatient, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Act:
    """What the person did, how often, and when first and last. `unnamed` of these showed people whom the record
    counts and does not name: rows of an uploaded file, before they were anybody's.
    """

    words: str
    times: int
    first_at: datetime
    last_at: datetime
    unnamed: int


def patients_seen(organization_id: UUID, span: Span, *, first: int = 0, most: int = PAGE) -> SeenPage:
    """Each patient whom the person saw, once. One statement, along the index of a person's events."""
    values = {**_values(organization_id, span), "first": first, "most": most}
    rows = _all(_PATIENTS, values)
    return SeenPage(tuple(SeenPatient(*row[:5]) for row in rows), rows[0][5] if rows else 0)


def acts_counted(organization_id: UUID, span: Span) -> tuple[Act, ...]:
    """What the person did, the most frequent first. One statement."""
    return tuple(Act(WORDS.get(row[0], row[0]), *row[1:]) for row in _all(_ACTS, _values(organization_id, span)))


def least_id(at: datetime) -> UUID:
    """Where the ids that were made at an instant begin: they sort by time."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def _values(organization_id: UUID, span: Span) -> dict[str, Any]:
    return {
        "organization": organization_id,
        "person": span.person_id,
        "since": span.since,
        "until": span.until,
        "first_id": least_id(span.since - WRITTEN_WITHIN),
        "last_id": least_id(span.until + WRITTEN_WITHIN),
    }


def _all(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
