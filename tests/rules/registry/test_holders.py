"""Who holds an insurance: what is needed of them, and what is kept."""

from datetime import date
from typing import Any

import pytest

from registry.rules.holders import HOLDER, held_by, holder_faults

TODAY = date(2026, 4, 3)
SPOUSE: dict[str, Any] = {
    "relationship": "spouse",
    "subscriber_family_name": "Abara",
    "subscriber_given_name": "Chi",
    "subscriber_birth_date": date(1979, 1, 2),
    "subscriber_address": "1 Elm St",
    "subscriber_city": "Denver",
    "subscriber_state": "CO",
    "subscriber_postal_code": "80202-1234",
}


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({}, {}),
        ({"relationship": ""}, {}),
        ({"relationship": "self", "subscriber_family_name": ""}, {}),
        ({"relationship": "cousin"}, {"relationship": "Choose who holds it."}),
        (
            {"subscriber_family_name": "", "subscriber_given_name": ""},
            {
                "subscriber_family_name": "Enter the family name, as the card says it.",
                "subscriber_given_name": "Enter the given name, as the card says it.",
            },
        ),
        ({"subscriber_birth_date": None}, {"subscriber_birth_date": "Enter the birth date."}),
        (
            {"subscriber_birth_date": date(2027, 1, 1)},
            {"subscriber_birth_date": "A birth date lies between 1900 and today. Correct the year."},
        ),
        (
            {"subscriber_city": "", "subscriber_state": "Colorado", "subscriber_postal_code": "8020"},
            {
                "subscriber_city": "Enter the city, or clear the rest of the address.",
                "subscriber_state": "Enter the two letters of the state, such as IL.",
                "subscriber_postal_code": "A ZIP code has five or nine digits, such as 60614 or 60614-2035.",
            },
        ),
        ({"subscriber_address": ""}, {"subscriber_address": "Enter the street, or clear the rest of the address."}),
        (
            dict.fromkeys(("subscriber_address", "subscriber_city", "subscriber_state", "subscriber_postal_code"), ""),
            {},
        ),
    ],
)
def test_a_holder_who_is_not_the_patient_has_a_name_and_a_birth_date(changed: dict[str, Any], faults: dict[str, str]):
    assert holder_faults({**SPOUSE, **changed}, today=TODAY) == faults


def test_of_a_patient_who_holds_it_nothing_of_anybody_else_is_kept():
    kept = held_by({**SPOUSE, "relationship": "self", "group_number": "G1"})
    assert {name: kept[name] for name in HOLDER} == {**dict.fromkeys(HOLDER, ""), "subscriber_birth_date": None}
    assert (kept["relationship"], kept["group_number"]) == ("self", "G1")
    assert held_by(SPOUSE) == SPOUSE
