"""The only way an audit event is written: in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from bhi.audit.models import AuditEvent
from bhi.tenancy.models import Membership


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
    """Who did `action`, to which patient or object, touching which fields: names of fields, never values."""
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
