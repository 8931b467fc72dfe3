"""Two records with an open risk case each become one: neither is lost, and taken apart both are there again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from billing.operations.merging import merge_patients, undo_merge
from registry.models import Patient, RiskCase, RiskStep
from registry.operations import add_patient
from registry.operations.risk import assess_risk, note_call, open_risk_case
from registry.queries.risk_lists import risk_lists
from tests.billing.people import AT, Program


@pytest.fixture
def someone(lakeside: Program) -> Callable[..., Patient]:
    def make() -> Patient:
        values = {"mrn": uuid4().hex[:8], "birth_date": date(1980, 5, 17), "clinic": lakeside.clinic}
        return add_patient(by=lakeside.by, at=AT, family_name="Abara", given_name="Jo", **values)

    return make


@pytest.fixture
def at_risk(lakeside: Program) -> Callable[..., RiskCase]:
    def make(patient: Patient, tier: str = "") -> RiskCase:
        doing = {"by": lakeside.by, "at": AT}
        case = open_risk_case(**doing, patient_id=patient.id, concern=f"Said {tier or 'nothing'}", client_token=uuid4())
        if tier:
            assess_risk(**doing, case_id=case.id, tier=tier, note="Spoke.", client_token=uuid4())
        return case

    return make


def live(patient: Any) -> list[tuple[str, str, bool]]:
    rows = RiskCase.objects.live().filter(patient=patient)
    return [(row.concern, row.tier, row.recheck_on == row.opened_on) for row in rows]


@pytest.mark.parametrize(
    ("kept_tier", "other_tier", "after"),
    [
        ("moderate", "high", ("Said moderate", "high", True)),
        ("high", "moderate", ("Said high", "high", True)),
        ("", "high", ("Said nothing", "high", True)),
        ("moderate", "", ("Said moderate", "moderate", True)),
        ("", "", ("Said nothing", "", False)),
    ],
)
def test_of_two_open_cases_one_goes_on_and_both_come_back(
    lakeside: Program,
    someone: Callable[..., Patient],
    at_risk: Callable[..., RiskCase],
    kept_tier: str,
    other_tier: str,
    after: tuple[str, str, bool],
) -> None:
    kept, merged = someone(), someone()
    at_risk(kept, kept_tier)
    other = at_risk(merged, other_tier)
    note_call(by=lakeside.by, at=AT, case_id=other.id, who="", text="Sister called.", client_token=uuid4())
    merge = merge_patients(by=lakeside.by, at=AT, kept_id=kept.id, merged_id=merged.id)
    assert live(kept) == [after]
    listed = risk_lists(kept.organization_id, at=AT, last_contacts={}).open
    assert [row.patient_id for row in listed] == [kept.id]
    note = RiskStep.objects.get(case__patient=kept, key="risen")
    assert note.text == (
        f"From the record that was merged into this one: open since {other.opened_on}, "
        f"{f'{other_tier}, assessed {other.opened_on}' if other_tier else 'not assessed'}. {other.concern}"
    )
    undo_merge(by=lakeside.by, at=AT, merge_id=merge.id)
    assert live(merged) == [(other.concern, other_tier, False)]
    assert live(kept) == [(f"Said {kept_tier or 'nothing'}", kept_tier, False)]
    note.refresh_from_db()
    assert (note.void_reason, RiskStep.objects.filter(case=other).count()) == (
        *("The merge was taken apart", 2 if other_tier else 1),
    )


def test_a_case_of_one_record_goes_over_and_back(
    lakeside: Program, someone: Callable[..., Patient], at_risk: Callable[..., RiskCase]
) -> None:
    kept, merged = someone(), someone()
    at_risk(merged, "high")
    merge = merge_patients(by=lakeside.by, at=AT, kept_id=kept.id, merged_id=merged.id)
    assert (live(kept), live(merged)) == ([("Said high", "high", False)], [])
    undo_merge(by=lakeside.by, at=AT, merge_id=merge.id)
    assert (live(kept), live(merged)) == ([], [("Said high", "high", False)])
