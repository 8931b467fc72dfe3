"""What a line should bring: by hand-worked amounts, and laws that hold for all."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.expected import (
    NOT_KNOWN,
    ExpectedAmount,
    added,
    coinsurance,
    expected_amount,
    sequestration,
    share_paid,
)

FEB = date(2026, 2, 28)
MEDICARE, COMMERCIAL = "medicare_ffs", "commercial"


def said(amount: ExpectedAmount) -> tuple[str, ...]:
    parts = (amount.allowed, amount.payer, amount.patient, amount.withheld, amount.expected)
    return (*(str(part) for part in parts), "estimate" if amount.is_estimate else "fee")


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        # 160.32: the patient 32.064, Medicare 128.256 less 2 % = 125.69088.
        (
            {"national": "160.32"},
            ("160.32", "125.69", "32.06", "2.57", "157.75", "estimate"),
        ),
        # A locality's fee counts, and is no estimate: 165.00; 33.00; 132.00 less 2.64.
        ({"fee": "165.00", "national": "160.32"}, ("165.00", "129.36", "33.00", "2.64", "162.36", "fee")),
        # Under a nurse practitioner's own NPI 85 %: 136.272; 27.2544; 109.0176 less 2 % = 106.837248.
        (
            {"national": "160.32", "percent": "85"},
            ("136.27", "106.84", "27.25", "2.18", "134.09", "estimate"),
        ),
        # Of two units the cents are rounded once: 2 x 61.46.
        (
            {"fee": "61.46", "units": 2},
            ("122.92", "96.37", "24.58", "1.97", "120.95", "fee"),
        ),
        # No sequestration from May 2020 to March 2022, one percent from April to June 2022.
        ({"fee": "100.00", "on": date(2021, 3, 31)}, ("100.00", "80.00", "20.00", "0.00", "100.00", "fee")),
        ({"fee": "100.00", "on": date(2022, 4, 30)}, ("100.00", "79.20", "20.00", "0.80", "99.20", "fee")),
        ({"fee": "100.00", "on": date(2022, 7, 31)}, ("100.00", "78.40", "20.00", "1.60", "98.40", "fee")),
        # A plan of its own decides what the patient pays: nobody knows here.
        ({"family": COMMERCIAL, "fee": "150.00"}, ("150.00", "None", "None", "0", "150.00", "fee")),
        ({"family": COMMERCIAL, "national": "145.00"}, ("145.00", "None", "None", "0", "145.00", "estimate")),
        # Half a cent goes up: 0.05 x 50 % = 0.025.
        ({"family": COMMERCIAL, "fee": "0.05", "percent": "50"}, ("0.03", "None", "None", "0", "0.03", "fee")),
    ],
)
def test_amounts_worked_by_hand(given: dict[str, Any], parts: tuple[str, ...]):
    usual: dict[str, Any] = {"family": MEDICARE, "on": FEB, "units": 1, "fee": None, "national": None}
    numbers = {name: Decimal(value) for name, value in given.items() if name in ("fee", "national", "percent")}
    assert said(expected_amount(**{**usual, **given, **numbers})) == parts


@pytest.mark.parametrize(
    ("family", "has_own_fee", "general", "of_payer", "percent"),
    [
        (MEDICARE, True, "85", None, "85"),
        (MEDICARE, False, "85", None, "85"),
        (COMMERCIAL, True, "85", None, "100"),
        ("medicare_advantage", True, "85", None, "100"),
        # An estimate by the national amount rests on Medicare's schedule, whoever pays.
        (COMMERCIAL, False, "85", None, "85"),
        (COMMERCIAL, True, "85", "90", "90"),
        (COMMERCIAL, True, None, "90", "90"),
        (MEDICARE, True, "85", "100", "100"),
        (MEDICARE, True, None, None, "100"),
    ],
)
def test_whose_fees_a_clinicians_share_cuts(
    family: str, has_own_fee: bool, general: str | None, of_payer: str | None, percent: str
):
    shares = {"general": general, "of_payer": of_payer}
    known = {name: None if share is None else Decimal(share) for name, share in shares.items()}
    assert share_paid(family=family, has_own_fee=has_own_fee, **known) == Decimal(percent)


def test_what_nobody_knows_stays_unknown_also_in_a_sum():
    unknown = expected_amount(family=MEDICARE, on=FEB, units=1, fee=None, national=None)
    known = expected_amount(family=MEDICARE, on=FEB, units=1, fee=Decimal(100), national=None)
    assert unknown == NOT_KNOWN
    assert unknown.expected is None
    assert (added([known, unknown]).allowed, added([known, unknown]).expected) == (None, None)
    assert added([]).allowed is None
    both = added([known, expected_amount(family=MEDICARE, on=FEB, units=1, fee=None, national=Decimal(50))])
    assert said(both) == ("150.00", "117.60", "30.00", "2.40", "147.60", "estimate")


def test_rules_say_who_says_so():
    assert coinsurance(MEDICARE) == 20
    assert coinsurance(COMMERCIAL) is None
    assert sequestration(MEDICARE, FEB).percent == 2
    assert sequestration(MEDICARE, FEB).source == "Public Law 117-71, section 2: the full percentage again"
    assert (sequestration(MEDICARE, date(2013, 3, 31)).percent, sequestration(COMMERCIAL, FEB).percent) == (0, 0)


@given(
    st.decimals(min_value="0.01", max_value="9999.99", places=2),
    st.integers(1, 12),
    st.sampled_from([Decimal(85), Decimal(100), Decimal("33.33")]),
    st.sampled_from([MEDICARE, COMMERCIAL]),
)
def test_the_parts_are_the_whole(fee: Decimal, units: int, percent: Decimal, family: str):
    found = expected_amount(family=family, on=FEB, units=units, fee=fee, national=None, percent=percent)
    assert found.allowed is not None
    assert abs(found.allowed - fee * units * percent / 100) <= Decimal("0.005")
    assert found.allowed - found.withheld == found.expected
    if found.payer is not None and found.patient is not None:
        assert found.payer + found.patient == found.expected
