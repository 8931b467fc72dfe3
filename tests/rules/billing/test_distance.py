"""How far an open month is from its next better code."""

from decimal import Decimal

import pytest

from billing.rules.findings import NextStep
from caseload.rules.minutes import MonthMinutes
from tests.rules.billing.test_verdicts import APCM, LATER, dated, verdict, worked


def step(minutes: int, code: str, amount_more: str | None, units: int = 1) -> NextStep:
    return NextStep(code, units, minutes, None if amount_more is None else Decimal(amount_more))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"time": MonthMinutes()}, step(16, "G2214", "60.79")),
        ({"time": worked(10)}, step(6, "G2214", "60.79")),
        ({"time": worked(16)}, step(20, "99492", "99.53")),
        ({"time": worked(35)}, step(1, "99492", "99.53")),
        ({"time": worked(29), **LATER}, step(2, "99493", "84.17")),
        ({"time": worked(36)}, step(50, "99494", "61.46")),
        ({"time": worked(85)}, step(1, "99494", "61.46")),
        ({"time": worked(86)}, step(30, "99494", "61.46", units=2)),
        ({"time": worked(86), "options": {"addon_cap": 1}}, None),
        ({"time": worked(86), "options": {"addon_cap": 0}}, None),
        ({"time": worked(18), "place_of_service": "22"}, step(2, "99484", "5.02")),
        ({"time": worked(20), "place_of_service": "22"}, step(16, "99492", "43.42")),
        ({"time": worked(18), "options": {"covers_g2214": False}}, step(2, "99484", "57.45")),
        ({"time": worked(10), "payer": "commercial"}, step(10, "99484", None)),
        ({"time": worked(36), "payer": "commercial"}, step(50, "99494", None)),
        # A patient of general BHI is not sent towards CoCM, unless the month already has some.
        ({"time": MonthMinutes(), "program": "bhi"}, step(20, "99484", "57.45")),
        ({"time": worked(0, 15), "program": "bhi"}, step(5, "99484", "57.45")),
        ({"time": worked(0, 25), "program": "bhi"}, None),
        ({"time": worked(5, 15), "program": "bhi"}, step(5, "99484", "57.45")),
        ({"time": worked(14, 15), "program": "bhi"}, step(2, "G2214", "60.79")),
        # Where minutes suffice and something else is missing, more minutes are not the way; a further code may be.
        ({"time": worked(40), "diagnoses": ()}, None),
        ({"time": worked(40), "reviews": ()}, None),
        ({"time": worked(18), "diagnoses": ()}, step(2, "99484", "57.45")),
        ({"time": MonthMinutes(), **APCM}, step(1, "G0568", "161.66")),
        ({"time": worked(0, 5), **APCM}, step(1, "G0568", "103.88")),
        ({"time": worked(5), **APCM}, None),
        (dated({"time": worked(10), "month": "2027-10"}), step(6, "G2214", None)),
        (dated({"time": worked(20), "month": "2025-10"}), step(16, "99492", None)),
        (dated({"time": worked(70), "month": "2025-10", "setting": "fqhc"}), None),
    ],
)
def test_the_next_code_is_the_one_that_the_fewest_minutes_add(changed, expected):
    assert verdict(**changed).next_step == expected
