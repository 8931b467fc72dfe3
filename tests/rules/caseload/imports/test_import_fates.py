"""What becomes of patients' rows, against the other rows and against what is on record."""

from dataclasses import replace
from datetime import date

import pytest

from caseload.rules.imports.candidates import Insurance, Person
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.known import (
    Known,
    KnownClinic,
    KnownContact,
    KnownEpisode,
    KnownName,
    KnownPatient,
)
from caseload.rules.imports.people import is_self_pay
from caseload.rules.imports.plans import PatientWrites
from tests.rules.caseload.imports.people_known import CHICAGO, HEADER, JO, KEN, NO_CONSENT, known, two
from tests.rules.caseload.imports.sheets_made import NORTH, contacts, example, fates, outcomes, patients, plan

# The examples.


def test_the_tracker_as_a_whole():
    found = plan(example("tracker-patients.csv"), example("tracker-contacts.csv"), corrections=CHICAGO)
    summary = found.summary()
    assert summary["patients"] == {"new": 48, "changed": 0, "matched": 0, "refused": 0, "ignored": 0}
    assert summary["contacts"] == {"new": 382, "changed": 0, "held": 44, "matched": 0, "refused": 0, "ignored": 0}
    assert (summary["overlapping"], summary["problems"], summary["questions"]) == (47, [], [])
    assert summary["clinics_made"] == [
        {"name": "Maple Grove North", "zone": "America/Chicago"},
        {"name": "Maple Grove South", "zone": "America/Chicago"},
    ]
    assert summary["staff_made"] == ["Ken Abara, RN", "Maya Torres, LCSW"]
    assert summary["clinicians_made"] == ["Sara Lindqvist, NP", "Daniel Okafor, MD", "Ana Rivera, MD"]
    assert found.can_be_imported


def test_the_order_of_files_does_not_matter():
    sheets = (example("tracker-patients.csv"), example("tracker-contacts.csv"))
    assert plan(*sheets, corrections=CHICAGO) == plan(*reversed(sheets), corrections=CHICAGO)


def test_the_tracker_tells_what_will_not_count():
    found = plan(example("tracker-patients.csv"), example("tracker-contacts.csv"), corrections=CHICAGO)
    said = {row: messages for row, _, messages in fates(found, "patient") if messages}
    assert said == {
        2: [
            "Consent only on 10/02/2026: time before it does not count.",
            "48 minutes do not count for want of a consent on their day.",
        ],
        11: [NO_CONSENT, "544 minutes do not count for want of a consent on their day."],
        20: [
            "Consent only on 07/24/2026: time before it does not count.",
            "48 minutes do not count for want of a consent on their day.",
        ],
        29: [NO_CONSENT, "559 minutes do not count for want of a consent on their day."],
        36: ["Discharged without a date: the last contact, 02/20/2026, is taken; reason: other."],
        38: [
            "Consent only on 04/05/2026: time before it does not count.",
            "52 minutes do not count for want of a consent on their day.",
        ],
        47: [NO_CONSENT, "177 minutes do not count for want of a consent on their day."],
    }


def test_rosters_without_contacts():
    epic, athena = plan(example("epic-workbench.csv")), plan(example("athena-roster.csv"))
    assert epic.summary()["patients"]["new"] == 60
    assert epic.summary()["remarks"] == [
        "epic-workbench.csv: not used: PAT_MRN_ID.",
        "epic-workbench.csv has no date of enrolment: its patients join the caseload once a file has one.",
    ]
    assert athena.summary()["patients"] == {"new": 30, "changed": 0, "matched": 0, "refused": 0, "ignored": 1}
    assert athena.summary()["rows_ignored"] == 2
    assert [fate for fate in fates(athena) if fate[1] == "ignored"] == [
        (20, "ignored", ["Ignored: blank row."]),
        (26, "ignored", ["The same as row 25."]),
        (36, "ignored", ["Ignored: a totals row."]),
    ]


def test_importing_twice_changes_nothing():
    """A plan made into a record, planned again: every row is matched."""
    sheets = (example("tracker-patients.csv"), example("tracker-contacts.csv"))
    again = plan(*sheets, known=_recorded(plan(*sheets, corrections=CHICAGO)))
    assert set(outcomes(again, "patient")) == {"matched"}
    assert set(outcomes(again, "contact")) == {"matched"}
    assert (again.clinics, again.staff, again.clinicians, again.payers, again.contacts) == ((), (), (), (), ())


