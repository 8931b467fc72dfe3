"""What the access matrix asks for around the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bhi.audit.operations import record
from bhi.audit.seen import Span
from bhi.tenancy.models import Membership
from registry.operations.who_saw import ask_for_list, keep_list
from tests.walls.made import episode


def list_asked(seat: Membership) -> Mapping[str, Any]:
    """A list that waits to be made."""
    return {"job_id": _asked(seat)[0]}


def list_kept(seat: Membership) -> Mapping[str, Any]:
    """A list that was made: of one planted patient."""
    job_id, span = _asked(seat)
    keep_list(organization_id=seat.organization_id, job_id=job_id, span=span, at=timezone.now())
    return {"job_id": job_id}


def _asked(seat: Membership) -> tuple[Any, Span]:
    now = timezone.now()
    record("chart.viewed", by=seat, at=now, patient_id=episode(seat).patient_id)
    span = Span(seat.id, now - timedelta(hours=1), now + timedelta(hours=1))
    return ask_for_list(by=seat, at=now, span=span), span
