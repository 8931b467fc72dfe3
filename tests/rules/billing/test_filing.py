"""The forms of what filing is set with, and of fee tables."""

from decimal import Decimal
from typing import Any

import pytest

from billing.rules.fee_files import FeeRow, our_codes, read_fee_file
from billing.rules.filing import bare_digits, code_fault, provider_faults, receiver_faults, route_faults
from caseload.rules.imports.sheets import Sheet

PROVIDER = {
    "name": "Maple Grove Family Medicine",
    "npi": "1234567893",
    "taxonomy": "207Q00000X",
    "tax_id": "841234567",
    "address": "100 Main St",
    "city": "Denver",
    "state": "CO",
    "postal_code": "802021234",
    "submitter_name": "Maple Grove Family Medicine",
    "submitter_id": "COCMSUB01",
    "contact_name": "Billing Office",
    "contact_phone": "3035550100",
}
RECEIVER = {
    "name": "Clearing",
    "receiver_id": "CLEAR01",
    "application_id": "CLEAR01",
    "sender_id": "US01",
    "receiver_qualifier": "ZZ",
    "sender_qualifier": "30",
}
ROUTE = {"payer_identifier": "04112", "filing_code": "MB", "address": "", "city": "", "state": "", "postal_code": ""}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"taxonomy": ""}, ""),
        ({"name": " "}, "Enter the name under which the practice bills."),
        ({"name": "Maple*Grove"}, "Leave out * ~ : ^ | and >: files use them as separators."),
        ({"npi": ""}, "Enter the practice’s NPI, of ten digits."),
        ({"npi": "1234567890"}, "The last digit does not fit the others, so one digit of this NPI is wrong."),
        ({"taxonomy": "207Q"}, "A taxonomy code has ten characters and ends with X, such as 207Q00000X."),
        ({"tax_id": "84123456"}, "A tax id has nine digits."),
        ({"address": "P.O. Box 12"}, "Claims need a street address here, no post office box or lock box."),
        ({"address": ""}, "Enter the street and the number."),
        ({"city": ""}, "Enter the city."),
        ({"state": "XX"}, "Enter the two letters of the state, such as CO."),
        (
            {"postal_code": "80202"},
            "Enter all nine digits of the ZIP code: files without the last four are refused.",
        ),
        ({"postal_code": "802020000"}, "The last four digits cannot be 0000. Look them up at the post office."),
        ({"submitter_id": "!"}, "Use two or more letters and digits, as the agreement writes it."),
        ({"submitter_id": ""}, "Enter the id by which the clearinghouse knows the sender."),
        ({"contact_phone": "5550100"}, "Enter ten digits, with the area code."),
    ],
)
def test_each_fault_of_a_provider_is_said_at_its_field(changed: dict[str, str], fault: str):
    found = provider_faults({**PROVIDER, **changed})
    assert found == ({next(iter(changed)): fault} if fault else {})


def test_a_receiver_has_ids_and_known_kinds_of_them():
    assert receiver_faults(RECEIVER) == {}
    wrong = receiver_faults({**RECEIVER, "receiver_id": "", "sender_qualifier": "99"})
    assert wrong == {
        "receiver_id": "Enter the receiver id that its agreement names.",
        "sender_qualifier": "Choose from the list.",
    }


def test_a_routes_address_is_whole_or_empty():
    assert route_faults(ROUTE) == {}
    assert route_faults({**ROUTE, "payer_identifier": ""}) == {}
    assert route_faults({**ROUTE, "filing_code": "QQ"}) == {"filing_code": "Choose from the list."}
    whole = {"address": "PO Box 7", "city": "Fargo", "state": "ND", "postal_code": "58108"}
    assert route_faults({**ROUTE, **whole}) == {}
    assert sorted(route_faults({**ROUTE, "city": "Fargo"})) == ["address", "postal_code", "state"]


def test_codes_and_numbers_as_people_write_them():
    assert (code_fault("99492"), code_fault("G2214"), code_fault("0001F")) == ("", "", "")
    assert code_fault("9949") == "Enter the code’s five characters, as 99492."
    assert bare_digits(" 80202-1234 ") == "802021234"


def table(*rows: tuple[Any, ...]) -> Sheet:
    return Sheet("fees.csv", "", rows)


def test_a_table_is_read_by_its_headings_and_other_codes_are_left_out():
    found = read_fee_file(
        [
            table(
                ("Physician fee schedule", None, None, None),
                ("HCPCS", "Mod", "Non-Facility Fee", "Facility Fee"),
                ("99492", "", "$165.10", Decimal("83.2")),
                ("99492", "26", "1.00", "1.00"),
                ("99999", "", "1.00", "1.00"),
                ("G2214", "", "1,060.79", "0"),
                ("G2214", "", "1060.79", ""),
                ("", "", "", ""),
            )
        ]
    )
    assert found.rows == (
        FeeRow("99492", Decimal("165.10"), Decimal("83.20")),
        FeeRow("G2214", Decimal("1060.79"), None),
    )
    assert (found.left_out, found.faults) == (2, ())
    assert {"99492", "99494", "G2214", "99484", "G0323"} <= our_codes()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ((), "No row is headed Code and Amount. Name the columns Code, Nonfacility and Facility."),
        ((("Code", "Amount"), ("99492", "much")), "Row 2: much is no amount. Write it as 144.96."),
        ((("Code", "Amount"), ("99492", "-1")), "Row 2: -1 is no amount. Write it as 144.96."),
        ((("Code", "Amount"), ("99492", "1.234")), "Row 2: 1.234 is no amount. Write it as 144.96."),
        ((("Code", "Amount"), ("99492", "n/a")), "Row 2: 99492 has no amount."),
        (
            (("Code", "Amount"), ("99492", "1"), ("99492", "2")),
            "Row 3: 99492 stands in the file twice with two amounts. Keep one.",
        ),
        (
            (("Code", "Amount"), ("10060", "1")),
            "No row has a code that is asked for here, such as 99492. Check which file it is.",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said_by_row(rows: tuple[Any, ...], fault: str):
    assert read_fee_file([table(*rows)]).faults == (fault,)