def _recorded(made):
    """What would be on record once the plan was carried out."""
    return Known(
        clinics=made.clinics,
        staff=made.staff,
        clinicians=made.clinicians,
        payers=made.payers,
        patients=tuple(_recorded_patient(each) for each in made.patients),
        contacts=tuple(_recorded_contact(each) for each in made.contacts),
    )


def _recorded_patient(made):
    row = made.writes.episode
    episode = KnownEpisode(
        key=f"episode of {made.key}",
        program=row.program,
        state=row.state,
        enrolled_on=row.enrolled_on,
        ended_on=row.ended_on,
        diagnoses=frozenset(row.diagnoses),
        reviews=frozenset({row.review_on}),
    )
    person = made.candidate.person
    dated = {"consents": frozenset({row.consent_on}), "visits": frozenset({row.visit_on})}
    return KnownPatient(made.key, made.clinic.key, person, made.candidate.insurance, (episode,), **dated)


def _recorded_contact(made):
    row = made.candidate
    return KnownContact(
        made.key, made.patient, row.on, row.start, row.type.activity, row.type.mode, row.minutes, row.scores
    )


# Rows of patients among themselves.


def test_the_same_number_twice():
    found = plan(patients("1|Doe, Jo|1/1/1980", "1|Doe, Jo|1/1/1980", "1|Roe, Al|2/2/1990"))
    assert fates(found, "patient") == [
        (2, "new", []),
        (3, "ignored", ["The same as row 2."]),
        (
            4,
            "refused",
            ["Row 2 has the same record number and says something else. Keep the right one of the two rows."],
        ),
    ]


def test_the_same_number_at_two_clinics_is_two_people():
    south = KnownClinic("c-south", "South", "America/Chicago")
    rows = patients("1|Doe, Jo|1/1/1980|North", "1|Roe, Al|2/2/1990|South", header="MRN|Name|DOB|Clinic")
    log = contacts("1|9/3/2026||Phone|20|Ken")
    found = plan(rows, log, known=known(clinics=(NORTH, south)))
    assert outcomes(found, "patient") == ["new", "new"]
    assert fates(found, "contact") == [(2, "refused", ["2 patients are 1. Write the record number of the right one."])]


def test_the_same_person_under_two_numbers_is_pointed_at():
    found = plan(patients("1|Doe, Jo|1/1/1980", "2|Doe, Jo|1/1/1980"))
    assert fates(found, "patient")[1] == (
        3,
        "new",
        ["Row 2 has the same name and birth date: look whether it is the same person."],
    )


# Clinics, staff, payers.


@pytest.mark.parametrize(("written", "program"), [("", "bhi"), ("CoCM", "cocm"), ("General BHI", "bhi")])
def test_who_is_in_no_program_by_name_begins_in_the_clinics(written: str, program: str) -> None:
    header = "MRN|Name|DOB|Date Enrolled|Program"
    found = plan(patients(f"1|Doe, Jo|1/1/1980|9/1/2026|{written}", header=header),
                 known=Known(clinics=(replace(NORTH, program="bhi"),)))  # fmt: skip
    (one,) = found.patients
    assert one.writes.episode is not None
    assert one.writes.episode.program == program


def test_an_unknown_clinic_without_a_zone_is_a_question():
    rows = patients("1|Doe, Jo|1/1/1980|South", header="MRN|Name|DOB|Clinic")
    found = plan(rows, known=Known())
    assert found.questions == ("South is not a clinic on record. In which time zone is it?",)
    assert (found.can_be_imported, found.fates) == (False, ())
    assert plan(rows, known=Known(), corrections=Corrections(zones={"South": "America/Denver"})).clinics == (
        KnownClinic("new:South", "South", "America/Denver"),
    )
    assert plan(rows).clinics == (KnownClinic("new:South", "South", "America/Chicago"),)


