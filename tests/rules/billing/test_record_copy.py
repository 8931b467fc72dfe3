"""The structured copy of a record, and what a request for one needs."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime

import pytest

from billing.rules.record_copy import LEFT_OUT, TABLES, due_on, faults_of_request, label_of
from billing.rules.record_files import structured_copy, table_text

ON = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_names_and_tables_are_there_once_and_none_is_both_in_and_out():
    labels, names = [one.label for one in TABLES], [one.name for one in TABLES]
    assert (len(set(labels)), len(set(names))) == (len(TABLES), len(TABLES))
    assert set(labels) & set(LEFT_OUT) == set()


def test_a_copy_is_due_in_thirty_days():
    assert due_on(ON) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"asked_by": " "}, ["asked_by"]),
        ({"asked_on": date(2026, 3, 3)}, ["asked_on"]),
        ({"from_on": ON, "until_on": date(2026, 3, 1)}, ["until_on"]),
        ({"from_on": ON, "until_on": ON}, []),
    ],
)
def test_a_request_says_who_asked_and_of_which_days(changes, fields):
    asked = {"asked_on": ON, "asked_by": "The patient", "today": ON, "from_on": None, "until_on": None}
    assert list(faults_of_request(**(asked | changes))) == fields


@pytest.mark.parametrize(
    ("name", "expected"), [("mrn", "Record number"), ("is_held", "Held"), ("seen_confirmed_by", "Seen confirmed by")]
)
def test_fields_have_plain_names_on_paper(name, expected):
    assert label_of(name) == expected


def test_the_structured_copy_holds_every_table_twice_and_says_what_it_is():
    tables = {"person": [{"mrn": "=1", "languages": ["en"], "died_on": None}], "contacts": []}
    made = structured_copy(tables, made_at=AT, span=("2026-01-01", ""), notices=["A notice."])
    archive = zipfile.ZipFile(io.BytesIO(made))
    document = json.loads(archive.read("record.json"))
    assert archive.namelist() == ["record.json", "csv/person.csv", "csv/contacts.csv", "README.txt"]
    assert (document["schema"], document["schema_version"]) == ("bhi-patient-record", "1.0")
    assert (document["made_at"], document["from"], document["until"]) == (AT.isoformat(), "2026-01-01", None)
    assert (document["tables"], document["notices"]) == (tables, ["A notice."])
    assert [one["because"] for one in document["left_out"]] == list(LEFT_OUT.values())
    assert archive.read("README.txt").decode().splitlines()[1] == "A notice."


def test_the_same_record_makes_the_same_bytes():
    made = [structured_copy({"a": [{"b": 1}]}, made_at=AT, span=("", ""), notices=()) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("rows", "notices", "expected"),
    [
        ([], [], ""),
        ([{"a": "=1+1", "b": None}], [], "a,b\r\n'=1+1,\r\n"),
        ([{"a": ["x"], "b": True}], [], 'a,b\r\n"[""x""]",true\r\n'),
        ([{"a": "x"}], ["Told."], "a,notice\r\nx,Told.\r\n"),
    ],
)
def test_a_table_as_csv_has_no_formula_and_carries_the_notice(rows, notices, expected):
    assert table_text(rows, notices) == expected
