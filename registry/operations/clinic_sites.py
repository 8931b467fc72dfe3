"""What claims say of a clinic: its NPI, kind of site and place of service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.rules.identifiers import npi_fault


class NpiWrong(DomainError):
    """The number has not the form of an NPI. The sentence says where."""


@dataclass(frozen=True)
class SiteValues:
    """What claims say of a clinic; an empty `npi` is not known yet."""

    npi: str
    setting: str
    place_of_service: str


@transaction.atomic
def set_clinic_site(*, by: Membership, at: datetime, clinic_id: UUID, values: SiteValues) -> Clinic:
    """Set what claims say of a clinic: months that are open are judged and claimed by it from now on.

    Its time zone is fixed. Raises NpiWrong, NotFound.
    """
    if values.npi and (fault := npi_fault(values.npi)):
        raise NpiWrong(fault)
    clinic = Clinic.objects.select_for_update().filter(organization_id=by.organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    changed = [name for name, value in asdict(values).items() if getattr(clinic, name) != value]
    if changed:
        for name in changed:
            setattr(clinic, name, getattr(values, name))
        clinic.save(update_fields=changed)
        record("clinic.site_set", by=by, at=at, object_id=clinic.id, fields=changed)
    return clinic