def test_a_blank_clinic_is_the_only_one_or_a_question():
    south = KnownClinic("c-south", "South", "America/Chicago")
    rows = patients("1|Doe, Jo|1/1/1980")
    assert plan(rows).patients[0].clinic == NORTH
    assert plan(rows, known=known(clinics=(NORTH, south))).questions == (
        "Some patients have no clinic. Which one is meant? Name the clinic of rows that name none.",
    )
    chosen = Corrections(defaults={"clinic": "south"})
    assert plan(rows, known=known(clinics=(NORTH, south)), corrections=chosen).patients[0].clinic == south


def test_clinics_are_found_by_name_alone():
    rows = patients(
        "1|Doe, Jo|1/1/1980|NORTH ",
        "2|Roe, Al|2/2/1990|south",
        "3|Poe, Ed|2/2/1990|South",
        header="MRN|Name|DOB|Clinic",
    )
    found = plan(rows)
    assert [each.clinic.key for each in found.patients] == ["c-north", "new:South", "new:South"]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ken", "m-ken"),
        ("Abara", "m-ken"),
        ("Ken Abara RN", "m-ken"),
        ("ABARA, KEN", "m-ken"),
        ("MT", "m-maya"),
        ("Maya T", "new:Maya T"),
        ("Ann Lee, RN", "new:Ann Lee, RN"),
    ],
)
def test_care_managers_are_found_by_what_people_call_them(written, key):
    found = plan(two("2|Roe, Al|2/2/1990|9/3/2026"), contacts(f"1|9/3/2026||Phone|20|{written}"), known=known())
    assert [each.staff for each in found.contacts] == [key]


def test_a_name_that_can_mean_two_is_not_guessed():
    kens = (KEN, KnownName("m-ken2", "Ken Ito", "RN"))
    rows = patients("1|Doe, Jo|1/1/1980|9/3/2026|Ken", header=f"{HEADER}|Care Manager")
    found = plan(rows, contacts("1|9/3/2026||Phone|20|Ken"), known=known(staff=kens))
    assert fates(found) == [
        (2, "new", [NO_CONSENT, "Ken can mean Ken Abara or Ken Ito: left open."]),
        (2, "refused", ["Ken can mean Ken Abara or Ken Ito. Write the name in full."]),
    ]


def test_a_credential_tells_two_apart():
    twins = (KnownName("a", "Ann Lee", "RN"), KnownName("b", "Ann Lee", "LCSW"))
    found = plan(
        two("2|Roe, Al|2/2/1990|9/3/2026"), contacts("1|9/3/2026||Phone|20|Ann Lee LCSW"), known=known(staff=twins)
    )
    assert [each.staff for each in found.contacts] == ["b"]


def test_a_whole_name_wins_over_a_part_of_one():
    staff = (KnownName("a", "Ann Lee"), KnownName("b", "Ann Lee Smith"))
    found = plan(two("2|Roe, Al|2/2/1990|9/3/2026"), contacts("1|9/3/2026||Phone|20|Ann Lee"), known=known(staff=staff))
    assert [each.staff for each in found.contacts] == ["a"]


def test_a_contact_without_a_name_is_the_care_managers():
    rows = patients("1|Doe, Jo|1/1/1980|9/3/2026|Ken", "2|Roe, Al|2/2/1990|9/3/2026|", header=f"{HEADER}|Care Manager")
    found = plan(rows, contacts("1|9/3/2026||Phone|20|", "2|9/3/2026||Phone|20|"), known=known())
    assert [each.staff for each in found.contacts] == ["m-ken"]
    assert fates(found, "contact")[1] == (
        3,
        "refused",
        ["Nobody is named who did it. Fill in the care manager."],
    )


def test_payers_are_the_same_only_by_name():
    rows = patients(
        "1|Doe, Jo|1/1/1980|aetna",
        "2|Roe, Al|2/2/1990|Cigna",
        "3|Poe, Ed|2/2/1990|CIGNA",
        header="MRN|Name|DOB|Insurance",
    )
    found = plan(rows, known=known(payers=(KnownName("y-aetna", "AETNA"),)))
    assert [each.payer for each in found.patients] == ["y-aetna", "new:CIGNA", "new:CIGNA"]
    assert found.payers == (KnownName("new:CIGNA", "CIGNA"),)


# Patients on record.


