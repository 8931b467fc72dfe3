"""Recognizing sheets: header rows, kinds, columns, and what is said when one is missing."""

import pytest

from caseload.rules.imports.columns import KINDS, compact, field_of, fields
from caseload.rules.imports.corrections import (
    Corrections,
    CorrectionsUnreadable,
    read_corrections,
    stored_corrections,
)
from caseload.rules.imports.recognize import recognize
from caseload.rules.imports.sheets import Sheet
from tests.rules.caseload.imports.sheets_made import contacts, example, patients, read, sheet


def columns(*sheets, corrections=None):
    found = recognize(sheets, corrections)
    return [{column.header: column.field for column in table.columns} for table in found.tables]


def test_no_heading_means_two_fields():
    """A synonym listed twice would silently go to the later field."""
    for kind in KINDS:
        headings = [
            (compact(header), field.key) for field in fields(kind).values() for header in (*field.headers, field.label)
        ]
        assert len({heading for heading, _ in set(headings)}) == len(set(headings))


def test_headings_are_compared_without_capitals_signs_and_brackets():
    headings = ("dob", "D.O.B.", "Date of Birth (MM/DD/YYYY)", "PatientDOB", "Shoe size", "")
    assert [field_of("patients", heading) for heading in headings] == ["birth_on"] * 4 + [None, None]
    assert [field_of("contacts", heading) for heading in ("PHQ-9", "PHQ-9 #9", "#9")] == [
        "phq9",
        "phq9_item9",
        "phq9_item9",
    ]


def test_the_header_is_found_below_title_rows():
    (table,) = recognize([example("athena-roster.csv")]).tables
    assert (table.kind, table.header_row) == ("patients", 3)


def test_the_examples_are_recognized():
    assert columns(example("epic-workbench.csv")) == [
        {
            "MRN": "mrn",
            "PAT_MRN_ID": "",
            "Patient Name": "name",
            "DOB": "birth_on",
            "Sex": "sex",
            "PCP": "clinician",
            "Coverage": "payer",
            "Subscriber ID": "member_id",
            "Payer ID": "payer_code",
            "Home Phone": "phone",
            "Address": "address",
            "City": "city",
            "State": "state",
            "Zip": "postal_code",
            "Problem List": "diagnosis",
        }
    ]
    assert [set(found.values()) for found in columns(example("tracker-contacts.csv"))] == [
        {
            "mrn",
            "contact_on",
            "start",
            "contact_type",
            "minutes",
            "care_manager",
            "phq9",
            "phq9_item9",
            "gad7",
            "note",
            "next_on",
        }
    ]


def test_swapped_sheets_are_told_by_their_headers():
    listed = patients("1|Doe, Jo|1/1/1980")
    swapped = Sheet("tracker.xlsx", "Contacts", listed.rows)
    found = recognize([swapped])
    assert [table.kind for table in found.tables] == ["patients"]
    assert found.remarks == (
        "tracker.xlsx, sheet Contacts has no date of enrolment: its patients join the caseload once a file has one.",
        "tracker.xlsx, sheet Contacts is named for contacts but holds patients: read as patients.",
    )


def test_a_missing_column_is_named_with_headings_that_would_do():
    found = recognize([sheet("Patient ID|Contact Date|Contact Type\n1|9/1/2026|Phone")])
    assert [problem.sentence for problem in found.problems] == [
        (
            "list.csv, row 1: no column is headed Minutes or End, which contacts need. "
            "Head the column Minutes, Min, Mins, Duration, End, End Time, Time Ended or Time Out, "
            "or choose which column holds it."
        )
    ]


def test_one_of_several_columns_will_do():
    found = recognize([sheet("MRN|DOB|Sex|Clinic\n1|1/1/1980|F|North")])
    assert [problem.sentence for problem in found.problems] == [
        (
            "list.csv, row 1: no column is headed Patient Name or Last Name, which patients need. Head the column "
            "Patient Name, Name, Patient, Full Name, Last Name, Patient Last Name, Lastname or Surname, "
            "or choose which column holds it."
        )
    ]


def test_nothing_is_read_while_a_column_is_missing():
    reading = read(patients("1|Doe, Jo|1/1/1980"), sheet("Patient ID|Contact Date|Contact Type\n1|9/1/2026|Phone"))
    assert (reading.patients, reading.contacts) == ((), ())


