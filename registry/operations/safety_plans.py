"""The safety plan, version by version."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Patient, SafetyPlan
from registry.operations.plan_errors import ContentRefused
from registry.operations.recording import Stamp
from registry.operations.versions import Kept, keep_version
from registry.rules.content import as_json
from registry.rules.safety_plans import Safety, faults_of_safety


@transaction.atomic
def record_safety_plan(
    *, by: Membership, at: datetime, patient: Patient, based_on: int, on: date, content: Safety, today: date
) -> Kept[SafetyPlan]:
    """The version after `based_on` of the patient's safety plan, dated `on`; `today` is the clinic's day.

    It needs no open episode: danger does not ask for one. Raises ContentRefused, EditedMeanwhile.
    """
    if faults := faults_of_safety(content, today=today, born_on=patient.birth_date):
        raise ContentRefused(faults)
    kept = keep_version(
        SafetyPlan,
        stamp=Stamp(by, at),
        owner={"patient": patient},
        based_on=based_on,
        on=on,
        constraint="registry_safetyplan_number",
        content=as_json(content),
    )
    if kept.was_new:
        record(
            "safety_plan.recorded", by=by, at=at, patient_id=patient.id, object_id=kept.row.id, fields=["on", "content"]
        )
    return kept
