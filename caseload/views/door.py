"""A request about one patient, behind the patient's door: what is absent and what is foreign are 404 alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor, patient_door


@dataclass(frozen=True)
class Asking:
    """Who asks, when, and about whom."""

    request: HttpRequest
    organization: str
    by: Membership
    at: datetime
    door: PatientDoor

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"


def asking_of(request: HttpRequest, organization: str, patient_id: UUID) -> Asking:
    """The request behind the patient's door."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    return Asking(request, organization, by, now, door_of(patient_id, by, now))


def door_of(patient_id: UUID, by: Membership, at: datetime) -> PatientDoor:
    """The patient's door. Raises Http404 for absent and foreign patients."""
    try:
        return patient_door(patient_id, for_=by, at=at)
    except NotFound:
        raise Http404 from None