def test_other_sheets_of_a_workbook_are_passed_over():
    found = recognize([patients("1|Doe, Jo|1/1/1980"), Sheet("t.xlsx", "Notes", (("How to use this",),))])
    assert found.problems == ()
    assert found.remarks[-1] == "t.xlsx, sheet Notes was not read: no row names columns of patients or contacts."


@pytest.mark.parametrize(
    ("sheets", "fault"),
    [
        ([Sheet("a.csv", "", (("Apples", "Pears"), ("1", "2")))], "first one says: Apples, Pears"),
        ([Sheet("a.csv", "", ())], "it is empty"),
        ([Sheet("a.csv", "", ((None, None),))], "it is empty"),
    ],
)
def test_a_file_that_holds_neither_is_a_problem(sheets, fault):
    (problem,) = recognize(sheets).problems
    assert problem.fault.endswith(fault)
    assert problem.fix == (
        "A list of patients needs the columns MRN, Patient Name and DOB; a list of contacts needs Patient ID, "
        "Contact Date, Contact Type and Minutes. If it is one of them, say so and choose its columns."
    )


def test_leaving_out_every_sheet_is_said():
    chosen = Corrections(left_out=frozenset({"patients.csv"}))
    (problem,) = recognize([patients("1|Doe, Jo|1/1/1980")], chosen).problems
    assert problem.sentence == "patients.csv: no sheet was left to read. Choose a file with patients or contacts."
    assert recognize([]).problems[0].sheet == "The upload"


def test_columns_can_be_chosen_by_hand():
    odd = sheet("Number|Who|Born on the|Seen by\n1|Doe, Jo|1/1/1980|Dr. X")
    chosen = Corrections(
        kinds={"list.csv": "patients"}, columns={"list.csv": {0: "mrn", 1: "name", 2: "birth_on", 3: "-"}}
    )
    assert columns(odd, corrections=chosen) == [
        {"Number": "mrn", "Who": "name", "Born on the": "birth_on", "Seen by": ""}
    ]
    assert recognize([odd], chosen).problems == ()


def test_a_chosen_column_takes_the_field_from_the_recognized_one():
    chosen = Corrections(columns={"patients.csv": {3: "mrn"}})
    listed = patients("x|Doe, Jo|1/1/1980|77", header="MRN|Name|DOB|Number")
    assert columns(listed, corrections=chosen) == [{"MRN": "", "Name": "name", "DOB": "birth_on", "Number": "mrn"}]


def test_a_sheet_of_a_chosen_kind_needs_some_row():
    chosen = Corrections(kinds={"a.csv": "contacts"})
    assert [problem.fault for problem in recognize([Sheet("a.csv", "", ((None,),))], chosen).problems] == [
        "it is empty"
    ]


def test_corrections_survive_storage():
    chosen = Corrections(
        kinds={"a.csv": "contacts"},
        columns={"a.csv": {2: "minutes", 3: "-"}},
        values={"contact_type": {"fu": "Phone"}},
        defaults={"clinic": "North"},
        left_out=frozenset({"b.csv"}),
        zones={"North": "America/Chicago"},
        care_plans="attested",
    )
    assert read_corrections(stored_corrections(chosen)) == chosen
    assert read_corrections({}) == Corrections()


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"colums": {}}, "There is no part 'colums'."),
        ({"columns": {"a.csv": {"0": "shoe_size"}}}, "There is no field 'shoe_size'."),
        ({"kinds": {"a.csv": "visits"}}, "A sheet holds patients or contacts, not 'visits'."),
        ({"care_plans": "perhaps"}, "Care plans are assumed, attested, none, not 'perhaps'."),
        ({"zones": {"North": "Mars/Olympus"}}, "'Mars/Olympus' is no time zone; write one like America/Chicago."),
        ({"zones": {"North": "../etc"}}, "'../etc' is no time zone; write one like America/Chicago."),
    ],
)
def test_corrections_that_name_nothing_known(stored, said):
    with pytest.raises(CorrectionsUnreadable) as caught:
        read_corrections(stored)
    assert str(caught.value) == said


def test_rows_shorter_than_the_header_have_blank_cells():
    (table,) = recognize([contacts("1|9/1/2026")]).tables
    assert (table.cell(("1", "9/1/2026"), "minutes"), table.heading("note")) == (None, "Note")
