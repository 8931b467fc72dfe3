"""Parts of a record that copies leave out: decided, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.rules.withholding import faults_of_withholding
from registry.models import RecordWithholding
from registry.operations.part_two import live_of, locked_patient, refuse, sent_before
from registry.operations.recording import Stamp, record_facts, stamped, void_facts


@transaction.atomic
def withhold(
    *, by: Membership, at: datetime, patient_id: UUID, parts: Sequence[str], because: str, told: str, decided_by: str,
    licensed_as: str, decided_on: date, reviewer: str, today: date, client_token: UUID,
) -> RecordWithholding:  # fmt: skip
    """Leave parts out of every copy that is made from now on, which says so (45 CFR 164.524(a), (d)).

    A second submit returns the first. Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: RecordWithholding | None = sent_before(RecordWithholding, patient, client_token)
    if known is not None:
        return known
    says: dict[str, Any] = {"parts": list(dict.fromkeys(parts)), "because": because, "told": told.strip()}
    says |= {"decided_by": decided_by.strip(), "licensed_as": licensed_as.strip(), "decided_on": decided_on}
    says |= {"reviewer": reviewer.strip()}
    refuse(faults_of_withholding(**says, today=today))
    says["license"] = says.pop("licensed_as")
    made = stamped(RecordWithholding, Stamp(by, at), patient=patient, client_token=client_token, **says)
    record_facts([made])
    record("record_copy.withheld", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(says))
    return made


@transaction.atomic
def void_withholding(*, by: Membership, at: datetime, patient_id: UUID, withholding_id: UUID, reason: str) -> None:
    """The next copy has these parts again. Raises ReasonMissing, AlreadyVoided, NotFound."""
    locked_patient(by, patient_id)
    found = live_of(RecordWithholding, by, patient_id, withholding_id)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    what = {"object_id": withholding_id, "fields": ["void_reason"]}
    record("record_copy.released", by=by, at=at, patient_id=patient_id, **what)  # type: ignore[arg-type]
