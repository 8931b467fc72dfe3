"""Control numbers that come back in another dress."""

import pytest

from billing.rules.x12.numbers import bare, dressed, is_nearly, looks_ours, signs_of

OURS = "00001-00001-BCDFGH"


@pytest.mark.parametrize(
    ("received", "is_one"),
    [
        (OURS, True),
        ("0000100001BCDFGH", True),
        ("1-00001-bcdfgh", True),
        ("00001 00001 BCDFGH", True),
        ("00001-00002-BCDFGH", False),
        ("", False),
        ("-", False),
    ],
)
def test_hyphens_zeros_and_case_do_not_matter(received: str, is_one: bool) -> None:
    assert is_nearly(received, OURS) is is_one


@pytest.mark.parametrize(
    ("received", "ours", "is_one"),
    [
        (f"{OURS}-1", f"{OURS}-12", True),
        (f"{OURS}-1", f"{OURS}-22", False),
        (f"{OURS}1", f"{OURS}-12", False),
        (f"{OURS}-12", f"{OURS}-12", True),
    ],
)
def test_what_was_cut_at_twenty_is_what_is_left_of_it(received: str, ours: str, is_one: bool) -> None:
    assert is_nearly(received, ours) is is_one


@pytest.mark.parametrize(
    ("number", "is_ours"),
    [
        (OURS, True),
        ("1-00001-BCDFGH", True),
        ("12345-00001-23456B", True),
        ("0007-0001", False),
        ("123456789012", False),
        ("PCN-4471", False),
        ("", False),
    ],
)
def test_ours_are_told_by_their_shape(number: str, is_ours: bool) -> None:
    assert looks_ours(number) is is_ours


@pytest.mark.parametrize("ours", [OURS, "12345-00012-23456B", "123456-00001-BCDFGH"])
def test_ours_are_put_in_their_dress_again(ours: str) -> None:
    altered = [ours.replace("-", ""), ours.lower(), ours.lstrip("0"), ours.replace("-", " ")]
    assert [dressed(one) for one in altered] == [ours] * 4


def test_the_signs_at_the_end() -> None:
    assert [signs_of(one) for one in (OURS, "BCDFGH", "123456", "AB")] == ["BCDFGH", "BCDFGH", "", ""]
    assert bare("00-01-a") == "1A"
