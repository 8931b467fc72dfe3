"""Whether treating clinicians are qualifying APM participants, year by year: Medicare then pays by a higher factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import ClinicianYear
from registry.models import TreatingClinician


@transaction.atomic
def set_qualifying(*, by: Membership, at: datetime, said: Mapping[tuple[UUID, int], bool]) -> int:
    """Say of clinicians and years whether they are qualifying participants. Returns how many of these changed.

    What was said can be changed, not unsaid; what is not named stays. Raises NotFound where a clinician is absent.
    """
    wanted = {clinician_id for clinician_id, _ in said}
    clinicians = TreatingClinician.objects.filter(organization_id=by.organization_id, id__in=wanted)
    if clinicians.count() != len(wanted):
        raise NotFound
    rows = ClinicianYear.objects.filter(organization_id=by.organization_id, clinician_id__in=wanted)
    before = {(row.clinician_id, row.year): row.is_qualifying for row in rows.select_for_update(of=("self",))}
    changed = [
        ClinicianYear(
            organization_id=by.organization_id,
            clinician_id=clinician_id,
            year=year,
            is_qualifying=is_qualifying,
            changed_at=at,
            changed_by=by,
        )
        for (clinician_id, year), is_qualifying in said.items()
        if before.get((clinician_id, year)) != is_qualifying
    ]
    if changed:
        ClinicianYear.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["organization", "clinician", "year"],
            update_fields=["is_qualifying", "changed_at", "changed_by"],
        )
        record("clinician_year.set", by=by, at=at, fields=["is_qualifying"], count=len(changed))
    return len(changed)