def test_a_known_patient_with_nothing_new_is_matched():
    rows = patients(
        "00123|Doe, Jo|1/1/1980|F|9/3/2026|9/3/2026|F32.1|Aetna|w1",
        header="MRN|Name|DOB|Sex|Enrolled|Consent|Dx|Insurance|Member ID",
    )
    found = plan(rows, known=known(JO))
    assert (fates(found), found.patients[0].key, found.patients[0].writes.is_empty) == (
        [(2, "matched", [])],
        "p-jo",
        True,
    )


def test_lost_zeros_are_found_again():
    found = plan(patients("123|Doe, Jo|1/1/1980"), known=known(JO))
    assert fates(found) == [(2, "matched", ["123 is on record as 00123: leading zeros were lost."])]


def test_two_numbers_alike_but_for_zeros_are_not_guessed():
    other = replace(JO, key="p-al", person=Person("0123", "Roe", "Al", date(1990, 2, 2)))
    found = plan(patients("123|Poe, Ed|3/3/1970"), known=known(JO, other))
    assert fates(found) == [(2, "new", [])]


def test_somebody_elses_number_is_refused():
    found = plan(patients("00123|Roe, Al|2/2/1990"), contacts("00123|9/3/2026||Phone|20"), known=known(JO))
    assert fates(found, "patient") == [
        (
            2,
            "refused",
            ["The record number belongs to somebody with another name and birth date. Correct the row or the record."],
        )
    ]


def test_somebody_elses_number_at_another_clinic_is_nobodys():
    south = KnownClinic("c-south", "South", "America/Chicago")
    rows = patients("00123|Roe, Al|2/2/1990|South", header="MRN|Name|DOB|Clinic")
    assert fates(plan(rows, known=known(JO, clinics=(NORTH, south)))) == [(2, "new", [])]


def test_a_patient_stays_at_the_clinic_on_record():
    south = KnownClinic("c-south", "South", "America/Chicago")
    rows = patients("00123|Doe, Jo|1/1/1980|South", header="MRN|Name|DOB|Clinic")
    found = plan(rows, known=known(JO, clinics=(NORTH, south)))
    assert [each.clinic for each in found.patients] == [NORTH]


def test_a_patient_is_found_by_name_and_birth_date():
    found = plan(patients("9|Doe, Jo|1/1/1980"), known=known(JO))
    assert fates(found) == [
        (2, "changed", ["Found by name and birth date; on record under 00123.", "Added: record number 9."])
    ]
    assert found.patients[0].writes == PatientWrites(number="9")


def test_two_rows_for_one_patient_on_record():
    found = plan(patients("00123|Doe, Jo|1/1/1980", "9|Doe, Jo|1/1/1980"), known=known(JO))
    assert fates(found)[1] == (3, "refused", ["Row 2 is the same patient. Keep one of the two rows."])


def test_what_differs_is_updated_but_never_who_it_is():
    rows = patients("00123|Doe, Joe|1/1/1980|F|555-2|Cigna", header="MRN|Name|DOB|Sex|Phone|Insurance")
    found = plan(rows, known=known(JO), corrections=Corrections(answers={"patients.csv, row 2": "same:p-jo"}))
    assert fates(found) == [
        (
            2,
            "changed",
            [
                "Changed: phone.",
                "The first name differs from the record and is not changed: correct it on the chart.",
                "Changed: insurance, now Cigna.",
            ],
        )
    ]
    assert found.patients[0].writes == PatientWrites(person={"phone": "555-2"}, insurance=Insurance("Cigna"))


def test_several_changes_of_a_person_are_one_sentence():
    rows = patients("00123|Doe, Jo|1/1/1980|F|555-2|1 Elm St", header="MRN|Name|DOB|Sex|Phone|Address")
    assert fates(plan(rows, known=known(JO))) == [(2, "changed", ["Changed: phone, address."])]


EPISODE = "MRN|Name|DOB|Enrolled|Status|RPP Date|Consent|Dx|Psych Review Date|PCP Visit|Care Plan"


def course(cells, jo=JO):
    found = plan(patients(f"00123|Doe, Jo|1/1/1980|{cells}", header=EPISODE), known=known(jo))
    return found.patients[0].writes, [message for _, _, messages in fates(found) for message in messages]


