"""Which model fits: a table of practices, and the arithmetic of what they need and what it brings."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from registry.rules.model_fit import Advice, Answers, Can, Model, PayerPart, advise, faults_of, revenue, staffing

YES, BUILD, NO = Can.YES, Can.BUILD, Can.NO
WHOLE = Answers(
    care_manager_hours=40,
    is_trained=YES,
    consultant_hours=Decimal(3),
    review=YES,
    registry=YES,
    clinician=YES,
    billing=YES,
    active=60,
    new_a_month=6,
    shares={"medicare_ffs": 100},
)
RATES = {
    ("medicare_ffs", "99492"): Decimal("160.32"),
    ("medicare_ffs", "99493"): Decimal("144.96"),
    ("medicare_ffs", "99484"): Decimal("57.45"),
}


@pytest.mark.parametrize(
    ("change", "model", "missing"),
    [
        ({}, Model.COCM, []),
        ({"registry": BUILD, "review": BUILD}, Model.COCM, ["A registry", "A weekly review"]),
        ({"consultant_hours": Decimal(0)}, Model.BHI, ["A psychiatric consultant"]),
        ({"registry": NO}, Model.BHI, ["A registry"]),
        ({"review": NO}, Model.BHI, ["A weekly review"]),
        ({"registry": NO, "review": NO}, Model.BHI, ["A registry", "A weekly review"]),
        ({"care_manager_hours": 0}, Model.BUILD, ["A care manager"]),
        (
            {"care_manager_hours": 0, "consultant_hours": Decimal(0)},
            Model.BUILD,
            ["A care manager", "A psychiatric consultant"],
        ),
        ({"clinician": NO}, Model.BUILD, ["A treating clinician"]),
        ({"clinician": BUILD}, Model.COCM, ["A treating clinician"]),
        # Billing and training are missing, and decide nothing.
        ({"billing": NO, "is_trained": NO}, Model.COCM, ["Training in", "Somebody who closes"]),
        ({"shares": {"medicaid": 60, "commercial": 40}}, Model.COCM, ["Word from Medicaid", "Word from each"]),
    ],
)
def test_what_is_advised(change: dict[str, Any], model: Model, missing: list[str]) -> None:
    advice = advise(replace(WHOLE, **change), RATES)
    assert advice.model == model
    assert len(advice.missing) == len(missing)
    assert all(one.words.startswith(words) for one, words in zip(advice.missing, missing, strict=True))
    assert all(reason.endswith(".") for reason in advice.reasons)


def test_reasons_name_what_is_lacking() -> None:
    assert "but not a registry that is kept and a weekly review" in reasons(registry=NO, review=NO)
    assert "but not a weekly review:" in reasons(review=NO)
    assert "kept for later" in reasons(care_manager_hours=0)
    assert "kept for later" not in reasons(care_manager_hours=0, consultant_hours=Decimal(0))


def reasons(**change: Any) -> str:
    advice: Advice = advise(replace(WHOLE, **change), RATES)
    return " ".join(advice.reasons)


def test_staffing_follows_the_formula() -> None:
    """One full-time care manager, 6 new and 60 active: 6,060 minutes of 6,900."""
    found = staffing(WHOLE, with_review=True)
    assert (found.minutes_needed, found.minutes_on_hand, found.is_enough) == (6_060, 6_900, True)
    assert (found.places, found.low, found.high) == (69, 90, 120)
    assert (found.care_managers, found.consultant_hours, found.covered_hundredths) == (
        Decimal("0.88"), Decimal("2.6"), 100,
    )  # fmt: skip


def test_general_bhi_spends_no_minutes_on_a_review() -> None:
    found = staffing(replace(WHOLE, care_manager_hours=20), with_review=False)
    assert (found.minutes_on_hand, found.is_enough, found.covered_hundredths) == (3_840, False, None)
    assert (found.low, found.high) == (45, 60)


def test_mostly_medicaid_means_smaller_caseloads() -> None:
    found = staffing(replace(WHOLE, shares={"medicaid": 50, "commercial": 50}), with_review=True)
    assert (found.low, found.high) == (60, 80)


def test_nobody_carries_nobody() -> None:
    found = staffing(replace(WHOLE, care_manager_hours=0), with_review=False)
    assert (found.minutes_on_hand, found.places, found.low) == (0, 0, 0)


def test_revenue_by_national_rates() -> None:
    found = revenue(WHOLE, "cocm", RATES)
    expected = (6 * Decimal("160.32") + 54 * Decimal("144.96")) * Decimal("0.7")
    assert (found.amount, found.unknown_share) == (expected.quantize(Decimal("0.01")), 0)
    assert revenue(WHOLE, "bhi", RATES).amount == Decimal("2412.90")


def test_what_no_schedule_gives_is_not_known() -> None:
    half = revenue(replace(WHOLE, shares={"medicare_ffs": 50, "commercial": 50}), "bhi", RATES)
    assert half.parts == (
        PayerPart("medicare_ffs", Decimal("30.0"), Decimal("1206.45")),
        PayerPart("commercial", Decimal("30.0"), None),
    )
    assert (half.amount, half.unknown_share) == (Decimal("1206.45"), 50)
    none = revenue(replace(WHOLE, shares={"commercial": 100}), "cocm", RATES)
    assert (none.amount, none.unknown_share) == (None, 100)


def test_the_advised_model_comes_first() -> None:
    assert [one.model for one in advise(WHOLE, RATES).revenues] == ["cocm", "bhi"]
    assert [one.model for one in advise(replace(WHOLE, registry=NO), RATES).revenues] == ["bhi", "cocm"]
    assert advise(WHOLE, RATES).words == "Collaborative care"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"shares": {"medicare_ffs": 90}}, ["medicare_ffs"]),
        ({"active": 0, "new_a_month": 0}, ["active"]),
        ({"new_a_month": 61}, ["new_a_month"]),
    ],
)
def test_answers_that_cannot_be(change: dict[str, Any], fields: list[str]) -> None:
    assert list(faults_of(replace(WHOLE, **change))) == fields
