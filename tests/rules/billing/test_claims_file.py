"""The claims file: one line per claim line, the same bytes for the same claims, nothing a spreadsheet would run."""

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.canonical import plain, read
from billing.rules.claims_file import HEADER, ClaimRow, TableRows, claims_file, neutral, table_file, table_rows

ROW = ClaimRow(
    claim="0007-0001",
    record_number="02908655",
    family_name="Abara",
    given_name="José",
    birth_date=date(1961, 5, 4),
    sex="F",
    payer="Medicare Part B",
    payer_code="MCR01",
    member_id="1EG4TE5MK73",
    service_on=date(2026, 2, 28),
    place_of_service="11",
    code="99492",
    units=1,
    diagnoses="F32.1 F41.1",
    clinician="Ana Rivera, MD",
    clinician_npi="1234567893",
    clinic="Lakeside",
    clinic_npi="",
    amount=Decimal("160.32"),
)


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_header_and_a_line():
    header, line = rows_of(claims_file([ROW]))
    assert header == list(HEADER)
    assert dict(zip(header, line, strict=True)) == {
        "Claim": "0007-0001",
        "Record number": "02908655",
        "Last name": "Abara",
        "First name": "José",
        "Birth date": "1961-05-04",
        "Sex": "F",
        "Payer": "Medicare Part B",
        "Payer code": "MCR01",
        "Member id": "1EG4TE5MK73",
        "Date of service": "2026-02-28",
        "Place of service": "11",
        "Code": "99492",
        "Units": "1",
        "Diagnoses": "F32.1 F41.1",
        "Rendering clinician": "Ana Rivera, MD",
        "Clinician NPI": "1234567893",
        "Clinic": "Lakeside",
        "Clinic NPI": "",
        "Expected amount": "160.32",
    }


def test_the_same_rows_give_the_same_bytes_with_crlf():
    content = claims_file([ROW, ROW])
    assert content == claims_file([ROW, ROW])
    assert content.count(b"\r\n") == content.count(b"\n") == 3


def test_an_unknown_amount_stays_empty_and_a_negative_one_stays_a_number():
    unknown, negative = rows_of(claims_file([replace(ROW, amount=None), replace(ROW, amount=Decimal("-1.50"))]))[1:]
    assert (unknown[-1], negative[-1]) == ("", "-1.50")


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_what_a_spreadsheet_would_run_is_neutralized(text: str):
    assert neutral(text) == f"'{text}"
    line = rows_of(claims_file([replace(ROW, family_name=text)]))[1]
    assert line[2] == f"'{text}"


@pytest.mark.parametrize("text", ["", "Abara", "O'Neil", "a=b", "0029", "1-2"])
def test_other_text_is_left_alone(text: str):
    assert neutral(text) == text


def test_a_table_is_written_from_what_is_kept_of_its_claims_the_same_each_time():
    first = table_rows(["Account", "=DOS"], [("77", date(2026, 2, 28)), ("-1", None)])
    second = table_rows(["Account", "=DOS"], [(Decimal("-1.50"), 2)], notice="Not to be told on")
    content = table_file([first, second])
    assert rows_of(content) == [
        ["Account", "'=DOS", "Notice"],
        ["77", "2026-02-28", ""],
        ["'-1", "", ""],
        ["-1.50", "2", "Not to be told on"],
    ]
    assert table_file([read(TableRows, plain(one)) for one in (first, second)]) == content
    assert rows_of(table_file([first]))[0] == ["Account", "'=DOS"]
