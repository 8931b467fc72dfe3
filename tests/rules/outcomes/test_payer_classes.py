"""What kind of coverage a payer is."""

import pytest

from outcomes.rules.payer_classes import class_of


@pytest.mark.parametrize(
    ("name", "family", "expected"),
    [
        ("Medicare Part B", "medicare_ffs", "medicare"),
        ("Humana Gold Plus", "medicare_advantage", "medicare"),
        ("ForwardHealth", "wi_medicaid", "medicaid"),
        # The careful default says nothing; the name does.
        ("Ohio Medicaid", "commercial", "medicaid"),
        ("MEDICAID OF IDAHO", "commercial", "medicaid"),
        ("Medicare-Medicaid Plan", "commercial", "medicaid"),
        ("Medicare of somewhere", "commercial", "medicare"),
        ("Aetna", "commercial", "commercial"),
        ("Horizon BCBS", "horizon", "commercial"),
        ("SUNFLOWER HEALTH PLAN (KANCARE)", "commercial", "medicaid"),
        ("Molina Apple Health", "commercial", "medicaid"),
        ("Apple Healthcare Partners", "commercial", "commercial"),
        ("Medicaidish Benefits", "commercial", "commercial"),
    ],
)
def test_rules_tell_first_then_the_name(name: str, family: str, expected: str) -> None:
    assert class_of(name, family) == expected


def test_who_pays_alone() -> None:
    assert class_of("Medicaid pending", "commercial", is_self_pay=True) == "self_pay"
