"""Rows of patients and contacts: what a row says, what refuses it, and what it is kept without."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from caseload.rules.imports.candidates import (
    ContactCandidate,
    Enrolment,
    Ignored,
    Insurance,
    PatientCandidate,
    PatientReference,
    Person,
    Scores,
    Unenrolled,
)
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.sheets import Sheet
from caseload.rules.imports.words import ContactType
from tests.rules.caseload.imports.sheets_made import contacts, example, patients, read, sheet

ENROLMENT = "MRN|Name|DOB|Status|Date Enrolled"


def first(listed, corrections=None):
    reading = read(listed, corrections=corrections)
    return (reading.patients or reading.contacts)[0]


def patient(row, header="MRN|Name|DOB"):
    return first(patients(row, header=header))


def enrolment(cells, header):
    """The enrolment of somebody born 1980 and enrolled on 3 September, and what was said of the row."""
    row = first(patients(f"1|Doe, Jo|1/1/1980|9/3/2026|{cells}", header=f"MRN|Name|DOB|Date Enrolled|{header}"))
    return row.candidate.enrolment, [problem.fault for problem in row.losses], list(row.remarks)


def test_a_whole_row_of_the_tracker():
    assert first(example("tracker-patients.csv")).candidate == PatientCandidate(
        person=Person("66986171", "Calderon", "Hannah", date(1980, 1, 14)),
        clinic="Maple Grove South",
        care_manager="Ken Abara RN",
        clinician="RIVERA, ANA MD",
        insurance=Insurance("AETNA", "", "927098211"),
        enrolment=Enrolment(
            state="active",
            program="",
            enrolled_on=date(2026, 9, 23),
            consent_on=date(2026, 10, 2),
            consent_form="written",
            diagnoses=("F33.1",),
            visit_on=date(2026, 3, 7),
        ),
    )


def test_a_whole_contact_of_the_tracker():
    assert first(example("tracker-contacts.csv")).candidate == ContactCandidate(
        patient=PatientReference(mrn="66986171"),
        on=date(2026, 9, 23),
        start=time(9, 40),
        type=ContactType("treatment", "phone"),
        minutes=48,
        care_manager="Ken",
        scores=Scores(phq9=20, item9=0, gad7=6),
        note="BA homework reviewed",
        next_on=date(2026, 10, 7),
    )


def test_a_whole_row_of_a_roster():
    assert first(example("athena-roster.csv")).candidate == PatientCandidate(
        person=Person(
            mrn="52957098",
            family="George",
            given="Stacey",
            middle="K",
            birth_on=date(2004, 2, 13),
            sex="F",
            phone="(555) 385-0108",
            address="146 Jones Court",
            city="Olathe",
            state="KS",
            postal_code="66061",
        ),
        clinician="Okafor",
        insurance=Insurance("AETNA", "", "979268257"),
        unenrolled=Unenrolled(),
    )


@pytest.mark.parametrize(
    ("row", "column", "fault"),
    [
        ("|Doe, Jo|1/1/1980", "MRN", "there is no record number"),
        ("9" * 41 + "|Doe, Jo|1/1/1980", "MRN", "this is too long for a record number"),
        ("1||1/1/1980", "Name", "there is no last name"),
        ("1|Doe|1/1/1980", "Name", "there is no first name"),
        (f"1|{'Doe' * 40}, Jo|1/1/1980", "Name", "the name is too long"),
        ("1|Doe, Jo|", "DOB", "there is no date"),
        ("1|Doe, Jo|2/30/1980", "DOB", "“2/30/1980”: that month has no such day"),
        ("1|Doe, Jo|1/1/2031", "DOB", "“1/1/2031”: the date lies after 11/02/2026"),
        ("1|Doe, Jo|1/1/1801", "DOB", "“1/1/1801”: no reading of it lies from 01/01/1906 to 11/02/2026"),
    ],
)
def test_who_it_is_must_be_clear(row, column, fault):
    read_row = patient(row)
    assert read_row.candidate is None
    assert [(problem.row, problem.column, problem.fault) for problem in read_row.faults] == [(2, column, fault)]


def test_names_from_one_column_or_several():
    def names(row, header):
        person = patient(row, header).candidate.person
        return person.family, person.given, person.middle

    parts = "MRN|Last Name|First Name|MI|DOB"
    assert names("1|DOE, JO A|1/1/1980", "MRN|Name|DOB") == ("Doe", "Jo", "A")
    assert names("1|Smith Jr., John|1/1/1980", "MRN|Name|DOB") == ("Smith Jr", "John", "")
    assert names("1|12345 : DOE, JO|1/1/1980", "MRN|Name|DOB") == ("Doe", "Jo", "")
    assert names("1|DOE|JO ANN|B|1/1/1980", parts) == ("Doe", "Jo Ann", "B")
    assert names("1|de la Cruz|JJ||1/1/1980", parts) == ("de la Cruz", "JJ", "")


def test_a_formula_in_a_name_is_text():
    row = patient("1|Smith|=cmd|1/1/1980", "MRN|Last Name|First Name|DOB")
    assert (row.candidate.person.given, row.remarks) == (
        "=cmd",
        ("First Name looks like a formula and is kept as text.",),
    )


def test_leading_zeros_stay():
    assert patient("02908655|Doe, Jo|1/1/1980").candidate.person.mrn == "02908655"


@pytest.mark.parametrize(
    ("header", "cell", "field", "value", "losses"),
    [
        ("Sex", "Female", "sex", "F", []),
        ("Sex", "m", "sex", "M", []),
        ("Sex", "", "sex", "U", []),
        ("Sex", "7", "sex", "U", ["“7” is not known"]),
        ("Email", "jo@example.com", "email", "jo@example.com", []),
        ("Email", "jo at example", "email", "", ["this is not an e-mail address"]),
        ("State", "ks", "state", "KS", []),
        ("State", "Kansas", "state", "", ["“Kansas” is not a state's two letters"]),
        ("Zip", "67060", "postal_code", "67060", []),
        ("Zip", "67060-1234", "postal_code", "67060-1234", []),
        ("Zip", "670601234", "postal_code", "67060-1234", []),
        ("Zip", "67060-12", "postal_code", "", ["“67060-12” is not a ZIP code"]),
        ("Zip", "12345678", "postal_code", "", ["“12345678” is not a ZIP code"]),
        ("Phone", "5" * 41, "phone", "", ["41 characters are more than 40"]),
        ("Language", "Spanish", "language", "Spanish", []),
    ],
)
def test_what_may_be_missing_or_wrong(header, cell, field, value, losses):
    row = patient(f"1|Doe, Jo|1/1/1980|{cell}", f"MRN|Name|DOB|{header}")
    assert getattr(row.candidate.person, field) == value
    assert [problem.fault for problem in row.losses] == losses


def test_a_zip_code_gets_its_zero_back():
    row = patient("1|Doe, Jo|1/1/1980|2138", "MRN|Name|DOB|Zip")
    assert (row.candidate.person.postal_code, row.remarks) == ("02138", ("ZIP code 2138 had lost its leading zero.",))


def test_two_lines_of_address():
    row = patient("1|Doe, Jo|1/1/1980|1 Main St|Apt 2", "MRN|Name|DOB|Address 1|Address 2")
    assert row.candidate.person.address == "1 Main St, Apt 2"


def test_a_medicare_number_of_the_wrong_form_is_kept_and_said():
    header = "MRN|Name|DOB|Insurance|Member ID"
    wrong = patient("1|Doe, Jo|1/1/1980|MEDICARE PART B|123", header)
    assert wrong.candidate.insurance == Insurance("MEDICARE PART B", "", "123")
    assert wrong.remarks == ("Member ID 123 is not a Medicare number (MBI): kept as written; claims will ask for it.",)
    assert patient("1|Doe, Jo|1/1/1980|MEDICARE PART B|1EG4-TE5-MK73", header).remarks == ()
    assert patient("1|Doe, Jo|1/1/1980|Medicare Advantage Aetna|123", header).remarks == ()
    assert patient("1|Doe, Jo|1/1/1980||123", header).candidate.insurance is None


def test_without_a_date_there_is_no_enrolment():
    active = patient("1|Doe, Jo|1/1/1980|Active|", ENROLMENT)
    assert (active.candidate.enrolment, [loss.fault for loss in active.losses]) == (
        None,
        ["there is no date of enrolment"],
    )
    referred = patient("1|Doe, Jo|1/1/1980|Referred|", ENROLMENT)
    assert (referred.candidate.enrolment, referred.losses) == (None, ())
    assert patient("1|Doe, Jo|1/1/1980").candidate.enrolment is None


def test_an_enrolment_that_cannot_be_refuses_the_row():
    later = patient("1|Doe, Jo|1/1/1980|Active|1/1/2031", ENROLMENT)
    assert (later.candidate, [fault.fault for fault in later.faults]) == (
        None,
        ["“1/1/2031”: the date lies after 11/02/2026"],
    )
    unborn = patient("1|Doe, Jo|1/1/2026|Active|9/3/2025", ENROLMENT)
    assert (unborn.candidate, [fault.fault for fault in unborn.faults]) == (
        None,
        ["the birth date lies after the enrolment"],
    )


NO_CONSENT = "No consent date: time is kept but counts only once a consent is recorded."
NO_RPP_DATE = "In relapse prevention, but RPP has no date: taken as active."


@pytest.mark.parametrize(
    ("header", "cells", "fields", "losses", "remarks"),
    [
        ("Status|RPP", "RPP|10/1/2026", ("relapse_prevention", date(2026, 10, 1), None, ""), [], []),
        ("Status|RPP", "RPP|", ("active", None, None, ""), [], [NO_RPP_DATE]),
        ("Status|RPP", "RPP|1/1/2026", ("active", None, None, ""), ["it lies before the enrolment"], []),
        ("Status|RPP", "Active|10/1/2026", ("active", None, None, ""), [], []),
        ("Status", "Inactive", ("discharged", None, None, "other"), [], []),
        ("Status", "Graduated", ("discharged", None, None, "graduated"), [], []),
        ("Status", "On hold", ("on_hold", None, None, ""), [], []),
        ("Status", "Purple", ("active", None, None, ""), ["“Purple” is not known"], []),
        ("Status|End Date", "D/C|10/1/2026", ("discharged", None, date(2026, 10, 1), "other"), [], []),
        ("End Date|End Reason", "10/1/2026|Moved", ("discharged", None, date(2026, 10, 1), "transferred"), [], []),
        ("End Date|End Reason", "10/1/2026|?", ("discharged", None, date(2026, 10, 1), "other"), [], []),
        ("Status|End Date", "D/C|1/1/2026", ("discharged", None, None, "other"), ["it lies before the enrolment"], []),
        (
            "Status|End Date",
            "Active|10/1/2026",
            ("active", None, None, ""),
            ["there is a date, but the status is not discharged"],
            [],
        ),
        (
            "Status",
            "Referred",
            ("active", None, None, ""),
            [],
            ["Referred by status, but with a date of enrolment: taken as active."],
        ),
    ],
)
def test_states_of_an_episode(header, cells, fields, losses, remarks):
    found, lost, said = enrolment(cells, header)
    assert (found.state, found.relapse_prevention_on, found.ended_on, found.end_reason) == fields
    assert (lost, said) == (losses, [*remarks, NO_CONSENT])


@pytest.mark.parametrize(
    ("cells", "consent", "losses", "remarks"),
    [
        ("9/3/2026|Verbal", (date(2026, 9, 3), "verbal"), [], []),
        ("9/3/2026|Signed form", (date(2026, 9, 3), "written"), [], []),
        ("9/3/2026|", (date(2026, 9, 3), ""), [], []),
        ("9/3/2026|Maybe", (date(2026, 9, 3), ""), ["“Maybe” is not known"], []),
        (
            "10/1/2026|Verbal",
            (date(2026, 10, 1), "verbal"),
            [],
            ["Consent only on 10/01/2026: time before it does not count."],
        ),
        ("|", (None, ""), [], [NO_CONSENT]),
        ("Yes|", (None, ""), ["it says that consent was given, not when"], []),
        ("1/1/2031|", (None, ""), ["“1/1/2031”: the date lies after 11/02/2026"], []),
    ],
)
def test_consent(cells, consent, losses, remarks):
    found, lost, said = enrolment(cells, "Consent Date|Consent Type")
    assert ((found.consent_on, found.consent_form), lost, said) == (consent, losses, remarks)


@pytest.mark.parametrize(
    ("cell", "codes", "losses"),
    [
        ("F33.1", ("F33.1",), []),
        ("f331; F41.1; F33.1", ("F33.1", "F41.1"), []),
        ("Major depression (F33.1)", ("F33.1",), []),
        ("F33.1 F41.1", ("F33.1", "F41.1"), []),
        ("depression", (), ["“depression” is not an ICD-10-CM code"]),
        ("F33.1, sad", ("F33.1",), ["“sad” is not an ICD-10-CM code"]),
        ("", (), []),
    ],
)
def test_diagnoses(cell, codes, losses):
    found, lost, _ = enrolment(cell, "Dx")
    assert (found.diagnoses, lost) == (codes, losses)


def test_other_days_of_an_episode():
    header = "Date Referred|Last Psych Review|PCP Visit|Care Plan Date|Program"
    found, lost, _ = enrolment("8/1/2026|10/1/2026|7/1/2026|9/4/2026|General BHI", header)
    assert (found.referred_on, found.review_on, found.visit_on, found.care_plan_on, found.program) == (
        date(2026, 8, 1),
        date(2026, 10, 1),
        date(2026, 7, 1),
        date(2026, 9, 4),
        "bhi",
    )
    assert lost == []
    late, lost, _ = enrolment("9/4/2026|||CoCM/BHI", "Date Referred|Last Psych Review|PCP Visit|Program")
    assert (late.referred_on, late.program, lost) == (None, "cocm", ["it lies after the enrolment"])


@pytest.mark.parametrize(
    ("row", "column", "fault"),
    [
        ("|9/3/2026||Phone|20", "MRN", "the row names no patient"),
        ("1|||Phone|20", "Date", "there is no date"),
        ("1|1/1/2031||Phone|20", "Date", "“1/1/2031”: the date lies after 11/02/2026"),
        ("1|9/3/2026|||20", "Type", "there is none"),
        ("1|9/3/2026||Pigeon|20", "Type", "“Pigeon” is not known"),
        ("1|9/3/2026||Phone|-5", "Minutes", "-5 minutes is less than none"),
        ("1|9/3/2026||Phone|2000", "Minutes", "2,000 minutes is a day or more"),
    ],
)
def test_who_when_what_and_how_long_must_be_clear(row, column, fault):
    read_row = first(contacts(row))
    assert read_row.candidate is None
    assert [(problem.row, problem.column, problem.fault) for problem in read_row.faults] == [(2, column, fault)]


def test_a_contact_can_name_its_patient():
    header = "Patient Name|DOB|Date|Type|Minutes"
    named = first(contacts("Doe, Jo|1/1/1980|9/3/2026|Phone|20", header=header)).candidate
    assert named.patient == PatientReference(family="Doe", given="Jo", birth_on=date(1980, 1, 1))
    assert named.label == "Doe, Jo, 09/03/2026"
    nameless = first(contacts("Doe||9/3/2026|Phone|20", header=header))
    assert [problem.fault for problem in nameless.faults] == ["there is no first name"]


@pytest.mark.parametrize(
    ("scores", "kept", "losses"),
    [
        ("20|1|6", Scores(20, 1, 6), []),
        ("20||", Scores(20, None, None), []),
        ("||6", Scores(None, None, 6), []),
        (
            "31|1|6",
            Scores(None, None, 6),
            [("PHQ-9", "31 is above 27"), ("PHQ-9 #9", "item 9 is 1, but there is no PHQ-9")],
        ),
        ("20|4|6", Scores(20, None, 6), [("PHQ-9 #9", "4 is above 3")]),
        ("2|3|6", Scores(None, None, 6), [("PHQ-9", "2 is less than its item 9, 3")]),
        ("20|1|22", Scores(20, 1, None), [("GAD-7", "22 is above 21")]),
        ("high||", Scores(), [("PHQ-9", "“high” is not a score")]),
    ],
)
def test_impossible_scores_are_left_out_and_the_contact_kept(scores, kept, losses):
    row = first(contacts(f"1|9/3/2026|9:00|Phone|20|Ken|{scores}"))
    assert row.candidate.scores == kept
    assert [(problem.column, problem.fault) for problem in row.losses] == losses


def test_an_item_9_that_its_total_rules_out_is_kept_as_written_and_pointed_at():
    row = first(contacts("1|9/3/2026|9:00|Phone|20|Ken|27|0|"))
    assert (row.candidate.scores, row.losses) == (Scores(27, 0), ())
    said = (
        "A PHQ-9 of 27 with item 9 at 0 cannot be: the other eight items make 24 at most. "
        "Both are kept as written; look at the form and correct the score on the chart."
    )
    assert row.remarks == (said,)


@pytest.mark.parametrize(("minutes", "logged"), [("0", None), ("", None), ("20", 20)])
def test_no_minutes_log_no_time(minutes, logged):
    row = first(contacts(f"1|9/3/2026||Phone|{minutes}"))
    said = () if logged else ("No minutes: the contact is kept, no time is logged.",)
    assert (row.candidate.minutes, row.remarks) == (logged, said)


def test_long_contacts_are_pointed_at():
    row = first(contacts("1|9/3/2026||Phone|300"))
    assert (row.candidate.minutes, row.remarks) == (
        300,
        ("300 minutes is long for one contact: look whether it is meant.",),
    )


def cells(*row):
    header = ("MRN", "Date", "Start", "Type", "Minutes")
    return Sheet("contacts.xlsx", "Log", (header, row))


@pytest.mark.parametrize(
    ("on", "start", "clock", "losses"),
    [
        ("9/3/2026", "9:40 AM", time(9, 40), []),
        ("9/3/2026", time(9, 40), time(9, 40), []),
        ("9/3/2026", Decimal("0.5"), time(12), []),
        ("9/3/2026", 1405, time(14, 5), []),
        (datetime(2026, 9, 3, 9, 40), None, time(9, 40), []),
        (datetime(2026, 9, 3), None, None, []),
        (46268, None, None, []),
        ("9/3/2026", "noonish", None, ["“noonish”: this is no time of day; kept with day and minutes only"]),
    ],
)
def test_starts(on, start, clock, losses):
    row = first(cells("1", on, start, "Phone", 20))
    assert (row.candidate.on, row.candidate.start) == (date(2026, 9, 3), clock)
    assert [problem.fault for problem in row.losses] == losses


def test_next_contacts():
    header = "MRN|Date|Type|Minutes|Next Contact"

    def next_on(cell):
        row = first(contacts(f"1|9/3/2026|Phone|20|{cell}", header=header))
        return row.candidate.next_on, [problem.fault for problem in row.losses]

    assert next_on("11/16/2026") == (date(2026, 11, 16), [])
    assert next_on("9/1/2026") == (None, ["it lies before the contact"])
    assert next_on("1/1/2031") == (None, ["“1/1/2031”: the date lies after 09/03/2028"])


def test_what_happened_leads_the_note():
    row = first(contacts("1|9/3/2026|Left voicemail|5|call back", header="MRN|Date|Type|Minutes|Note"))
    assert row.candidate.note == "Left voicemail. call back"


def test_rows_that_are_none():
    listed = patients(
        "1|Doe, Jo|1/1/1980", "||", "MRN|Name|DOB", "Total: 1||", "Grand total|1|", "Printed by K. Abara||", "77||"
    )
    found = read(listed).patients
    assert [row.reason for row in found if isinstance(row, Ignored)] == [
        "blank row",
        "the header again",
        "a totals row",
        "a totals row",
        "only a remark, “Printed by K. Abara”",
    ]
    assert [str(row.origin) for row in found if not isinstance(row, Ignored)] == [
        "patients.csv, row 2",
        "patients.csv, row 8",
    ]


def test_rows_are_numbered_as_the_file_shows_them():
    listed = sheet("Roster||\nRun date: 11/02/26||\nMRN|Name|DOB\n1|Doe, Jo|1/1/1980")
    assert first(listed).origin.row == 4


def test_values_can_be_corrected_and_defaulted():
    chosen = Corrections(values={"contact_type": {"fu call": "Phone"}}, defaults={"care_manager": "Ken Abara"})
    row = first(contacts("1|9/3/2026||FU call|20|"), chosen)
    assert (row.candidate.type, row.candidate.care_manager) == (ContactType("treatment", "phone"), "Ken Abara")
