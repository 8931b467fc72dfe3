"""Details of people."""

from datetime import date

import pytest

from registry.rules.identifiers import is_mbi, is_npi, mbi_fault, npi_fault
from registry.rules.people import (
    SECTIONS,
    as_text,
    birth_date_fault,
    changed_meanwhile,
    follow_up_due,
    has_expired,
    may_speak_today,
    member_id_fault,
    normal_member_id,
    phone_fault,
    reordered,
    searched,
    takes_mbi,
)

TODAY = date(2026, 3, 2)
NEVER = "a letter, never S, L, O, I, B or Z"


@pytest.mark.parametrize("good", ["1EG4TE5MK73", "1eg4-te5-mk73", " 1EG4 TE5 MK73 "])
def test_a_medicare_number_has_no_fault(good: str) -> None:
    assert (mbi_fault(good), is_mbi(good)) == ("", True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("0EG4-TE5-MK73", "Character 1 of a Medicare number is a digit from 1 to 9; this has 0."),
        ("1SG4TE5MK73", f"Character 2 of a Medicare number is {NEVER}; this has S."),
        ("1E-O4TE5MK73", f"Character 3 of a Medicare number is a digit or {NEVER}; this has O."),
        ("1EGATE5MK73", "Character 4 of a Medicare number is a digit; this has A."),
        ("1EG44E5MK73", f"Character 5 of a Medicare number is {NEVER}; this has 4."),
        ("1EG4TB5MK73", f"Character 6 of a Medicare number is a digit or {NEVER}; this has B."),
        ("1EG4TEXMK73", "Character 7 of a Medicare number is a digit; this has X."),
        ("1EG4TE51K73", f"Character 8 of a Medicare number is {NEVER}; this has 1."),
        ("1EG4TE5M173", f"Character 9 of a Medicare number is {NEVER}; this has 1."),
        ("1EG4TE5MKA3", "Character 10 of a Medicare number is a digit; this has A."),
        ("1EG4TE5MK7A", "Character 11 of a Medicare number is a digit; this has A."),
        ("1EG4TE5MK7", "A Medicare number has 11 letters and digits; this has 10."),
        ("123-45-6789A", "A Medicare number has 11 letters and digits; this has 10."),
    ],
)
def test_the_fault_names_the_character(wrong: str, said: str) -> None:
    assert mbi_fault(wrong) == f"{said} Compare it with the card."
    assert not is_mbi(wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1234567893", ""),
        ("1234567890", "The last digit does not fit the others, so one digit of this NPI is wrong."),
        ("3234567893", "An NPI has ten digits and begins with 1 or 2."),
        ("12345", "An NPI has ten digits and begins with 1 or 2."),
    ],
)
def test_an_npi_says_what_is_wrong(text: str, said: str) -> None:
    assert npi_fault(text) == said
    assert is_npi(text) is (said == "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Medicare", True),
        ("MEDICARE PART B", True),
        ("Railroad Medicare", True),
        ("Humana Medicare Advantage", False),
        ("Medicare Supplement Plan G", False),
        ("UHC Medicare HMO", False),
        ("Medicaid", False),
        ("Aetna", False),
    ],
)
def test_medicare_itself_takes_medicare_numbers(name: str, expected: bool) -> None:
    assert takes_mbi(name) is expected


def test_a_member_id_is_checked_where_it_is_a_medicare_number() -> None:
    assert [member_id_fault(text, is_mbi=True)[:9] for text in ("", "1EG4TE5MK73", "W12")] == ["", "", "A Medicar"]
    assert member_id_fault("W12", is_mbi=False) == ""
    assert normal_member_id("1eg4-te5-mk73", is_mbi=True) == "1EG4TE5MK73"
    assert normal_member_id("  W12  34 ", is_mbi=False) == "W12 34"


@pytest.mark.parametrize(
    ("about", "until", "may", "expired"),
    [
        ("Appointments", None, True, False),
        ("Appointments", date(2026, 3, 2), True, False),
        ("Appointments", date(2026, 3, 1), False, True),
        ("  ", None, False, False),
        ("", date(2026, 3, 1), False, False),
    ],
)
def test_who_may_be_told_something_today(about: str, until: date | None, may: bool, expired: bool) -> None:
    assert may_speak_today(about, until, TODAY) is may
    assert has_expired(about, until, TODAY) is expired


def test_a_follow_up_is_due_a_week_after_leaving() -> None:
    assert follow_up_due(date(2026, 2, 25)) == date(2026, 3, 4)


def test_sections_share_no_field() -> None:
    fields = [name for names in SECTIONS.values() for name in names]
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (date(2026, 3, 2), "2026-03-02"), (" a\r\nb ", "a\nb"), (7, "7")],
)
def test_values_are_compared_as_the_form_carries_them(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("shown", "stored", "typed", "expected"),
    [
        ({"phone": "1"}, {"phone": "1"}, {"phone": "2"}, ()),
        ({"phone": "1"}, {"phone": "3"}, {"phone": "2"}, ("phone",)),
        ({"phone": "1"}, {"phone": "3"}, {"phone": "1"}, ("phone",)),
        ({"phone": "1"}, {"phone": "2"}, {"phone": "2"}, ()),
        ({"phone": ""}, {"phone": None}, {"phone": "2"}, ()),
        ({}, {"phone": "3"}, {"phone": "2"}, ()),
    ],
)
def test_a_change_that_crossed_anothers_is_seen(
    shown: dict[str, str], stored: dict[str, object], typed: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert changed_meanwhile(shown, stored, typed) == expected


def test_a_search_is_words_a_number_or_a_date() -> None:
    assert searched("Rivéra, ANA", None).words == ("rivera", "ana")
    assert searched("000412", None).mrn == "412"
    assert searched("5/4/1961", date(1961, 5, 4)).born == date(1961, 5, 4)


@pytest.mark.parametrize(
    ("moved", "up", "expected"),
    [("b", True, "bac"), ("b", False, "acb"), ("a", True, "abc"), ("c", False, "abc"), ("x", True, "abc")],
)
def test_a_list_is_put_in_another_order(moved: str, up: bool, expected: str) -> None:
    assert reordered("abc", moved, up=up) == tuple(expected)


@pytest.mark.parametrize(
    ("typed", "is_whole"),
    [("", True), ("312-555-0134", True), ("555 0134", True), ("555 013", False), ("call me", False)],
)
def test_a_phone_number_has_seven_digits_at_least(typed: str, is_whole: bool) -> None:
    fault = "" if is_whole else "Enter a phone number with its area code, such as 312-555-0134."
    assert phone_fault(typed) == fault


@pytest.mark.parametrize(
    ("born", "is_possible"),
    [(date(1900, 1, 1), True), (TODAY, True), (date(1899, 12, 31), False), (date(2026, 3, 3), False)],
)
def test_a_birth_date_lies_between_1900_and_today(born: date, is_possible: bool) -> None:
    fault = "" if is_possible else "A birth date lies between 1900 and today. Correct the year."
    assert birth_date_fault(born, today=TODAY) == fault
