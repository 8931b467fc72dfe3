import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.identifiers import (
    bare_mrn,
    is_behavioral,
    is_mbi,
    is_npi,
    normal_icd10,
    normal_mbi,
    normal_mrn,
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("1234567893", True),  # the example of the NPI check digit specification
        ("1245319599", True),
        ("1234567890", False),
        ("1234567839", False),  # two digits swapped
        ("3234567891", False),
        ("123456789", False),
        ("12345678933", False),
        ("١234567893", False),
        ("", False),
    ],
)
def test_npi(text, holds):
    assert is_npi(text) is holds


@given(st.from_regex(r"[12][0-9]{8}", fullmatch=True))
def test_exactly_one_check_digit_fits(nine):
    assert sum(is_npi(nine + str(digit)) for digit in range(10)) == 1


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1EG4-TE5-MK73", "1EG4TE5MK73"),  # the specimen on the Medicare card
        ("7xr7kc6gf17", "7XR7KC6GF17"),
        (" 2H52 E60 CW70 ", "2H52E60CW70"),
        ("1SG4TE5MK73", ""),  # S is no letter of an MBI
        ("0EG4TE5MK73", ""),
        ("1EG4TE5MK7", ""),
        ("1EG4TE5MK733", ""),
        ("927098211", ""),
        ("", ""),
    ],
)
def test_mbi(text, normal):
    assert (normal_mbi(text), is_mbi(text)) == (normal, bool(normal))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("F32.1", "F32.1"),
        ("f321", "F32.1"),
        (" F43.10 ", "F43.10"),
        ("F3341", "F33.41"),
        ("I10", "I10"),
        ("C4A.9", "C4A.9"),
        ("S72.001A", "S72.001A"),
        ("Z91.51", "Z91.51"),
        ("F32.", ""),
        ("F3", ""),
        ("3F2.1", ""),
        ("F32.12345", ""),
        ("F32.1 depression", ""),
        ("", ""),
    ],
)
def test_icd10(text, normal):
    assert normal_icd10(text) == normal


@pytest.mark.parametrize(("code", "holds"), [("F32.1", True), ("F99", True), ("Z13.31", False)])
def test_behavioral_chapter(code, holds):
    assert is_behavioral(code) is holds


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("02908655", "02908655"),
        (" '02908655 ", "02908655"),
        ("2908655.0", "2908655"),
        ("66 98 61 71", "66986171"),
        ("mg-104b", "MG-104B"),
        ("A 12", "A 12"),
        ("'", ""),
        ("  ", ""),
    ],
)
def test_mrn(text, normal):
    assert normal_mrn(text) == normal


def test_numbers_that_a_spreadsheet_stripped_compare_equal():
    assert bare_mrn("02908655") == bare_mrn("2908655") == "2908655"
