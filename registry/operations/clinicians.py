"""The treating clinicians of an organization: who they are, and how each is told of recommendations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from registry.models import ClinicianChannel, TreatingClinician
from registry.operations.recording import refusing
from registry.rules.identifiers import npi_fault
from registry.rules.names import read_credentials, read_person


class ClinicianRefused(DomainError):
    """Something about a clinician cannot be so. `field` says what."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class _NameTaken(DomainError):
    """Two clinicians of one name and credential."""


@dataclass(frozen=True)
class ClinicianValues:
    """What is set of a clinician. `membership_id` is the seat with which they sign in, where they do."""

    name: str
    credential: str = ""
    npi: str = ""
    channel: str = ClinicianChannel.EHR
    email: str = ""
    membership_id: UUID | None = None


@transaction.atomic
def set_clinician(
    *, by: Membership, at: datetime, values: ClinicianValues, clinician_id: UUID | None = None
) -> TreatingClinician:
    """Add a treating clinician, or change one. Links and codes go to the address that is set here and nowhere else.

    Raises ClinicianRefused with the field, NotFound.
    """
    row = (
        _locked(clinician_id, by) if clinician_id is not None else TreatingClinician(organization_id=by.organization_id)
    )
    _refuse(values, by, clinician_id)
    changed = _apply(row, values)
    if not changed:
        return row
    try:
        with refusing({"registry_treatingclinician_name": _NameTaken}):
            row.save()
    except _NameTaken:
        sentence = (
            "There is a clinician with this name and credential. Open that one, or tell them apart by a middle name."
        )
        raise ClinicianRefused("name", sentence) from None
    record("clinician.changed" if clinician_id else "clinician.added", by=by, at=at, object_id=row.id, fields=changed)
    return row


def _refuse(values: ClinicianValues, by: Membership, clinician_id: UUID | None) -> None:
    if values.channel == ClinicianChannel.LINK and not values.email:
        raise ClinicianRefused("email", "A secure link needs an address. Enter it, or choose another channel.")
    if values.channel == ClinicianChannel.INBOX and values.membership_id is None:
        raise ClinicianRefused("seat", "The inbox needs a person who signs in. Choose who, or another channel.")
    others = TreatingClinician.objects.filter(organization_id=by.organization_id)
    if clinician_id is not None:
        others = others.exclude(id=clinician_id)
    if values.npi:
        if fault := npi_fault(values.npi):
            raise ClinicianRefused("npi", fault)
        taken = others.filter(npi=values.npi).first()
        if taken is not None:
            raise ClinicianRefused("npi", f"This is the NPI of {taken}. Correct the number.")
    if values.membership_id is not None:
        _refuse_seat(values.membership_id, by, others.filter(membership_id=values.membership_id).first())


def _refuse_seat(membership_id: UUID, by: Membership, taken: TreatingClinician | None) -> None:
    seats = Membership.objects.filter(organization_id=by.organization_id, id=membership_id)
    if not seats.filter(roles__contains=[Role.TREATING_CLINICIAN.value]).exists():
        raise ClinicianRefused("seat", "Choose somebody who has the role of a treating clinician.")
    if taken is not None:
        raise ClinicianRefused("seat", f"This person signs in as {taken} already. Choose another.")


def _apply(row: TreatingClinician, values: ClinicianValues) -> list[str]:
    """Set what differs; returns the names of those columns. Raises ClinicianRefused for a name that is none."""
    read = read_person(values.name)
    if not read.family or not read.given:
        raise ClinicianRefused("name", "Enter the clinician's given and family name, such as Ana Rivera.")
    wanted = {
        "name": " ".join(filter(None, (read.given, read.middle, read.family, read.suffix))),
        "sort_name": read.sort_name,
        "credential": ", ".join(filter(None, (read.credential, read_credentials(values.credential)))),
        "npi": values.npi,
        "channel": values.channel,
        "email": values.email,
        "membership_id": values.membership_id,
    }
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return [name.removesuffix("_id") for name in changed if name != "sort_name"]


def _locked(clinician_id: UUID, by: Membership) -> TreatingClinician:
    rows = TreatingClinician.objects.filter(organization_id=by.organization_id, id=clinician_id)
    row = rows.select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound
    return row
