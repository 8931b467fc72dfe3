"""What the audit answers out of ten million events of one organization, as the application asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
from django.db import connection

from bench.measuring import Measurement, seconds_of
from bhi.audit.models import AuditEvent
from bhi.audit.operations import seal_days
from bhi.audit.queries import Narrowed, audit_page
from bhi.audit.seen import Span, acts_counted, patients_seen
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership, Organization

YEARS = 6  # how long events are kept at least
SEATS, PATIENTS, LISTED, AT_ONCE = 40, 10_000, 20, 250_000
A_MINUTE = 60.0

_PATIENT = f"md5('bench' || floor(random() * {PATIENTS}))::uuid"
# An id that carries its event's instant (`ms`): as SQL_UUID7 makes them of the present one.
_ID = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send(ms) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""
# One event in ten is a list of twenty patients, one in a thousand a refusal.
_EVENTS = f"""
    INSERT INTO audit_event (id, organization_id, at, by_id, action, patient_id, object_id, fields, count, shown, ip,
                             session, request_id)
    SELECT {_ID}, %(organization)s, to_timestamp(ms / 1000.0), (%(seats)s::uuid[])[1 + floor(random() * {SEATS})],
           CASE WHEN n %% 1000 = 5 THEN 'access.denied' WHEN n %% 10 = 0 THEN 'caseload.viewed' ELSE 'chart.viewed' END,
           CASE WHEN n %% 10 <> 0 THEN {_PATIENT} END, NULL, '{{}}', CASE WHEN n %% 10 = 0 THEN {LISTED} END,
           CASE WHEN n %% 10 = 0 THEN ARRAY[{", ".join([_PATIENT] * LISTED)}] END, '192.0.2.7', '0123456789abcdef', NULL
      FROM (SELECT n, %(begins)s + n * %(step)s AS ms FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) each
"""  # noqa: S608 -- of constants


@dataclass(frozen=True)
class Events:
    """How many, of the six years before `at`."""

    count: int
    at: datetime

    @property
    def step(self) -> int:
        """Milliseconds between two."""
        return int(timedelta(days=365 * YEARS) / timedelta(milliseconds=1)) // self.count


def write_events(admin: psycopg.Connection, organization: Organization, events: Events) -> None:
    """All of them, in the order in which they would have come."""
    seats = [row[0] for row in admin.execute(
        "SELECT id FROM tenancy_membership WHERE organization_id = %s ORDER BY id LIMIT %s", [organization.id, SEATS]
    )]  # fmt: skip
    begins = int((events.at - timedelta(days=365 * YEARS)).timestamp() * 1000)
    for first in range(0, events.count, AT_ONCE):
        values = {
            "organization": organization.id,
            "seats": (seats * SEATS)[:SEATS],
            "begins": begins,
            "step": events.step,
            "first": first,
            "last": min(first + AT_ONCE, events.count) - 1,
        }
        admin.execute(_EVENTS, values)
    admin.execute("ANALYZE audit_event")


def measure_audit(organization: Organization, events: Events) -> list[Measurement]:
    """Each question once, as a page asks it: behind the wall, with nothing warmed for it."""
    with tenant(organization):
        seat = Membership.objects.filter(organization_id=organization.id).order_by("id")[0]
        patient = _patient(organization.id)
    month = Span(seat.id, events.at - timedelta(days=30), events.at)
    ever = Span(seat.id, events.at - timedelta(days=365 * YEARS), events.at)
    one = frozenset({patient})
    asked: list[tuple[str, Callable[[], object]]] = [
        ("whom one person saw in a month", partial(patients_seen, organization.id, month)),
        ("whom one person saw in six years", partial(patients_seen, organization.id, ever)),
        ("all of them, for the list with names", partial(patients_seen, organization.id, ever, most=1_000_000)),
        ("what one person did in six years", partial(acts_counted, organization.id, ever)),
        ("the newest fifty events", partial(audit_page, organization.id)),
        (
            "the newest fifty of a patient, and lists",
            partial(audit_page, organization.id, Narrowed(patient_ids=one)),
        ),
        ("the newest fifty refusals", partial(audit_page, organization.id, Narrowed(kind="refused"))),
        ("nobody's events", partial(audit_page, organization.id, Narrowed(patient_ids=frozenset({UUID(int=1)})))),
    ]
    lines = [_line(organization, events, what, ask) for what, ask in asked]
    return [*lines, _sealing(organization, events)]


def _line(organization: Organization, events: Events, what: str, ask: Callable[[], object]) -> Measurement:
    with tenant(organization), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '300s'")
        taken = seconds_of(ask)
    return Measurement(f"audit, {what}", taken, budget=A_MINUTE, note=f"of {events.count:,} events")


def _sealing(organization: Organization, events: Events) -> Measurement:
    """The first night of an organization that was never sealed: a tenth of all days is sealed, and each counts."""
    until = events.at - timedelta(days=365 * YEARS * 9 // 10)
    with tenant(organization), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '300s'")
        taken = seconds_of(lambda: seal_days(organization_id=organization.id, at=until))
    days = 365 * YEARS // 10
    return Measurement("audit, sealing a day", taken / days, budget=1.0, note=f"of {days} days sealed at once")


def _patient(organization_id: UUID) -> UUID:
    """Any of them: all were seen about as often."""
    ids = AuditEvent.objects.filter(organization_id=organization_id).values_list("patient_id", flat=True)[:20]
    return next(found for found in ids if found)
