"""What becomes of contacts' rows: whose they are, when they were, and which times cannot all be true."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from caseload.rules.imports.candidates import Person, Scores
from caseload.rules.imports.known import (
    KnownContact,
    KnownEpisode,
    KnownSpan,
)
from caseload.rules.imports.overlaps import Stretch, held_because, overlap_count
from tests.rules.caseload.imports.people_known import HEADER, JO, known, two
from tests.rules.caseload.imports.sheets_made import contacts, fates, outcomes, patients, plan


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
def test_where_new_rows_overlap_some_time_is_held(stretches):
    new = [replace(each, on_record=False) for each in stretches]
    assert overlap_count(new) == 0 or held_because(new) != {}
