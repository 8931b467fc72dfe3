"""The only way an audit event is written: in the transaction of what it tells of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from bhi.audit.models import AuditEvent
from bhi.tenancy.models import Membership

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def record(
    action: str,
    *,
    by: Membership,
    at: datetime,
    patient_id: UUID | None = None,
    object_id: UUID | None = None,
    fields: Sequence[str] = (),
    count: int | None = None,
) -> None:
    """Who did `action`, to which patient or object, touching which fields: names of fields, never values.

    A name that is no identifier raises ValueError: it is a value that somebody passed by mistake.
    """
    if not _ACTION.fullmatch(action) or not all(map(_FIELD.fullmatch, fields)):
        raise ValueError("An audit event holds an action and names of fields, never values.")
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    AuditEvent.objects.create(
        organization_id=by.organization_id,
        at=at,
        by=by,
        action=action,
        patient_id=patient_id,
        object_id=object_id,
        fields=sorted(fields),
        count=count,
        request_id=UUID(request_id) if request_id else None,
    )
