"""Whom a row means: by number, by name, by somebody's answer; never by a guess."""

from dataclasses import replace

import pytest

from caseload.rules.imports.candidates import Person
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.known import KnownClinic
from caseload.rules.imports.plans import PatientWrites
from tests.rules.caseload.imports.people_known import JO, known
from tests.rules.caseload.imports.sheets_made import NORTH, contacts, fates, outcomes, patients, plan

ROW = "patients.csv, row 2"
SOUTH = KnownClinic("c-south", "South", "America/Chicago")
SEXED = "MRN|Name|DOB|Sex"
RECORD = "Doe, Jo, born 01/01/1980, record number 00123"
SAME_OR_NONE = ["same:p-jo", "skip"]
SAME_OR_NEW = ["same:p-jo", "new", "skip"]
TWO = "2 patients on record have this name and birth date"
WAITS = "Say above who it is; until then the row is not imported."


def answered(said):
    return Corrections(answers={ROW: said})


def asked(found):
    return [(each["row"], each["text"], [value for value, _ in each["choices"]]) for each in found.summary()["asked"]]


@pytest.mark.parametrize(
    ("row", "why", "choices"),
    [
        ("00123|Doe, Joe|1/1/1980|F", "The same record number and birth date, but another name", SAME_OR_NONE),
        ("00123|Doe, Jo|1/1/1981|F", "The same record number and name, but another birth date", SAME_OR_NONE),
        ("123|Doe, Joe|1/1/1980|F", "The same record number and birth date, but another name", SAME_OR_NEW),
        ("9|Doe, Jo|10/1/1980|F", "The same name, but another record number and birth date", SAME_OR_NEW),
        (
            "9|Doe, Jo|1/1/1980|M",
            "The same name and birth date, but another record number and sex",
            SAME_OR_NEW,
        ),
    ],
)
def test_who_is_near_is_asked_for_and_never_merged(row, why, choices):
    found = plan(patients(row, "2|Roe, Al|2/2/1990|M", header=SEXED), known=known(JO))
    assert asked(found) == [(ROW, f"{why}. On record: {RECORD}.", choices)]
    assert fates(found) == [(2, "asked", [f"{why}. On record: {RECORD}. {WAITS}"]), (3, "new", [])]
    assert [each.candidate.person.mrn for each in found.patients] == ["2"]


def test_a_namesake_of_another_sex_and_birth_date_is_somebody_else():
    found = plan(patients("9|Doe, Jo|2/2/1990|M", header=SEXED), known=known(JO))
    assert fates(found) == [(2, "new", [])]


def test_further_first_names_do_not_make_another_name():
    found = plan(patients("00123|Doe, Jo Ann|1/1/1980"), known=known(JO))
    assert outcomes(found, "patient") == ["changed"]
    ann = replace(JO, person=replace(JO.person, given="Jo Ann"))
    assert outcomes(plan(patients("00123|Doe, Jo|1/1/1980"), known=known(ann)), "patient") == ["matched"]


def test_the_answer_that_it_is_the_same():
    rows = patients("9|Doe, Jo|10/1/1980|F", header=SEXED)
    found = plan(rows, known=known(JO), corrections=answered("same:p-jo"))
    assert fates(found) == [
        (
            2,
            "changed",
            [
                "The birth date differs from the record and is not changed: correct it on the chart.",
                "Added: record number 9.",
            ],
        )
    ]
    assert [(each.key, each.is_new, each.writes) for each in found.patients] == [
        ("p-jo", False, PatientWrites(number="9"))
    ]


def test_the_answer_that_it_is_somebody_else():
    found = plan(patients("9|Doe, Jo|10/1/1980"), known=known(JO), corrections=answered("new"))
    assert [(each.key, each.is_new) for each in found.patients] == [(f"row:{ROW}", True)]