def test_new_facts_of_an_episode_on_record():
    writes, said = course("9/3/2026|Active||10/1/2026|F32.1;F41.1|10/2/2026|8/1/2026|9/5/2026")
    assert writes == PatientWrites(
        episode_key="e-jo",
        consent_on=date(2026, 10, 1),
        diagnoses=("F41.1",),
        review_on=date(2026, 10, 2),
        visit_on=date(2026, 8, 1),
        care_plan_on=date(2026, 9, 5),
    )
    assert said == [
        "Consent only on 10/01/2026: time before it does not count.",
        "Added: consent on 10/01/2026.",
        "Added: PCP visit on 08/01/2026.",
        "Added: case review on 10/02/2026.",
        "Added: care plan on 09/05/2026.",
        "Added: diagnosis F41.1.",
    ]


def test_states_on_record_move_on_but_not_back():
    writes, said = course("9/3/2026|RPP|10/1/2026|9/3/2026|F32.1|||")
    assert (writes.state, writes.relapse_prevention_on, said) == (
        "relapse_prevention",
        date(2026, 10, 1),
        ["Changed: in relapse prevention."],
    )
    writes, said = course("9/3/2026|Graduated||9/3/2026|F32.1|||")
    assert (writes.state, writes.ended_on, writes.end_reason, said) == (
        "discharged",
        date(2026, 9, 3),
        "graduated",
        [
            "Changed: discharged.",
            "Discharged without a date: the last contact, 09/03/2026, is taken; reason: graduated.",
        ],
    )
    ended = replace(JO, episodes=(replace(JO.episodes[0], state="discharged", ended_on=date(2026, 10, 1)),))
    writes, said = course("9/3/2026|Active||9/3/2026|F32.1|||", ended)
    assert (writes.is_empty, said) == (True, ["Discharged on 10/01/2026 on record: not reopened."])


def test_a_return_after_discharge_is_a_new_enrolment():
    ended = replace(JO, episodes=(KnownEpisode("e", "cocm", "discharged", date(2026, 1, 5), date(2026, 3, 1)),))
    writes, said = course("9/3/2026|Active||9/3/2026|F32.1|||", ended)
    assert (writes.episode.enrolled_on, writes.diagnoses, said) == (
        date(2026, 9, 3),
        ("F32.1",),
        ["New enrolment on 09/03/2026.", "Added: care plan on 09/03/2026.", "Added: diagnosis F32.1."],
    )
    writes, said = course("2/3/2026|Active||||||", ended)
    assert (writes, said[-1]) == (
        PatientWrites(),
        "On record until 03/01/2026: the enrolment on 02/03/2026 is not added.",
    )


def test_an_open_enrolment_is_not_replaced():
    writes, said = course("9/10/2026|Active||9/10/2026||||")
    assert (writes, said[-1]) == (
        PatientWrites(),
        (
            "Enrolled since 09/03/2026 on record; the row says 09/10/2026. "
            "The enrolment is not changed: correct it on the chart."
        ),
    )


@pytest.mark.parametrize(
    ("care_plans", "on", "is_assumed"),
    [("assumed", date(2026, 9, 3), True), ("attested", date(2026, 9, 3), False), ("none", None, False)],
)
def test_a_care_plan_that_no_file_names_is_assumed_attested_or_none(care_plans, on, is_assumed):
    chosen = Corrections(care_plans=care_plans)
    found = plan(patients("1|Doe, Jo|1/1/1980|9/3/2026", header=HEADER), corrections=chosen)
    writes = found.patients[0].writes
    assert (writes.care_plan_on, writes.is_care_plan_assumed) == (on, is_assumed)


def test_no_care_plan_is_assumed_for_an_enrolment_on_record():
    assert course("9/3/2026|Active||9/3/2026|F32.1|||")[0].care_plan_on is None


def test_who_pays_for_themselves():
    assert [is_self_pay(payer) for payer in ("Self Pay", "self-pay", "Uninsured", "AETNA")] == [True, True, True, False]


def test_the_fingerprint_is_of_what_is_shown():
    rows = patients("1|Doe, Jo|1/1/1980")
    assert plan(rows).digest() == plan(rows).digest()
    assert plan(rows).digest() != plan(patients("1|Doe, Joe|1/1/1980")).digest()
