"""What else a patient was insured by on a day of service, beside the payer that a claim asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from billing.rules.claim_sheet import OtherPlan
from registry.models import Coverage

# A claim as far as this asks: its patient, the payer that it asks by name, and its day of service.
Asked = tuple[UUID, str, date]


def other_plans(organization_id: UUID, asked: Iterable[Asked]) -> dict[Asked, tuple[OtherPlan, ...]]:
    """By claim, the other coverages in force on its day, in the order in which they pay. One statement.

    A claim with none is missing. Who pays for himself has no plan.
    """
    wanted = list(dict.fromkeys(asked))
    rows = Coverage.objects.live().filter(organization_id=organization_id, patient_id__in={one[0] for one in wanted})
    by_patient: dict[UUID, list[Coverage]] = {}
    for row in rows.filter(payer__is_self_pay=False).select_related("payer").order_by("rank", "id"):
        by_patient.setdefault(row.patient_id, []).append(row)
    found = {one: tuple(_plans(by_patient.get(one[0], ()), one)) for one in wanted}
    return {one: plans for one, plans in found.items() if plans}


def _plans(rows: Iterable[Coverage], asked: Asked) -> Iterable[OtherPlan]:
    _, payer, on = asked
    for row in rows:
        begins, ends = row.from_on or on, row.until_on or on
        if begins <= on <= ends and row.payer.name != payer:
            holder = ", ".join(part for part in (row.subscriber_family_name, row.subscriber_given_name) if part)
            yield OtherPlan(row.payer.name, row.member_id, "" if row.relationship == "self" else holder)