def test_the_answer_that_the_row_is_left_out():
    log = contacts("9|9/3/2026||Phone|20|Ken Abara|||")
    found = plan(patients("9|Doe, Jo|10/1/1980"), log, known=known(JO), corrections=answered("skip"))
    assert fates(found) == [
        (2, "ignored", ["Left out, as you chose."]),
        (2, "refused", [f"It is not settled whom the patient's own row means ({ROW})."]),
    ]


@pytest.mark.parametrize("said", ["same:p-other", "new"])
def test_an_answer_that_is_none_of_the_choices_is_asked_again(said):
    found = plan(patients("00123|Doe, Joe|1/1/1980"), known=known(JO), corrections=answered(said))
    assert outcomes(found, "patient") == ["asked"]


def test_one_answer_for_all_others():
    rows = patients("9|Doe, Jo|10/1/1980", "00123|Doe, Joe|1/1/1980", "7|Doe, Jo|3/3/1980")
    assert outcomes(plan(rows, known=known(JO), corrections=Corrections(others="new")), "patient") == [
        "new",
        "asked",
        "new",
    ]
    assert outcomes(plan(rows, known=known(JO), corrections=Corrections(others="skip")), "patient") == ["ignored"] * 3


def test_two_of_a_name_and_birth_date_are_asked_for():
    twin = replace(JO, key="p-jo2", person=replace(JO.person, mrn="7"))
    found = plan(patients("9|Doe, Jo|1/1/1980"), known=known(JO, twin))
    assert asked(found) == [
        (
            ROW,
            f"{TWO}. On record: {RECORD}; Doe, Jo, born 01/01/1980, record number 7.",
            ["same:p-jo", "same:p-jo2", "new", "skip"],
        )
    ]


def test_a_number_of_another_clinic_finds_the_patient():
    jo = replace(JO, numbers=frozenset({("c-south", "S-77")}))
    rows = patients("S-77|Doe, Jo|1/1/1980|South", header="MRN|Name|DOB|Clinic")
    found = plan(rows, known=known(jo, clinics=(NORTH, SOUTH)))
    assert fates(found) == [(2, "matched", [])]


def test_one_number_at_two_clinics_is_one_patient():
    jo = replace(JO, numbers=frozenset({("c-south", "0123")}))
    assert outcomes(plan(patients("123|Doe, Jo|1/1/1980"), known=known(jo)), "patient") == ["matched"]


def test_the_clinics_own_number_goes_before_anothers():
    """At South, 77 is Al; at North it is Jo."""
    al = replace(JO, key="p-al", clinic="c-south", person=Person("77", "Doe", "Jo", JO.person.birth_on))
    jo = replace(JO, person=replace(JO.person, mrn="77"))
    rows = patients("77|Doe, Jo|1/1/1980|South", header="MRN|Name|DOB|Clinic")
    found = plan(rows, known=known(jo, al, clinics=(NORTH, SOUTH)))
    assert [each.key for each in found.patients] == ["p-al"]


def test_a_number_that_only_resembles_anothers_is_somebody_new():
    found = plan(patients("123|Poe, Ed|3/3/1970"), known=known(JO))
    assert fates(found) == [(2, "new", [])]


def test_contacts_of_somebody_in_doubt_wait():
    log = contacts("00123|9/3/2026||Phone|20|Ken Abara|||")
    found = plan(patients("00123|Doe, Joe|1/1/1980"), log, known=known(JO))
    assert fates(found, "contact") == [(2, "refused", [f"It is not settled whom the patient's own row means ({ROW})."])]


def test_only_so_many_are_asked_at_once(monkeypatch):
    monkeypatch.setattr("caseload.rules.imports.plans.MOST_ASKED", 1)
    found = plan(patients("9|Doe, Jo|10/1/1980", "8|Doe, Jo|11/1/1980"), known=known(JO))
    summary = found.summary()
    assert (len(summary["asked"]), summary["to_decide"]) == (1, 2)
