"""The only way an audit event is written: in the transaction of what it tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from bhi.audit.chain import BEGINNING, events_of, fingerprint, first_day
from bhi.audit.models import AuditEvent, AuditSeal
from bhi.audit.place import place
from bhi.audit.shown import note_shown
from bhi.tenancy.models import Membership

log = structlog.get_logger(__name__)

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
# A row's day is that of its id, which is given out before its transaction commits: requests take seconds, jobs minutes,
# and clocks differ by less. What a day still brings after it is sealed would look like a row slipped in.
SETTLES: Final = timedelta(hours=8)


def record(
    action: str,
    *,
    by: Membership,
    at: datetime,
    patient_id: UUID | None = None,
    object_id: UUID | None = None,
    fields: Sequence[str] = (),
    count: int | None = None,
    shown: Iterable[UUID] | None = None,
) -> None:
    """Who did `action`, to which patient or object, touching which fields: names of fields, never values.

    A list says whom it showed (`shown`, each patient once), or at least how many; what it counts may be others.

    A name that is no identifier raises ValueError: it is a value that somebody passed by mistake.
    """
    if not _ACTION.fullmatch(action) or not all(map(_FIELD.fullmatch, fields)):
        raise ValueError("An audit event holds an action and names of fields, never values.")
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    patients = None if shown is None else sorted(set(shown))
    where = place()
    note_shown(by.organization_id, [one for one in (patient_id, *(patients or ())) if one is not None])
    AuditEvent.objects.create(
        organization_id=by.organization_id,
        at=at,
        by=by,
        action=action,
        patient_id=patient_id,
        object_id=object_id,
        fields=sorted(fields),
        count=len(patients) if count is None and patients is not None else count,
        shown=patients,
        ip=where.ip,
        session=where.session,
        request_id=UUID(request_id) if request_id else None,
    )


def seal_days(*, organization_id: UUID, at: datetime) -> int:
    """Seal every day that ended eight hours ago (UTC) and is not sealed yet, from the oldest event on. How many.

    Whenever it runs, late or tried again: by then nothing that began in such a day is still being written. Each seal's
    fingerprint also goes to the log, which is kept elsewhere. Who seals at the same time waits, and finds nothing left.
    """
    today = (at - SETTLES).astimezone(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit seal {organization_id}"])
    last = AuditSeal.objects.filter(organization_id=organization_id).order_by("number").last()
    day = last.day + timedelta(days=1) if last else first_day(organization_id)
    previous, number, count = (last.sha256, last.number, 0) if last else (BEGINNING, 0, 0)
    while day is not None and day < today:
        found = fingerprint(previous, day, events_of(organization_id, day))
        number, count = number + 1, count + 1
        AuditSeal.objects.create(
            organization_id=organization_id,
            day=day,
            number=number,
            event_count=found.event_count,
            last_event=found.last_event,
            sha256=found.sha256,
            sealed_at=at,
        )
        log.info("audit.sealed", organization_id=str(organization_id), count=number, seal=found.sha256)
        previous, day = found.sha256, day + timedelta(days=1)
    return count
