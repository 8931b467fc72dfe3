"""A request about one patient: who asks, when, and the door that is either open to them or 404."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bhi.accounts.permissions import Permission, permissions_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from caseload.queries.doors import PatientDoor, patient_door


@dataclass(frozen=True)
class Asked:
    """A request, its seat and instant, and the patient that it is about."""

    request: HttpRequest
    by: Membership
    at: datetime
    door: PatientDoor

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"

    def may(self, permission: Permission) -> bool:
        """Whether the seat has a permission besides the one of the page."""
        return permission in permissions_of(self.by.roles)

    def page(self, action: str, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Answer with a page that shows the patient, and audit that it was shown."""
        record(action, by=self.by, at=self.at, patient_id=self.door.patient.id, object_id=self.door.patient.id)
        sub = " · ".join(part for part in (self.door.patient.mrn, self.door.clinic_name) if part)
        shared = {"door": self.door, "episode": self.door.episode, "sub": sub, "may_enrol": self.may(Permission.ENROL)}
        return render(self.request, template, shared | context, status=status)


def asked(request: HttpRequest, patient_id: UUID) -> Asked:
    """The request behind the patient's door. Raises Http404 for absent and foreign patients alike."""
    by, at = seat(request), timezone.now()
    try:
        return Asked(request, by, at, patient_door(patient_id, for_=by, at=at))
    except NotFound:
        raise Http404 from None
