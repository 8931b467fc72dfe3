"""What becomes of each row, against the other rows and against what is on record."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheets_made import NORTH, contacts, example, fates, outcomes, patients, plan

from caseload.rules.imports.candidates import Insurance, Person, Scores
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.known import (
    Known,
    KnownClinic,
    KnownContact,
    KnownEpisode,
    KnownName,
    KnownPatient,
    KnownSpan,
)
from caseload.rules.imports.overlaps import Stretch, held_because, overlap_count
from caseload.rules.imports.people import is_self_pay
from caseload.rules.imports.plans import PatientWrites

CHICAGO = Corrections(zones={"": "America/Chicago"})
HEADER = "MRN|Name|DOB|Date Enrolled"
NO_CONSENT = "No consent date: time is kept but counts only once a consent is recorded."
JO = KnownPatient(
    key="p-jo",
    clinic="c-north",
    person=Person("00123", "Doe", "Jo", date(1980, 1, 1), sex="F", phone="555-1"),
    insurance=Insurance("AETNA", "60054", "W1"),
    episodes=(KnownEpisode("e-jo", "cocm", "active", date(2026, 9, 3), diagnoses=frozenset({"F32.1"})),),
    consents=frozenset({date(2026, 9, 3)}),
    care_manager="m-ken",
)
KEN = KnownName("m-ken", "Ken Abara", "RN", frozenset({"care_manager"}))
MAYA = KnownName("m-maya", "Maya Torres", "LCSW", frozenset({"care_manager"}))


def known(*people, staff=(KEN, MAYA), clinics=(NORTH,), **more):
    return Known(clinics=clinics, staff=staff, patients=people, **more)


def two(row, header=HEADER):
    """A list of Jo and one more, so that contacts have somebody to mean."""
    return patients("1|Doe, Jo|1/1/1980|9/3/2026", row, header=header)


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
        "epic-workbench.csv has no date of enrolment: its patients are added without an episode.",
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
        "Some patients have no clinic. Which one is meant?",
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
    assert fates(found) == [(2, "matched", ["Found by name and birth date; on record under 00123."])]
    other_sex = patients("9|Doe, Jo|1/1/1980|M", header="MRN|Name|DOB|Sex")
    assert outcomes(plan(other_sex, known=known(JO)), "patient") == ["new"]


def test_two_of_a_name_and_birth_date_are_not_guessed():
    twin = replace(JO, key="p-jo2", person=replace(JO.person, mrn="7"))
    found = plan(patients("9|Doe, Jo|1/1/1980"), known=known(JO, twin))
    assert fates(found) == [
        (2, "refused", ["2 patients on record have this name and birth date. Correct the row or the record."])
    ]


def test_two_rows_for_one_patient_on_record():
    found = plan(patients("00123|Doe, Jo|1/1/1980", "9|Doe, Jo|1/1/1980"), known=known(JO))
    assert fates(found)[1] == (3, "refused", ["Row 2 is the same patient. Keep one of the two rows."])


def test_what_differs_is_updated_but_never_who_it_is():
    rows = patients("00123|Doe, Joe|1/1/1980|F|555-2|Cigna", header="MRN|Name|DOB|Sex|Phone|Insurance")
    found = plan(rows, known=known(JO))
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


# Contacts.


def test_contacts_need_a_patient_who_is_enrolled():
    rows = patients("1|Doe, Jo|1/1/1980|", "3|Poe, Ed||", header=HEADER)
    log = contacts(
        "1|9/3/2026||Phone|20|Ken", "2|9/3/2026||Phone|20|Ken", "3|9/3/2026||Phone|20|Ken", "1|9/3/2031||Phone|20|Ken"
    )
    found = plan(rows, log, known=known())
    assert fates(found, "contact") == [
        (2, "refused", ["The patient is not enrolled. Give the patient a date of enrolment."]),
        (3, "refused", ["No patient 2 is in the file or on record. Add the patient, or correct the number or name."]),
        (4, "refused", ["The patient's own row was refused (patients.csv, row 3). Correct that row."]),
        (
            5,
            "refused",
            ["contacts.csv, row 5, column Date: “9/3/2031”: the date lies after 11/02/2026. Check the year."],
        ),
    ]


def test_a_faulty_row_loses_nothing_else():
    rows = [f"{number}|Doe, Jo{number}|1/1/1980|9/3/2026" for number in range(1, 30)]
    rows[7] = "8|Doe|1/1/1980|9/3/2026"
    assert outcomes(plan(patients(*rows, header=HEADER)), "patient") == ["new"] * 7 + ["refused"] + ["new"] * 21


def test_contacts_find_patients_by_number_zeros_or_name():
    header = "MRN|Patient Name|DOB|Date|Start|Type|Minutes|CM"
    log = contacts(
        "123||| 9/3/2026|9:00|Phone|20|Ken",
        "|Doe, Jo||9/3/2026|10:00|Phone|20|Ken",
        "|DOE, JO|1/1/1980|9/3/2026|11:00|Phone|20|Ken",
        "|Doe, Jo|2/2/1980|9/3/2026|12:00|Phone|20|Ken",
        header=header,
    )
    found = plan(log, known=known(JO))
    assert [(each.patient, each.episode, each.service) for each in found.contacts] == [("p-jo", "e-jo", "cocm")] * 3
    assert fates(found, "contact")[3] == (
        5,
        "refused",
        ["No patient Doe, Jo is in the file or on record. Add the patient, or correct the number or name."],
    )


def test_a_contact_before_birth_is_refused_and_one_before_enrolment_kept():
    baby = patients("1|Doe, Jo|9/1/2026|9/3/2026", header=HEADER)
    log = contacts("1|8/1/2026||Phone|20|Ken", "1|9/2/2026||Phone|20|Ken", "1|9/2/2026|9:00|No show||Ken")
    assert fates(plan(baby, log, known=known()), "contact") == [
        (2, "refused", ["The contact lies before the patient's birth. Correct one of the two dates."]),
        (3, "new", ["Before the enrolment: kept, but the time does not count."]),
        (4, "new", ["No minutes: the contact is kept, no time is logged."]),
    ]


def test_contacts_go_to_the_episode_of_their_day():
    jo = replace(
        JO,
        episodes=(
            KnownEpisode("e-1", "bhi", "discharged", date(2025, 1, 5), date(2025, 3, 1)),
            KnownEpisode("e-2", "cocm", "active", date(2026, 1, 5)),
        ),
    )
    log = contacts(*(f"00123|{day}||Phone|20|Ken" for day in ("1/1/2025", "2/1/2025", "6/1/2025", "2/1/2026")))
    assert [(each.episode, each.service) for each in plan(log, known=known(jo)).contacts] == [
        ("e-1", "bhi"),
        ("e-1", "bhi"),
        ("e-1", "bhi"),
        ("e-2", "cocm"),
    ]
    ended = replace(jo, episodes=jo.episodes[:1])
    again = patients("00123|Doe, Jo|1/1/1980|9/3/2026", header=HEADER)
    found = plan(again, contacts("00123|2/1/2025||Phone|20|Ken", "00123|9/3/2026||Phone|20|Ken"), known=known(ended))
    assert [each.episode for each in found.contacts] == ["e-1", ""]


def test_clock_times_are_the_clinics():
    found = plan(
        two("2|Roe, Al|2/2/1990|9/3/2026"),
        contacts("1|9/3/2026|9:40|Phone|48|Ken", "1|10/1/2026||Phone|10|Ken"),
        known=known(),
    )
    assert [each.span for each in found.contacts] == [
        (datetime(2026, 9, 3, 14, 40, tzinfo=UTC), datetime(2026, 9, 3, 15, 28, tzinfo=UTC)),
        None,
    ]


def test_hours_that_clocks_skip_or_repeat():
    log = contacts("1|3/8/2026|2:30|Phone|20|Ken", "1|11/1/2026|1:30|Phone|20|Ken")
    found = plan(two("2|Roe, Al|2/2/1990|9/3/2026"), log, known=known())
    assert fates(found, "contact") == [
        (2, "refused", ["03/08/2026 02:30 does not exist: the clocks went forward. Correct the start."]),
        (3, "refused", ["11/01/2026 01:30 came twice: the clocks went back. Leave the start blank."]),
    ]


def test_blank_rows_of_contacts_are_ignored():
    found = plan(two("2|Roe, Al|2/2/1990|9/3/2026"), contacts("1|9/3/2026||Phone|20|Ken", "||||"), known=known())
    assert fates(found)[-1] == (3, "ignored", ["Ignored: blank row."])


def test_the_same_contact_twice():
    rows = two("2|Roe, Al|2/2/1990|9/3/2026")
    log = contacts("1|9/3/2026|9:40|Phone|48|Ken", "1|9/3/2026|9:40|Phone|48|Ken", "1|9/3/2026|9:40|Video|48|Ken")
    assert fates(plan(rows, log, known=known()), "contact") == [
        (2, "new", []),
        (3, "ignored", ["The same as row 2."]),
        (
            4,
            "refused",
            [
                (
                    "Row 2 has the same patient, day and start and says something else. "
                    "Keep the right one, or correct the start."
                )
            ],
        ),
    ]


def test_contacts_on_record():
    have = KnownContact("k", "p-jo", date(2026, 9, 3), time(9, 40), "treatment", "phone", 48, Scores(20, 0))
    untimed = KnownContact("k2", "p-jo", date(2026, 9, 4), None, "treatment", "phone", 20, Scores())
    log = contacts("123|9/3/2026|9:40|Phone|48|Ken|20|0|", "123|9/4/2026||Phone|20|Ken", "123|9/4/2026||Phone|25|Ken")
    assert [row[1] for row in fates(plan(log, known=known(JO, contacts=(have, untimed))))] == [
        "matched",
        "matched",
        "new",
    ]
    other = contacts("123|9/3/2026|9:40|Video|45|Ken|18||6")
    found = plan(other, known=known(JO, contacts=(have,)))
    assert fates(found) == [
        (
            2,
            "changed",
            [
                "Changed: minutes, 48 on record, 45 in the file.",
                "Changed: type, treatment by phone on record, treatment by video in the file.",
                "Changed: PHQ-9, 20 on record, 18 in the file.",
                "Changed: item 9, 0 on record, none in the file.",
                "Changed: GAD-7, none on record, 6 in the file.",
            ],
        )
    ]
    assert [each.replaces for each in found.contacts] == ["k"]
    corrected = plan(other, known=known(JO, contacts=(replace(have, is_corrected=True),)))
    assert (fates(corrected), corrected.contacts) == (
        [(2, "matched", ["Corrected on the chart since: not changed."])],
        (),
    )


def test_who_pays_for_themselves():
    assert [is_self_pay(payer) for payer in ("Self Pay", "self-pay", "Uninsured", "AETNA")] == [True, True, True, False]


# Times that cannot all be true.


def test_of_two_overlapping_rows_the_later_is_held():
    rows = two("2|Roe, Al|2/2/1990|9/3/2026")
    log = contacts(
        "1|9/3/2026|9:30|Phone|30|Ken",
        "2|9/3/2026|9:00|Phone|45|Ken",
        "2|9/3/2026|9:40|Phone|30|Maya",
        "1|9/3/2026|9:45|Phone|30|Maya",
        "1|9/3/2026|10:15|Phone|30|Maya",
    )
    found = plan(rows, log, known=known())
    assert [(row, outcome) for row, outcome, _ in fates(found, "contact")] == [
        (2, "held"),
        (3, "new"),
        (4, "new"),
        (5, "held"),
        (6, "new"),
    ]
    assert fates(found, "contact")[0][2] == [
        "Held: overlaps contacts.csv, row 3 of the same person for another patient; counts nowhere until settled."
    ]
    assert [each.held_with for each in found.contacts] == ["contacts.csv, row 3", "", "", "contacts.csv, row 4", ""]
    assert found.overlaps == 2


def test_what_is_on_record_stays():
    span = KnownSpan(
        "t-1", "k-1", "m-ken", "p-al", datetime(2026, 9, 3, 14, 30, tzinfo=UTC), datetime(2026, 9, 3, 15, tzinfo=UTC)
    )
    found = plan(contacts("123|9/3/2026|9:15|Phone|30|Ken"), known=known(JO, spans=(span,)))
    assert fates(found) == [
        (
            2,
            "held",
            ["Held: overlaps time on record of the same person for another patient; counts nowhere until settled."],
        )
    ]
    assert [each.held_with for each in found.contacts] == ["t-1"]


def test_time_that_the_file_corrects_holds_nothing():
    have = KnownContact("k", "p-jo", date(2026, 9, 3), time(9, 40), "treatment", "phone", 48, Scores())
    span = KnownSpan(
        "t-1", "k", "m-ken", "p-jo", datetime(2026, 9, 3, 14, 40, tzinfo=UTC), datetime(2026, 9, 3, 15, 28, tzinfo=UTC)
    )
    al = replace(JO, key="p-al", person=Person("9", "Roe", "Al", date(1990, 2, 2)))
    log = contacts("123|9/3/2026|9:40|Phone|20|Ken", "9|9/3/2026|10:10|Phone|20|Ken")
    found = plan(log, known=known(JO, al, contacts=(have,), spans=(span,)))
    assert [row[1] for row in fates(found)] == ["changed", "new"]


def stretch(number, staff, patient, start, length, on_record):
    starts_at = datetime.fromtimestamp(start * 60, UTC)
    return Stretch(
        str(number), staff, patient, starts_at, datetime.fromtimestamp((start + length) * 60, UTC), "", on_record
    )


STRETCHES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 3000), st.integers(1, 1439), st.booleans()),
    max_size=12,
).map(lambda rows: [stretch(number, *row) for number, row in enumerate(rows)])


@given(STRETCHES)
def test_what_is_not_held_never_clashes_and_what_is_held_does(stretches):
    held = held_because(stretches)
    kept = [each for each in stretches if each.key not in held]
    new_or_old = [(one, other) for one in kept for other in kept if not one.on_record and one.clashes_with(other)]
    assert new_or_old == []
    assert all(each.clashes_with(held[each.key]) for each in stretches if each.key in held)
    assert [each.key for each in stretches if each.key in held and each.on_record] == []


@given(STRETCHES)
def test_overlaps_are_none_exactly_when_none_is_held_among_new_rows(stretches):
    new = [replace(each, on_record=False) for each in stretches]
    assert overlap_count(new) == 0 or held_because(new) != {}


def test_the_fingerprint_is_of_what_is_shown():
    rows = patients("1|Doe, Jo|1/1/1980")
    assert plan(rows).digest() == plan(rows).digest()
    assert plan(rows).digest() != plan(patients("1|Doe, Joe|1/1/1980")).digest()
