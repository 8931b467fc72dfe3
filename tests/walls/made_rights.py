"""What the access matrix asks for of a patient's rights in their record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bhi.files.operations import store
from bhi.tenancy.models import Membership
from tests.factories.going_live import AmendmentRequestFactory, RecordExportFactory
from tests.walls.made import episode


def record_export(seat: Membership) -> Mapping[str, Any]:
    """A copy that is made, and kept."""
    at, whose = timezone.now(), episode(seat).patient
    kept = {"organization_id": seat.organization_id, "purpose": "record copy", "at": at}
    file = store(b"%PDF-1.7", media_type="application/pdf", expires_at=at + timedelta(days=1), **kept)
    row = RecordExportFactory(organization=seat.organization, patient=whose, pdf=file, structured=file)
    return {"patient_id": whose.id, "export_id": row.id}


def record_export_file(seat: Membership) -> Mapping[str, Any]:
    return {**record_export(seat), "kind": "paper"}


def amendment_list(seat: Membership) -> Mapping[str, Any]:
    AmendmentRequestFactory(organization=seat.organization, patient=episode(seat).patient)
    return {}
