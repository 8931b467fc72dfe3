"""Saved ways of reading: kept, known again by headings, followed; words, dates, header rows chosen by hand."""

from dataclasses import replace
from datetime import date

import pytest

from caseload.rules.imports.corrections import Corrections, CorrectionsUnreadable, read_corrections, stored_corrections
from caseload.rules.imports.mappings import apply, follow, heading_keys, mapping_of, read_mapping, stored_mapping
from caseload.rules.imports.recognize import column_name, recognize
from caseload.rules.imports.sheets import Sheet
from caseload.rules.imports.vocabulary import doubtful_words, meanings
from tests.rules.caseload.imports.sheets_made import contacts, fates, patients, plan, read, sheet

OTHER = sheet(
    """Our list
    Num|Who|Born|State now|
    1|Doe, Jo|23/09/1980|Going|x
    2|Roe, Al|01/02/1990|Gone|""",
    file="other.csv",
)
CHOSEN = Corrections(
    kinds={"other.csv": "patients"},
    header_rows={"other.csv": 2},
    columns={"other.csv": {0: "mrn", 1: "name", 2: "birth_on", 3: "status"}},
    date_orders={"other.csv": "day_first"},
    values={"status": {"going": "active", "gone": "(left out)"}},
    defaults={"clinic": "North"},
    unenrolled="referrals",
)


def saved(name="Ours", chosen=CHOSEN, sheets=(OTHER,)):
    return mapping_of(name, recognize(sheets, chosen), chosen)


def test_what_was_chosen_is_kept_and_read_back():
    headings, choices = stored_mapping(saved())
    assert headings == [["born", "num", "statenow", "who"]]
    assert choices == {
        "sheets": [
            {
                "kind": "patients",
                "columns": {"num": "mrn", "who": "name", "born": "birth_on", "statenow": "status", "#5": "-"},
                "date_order": "day_first",
                "names": [
                    ["num", "Num"],
                    ["who", "Who"],
                    ["born", "Born"],
                    ["statenow", "State now"],
                    ["#5", "Column E"],
                ],
            }
        ],
        "values": {"status": {"going": "active", "gone": "(left out)"}},
        "defaults": {"clinic": "North"},
        "unenrolled": "referrals",
    }
    assert read_mapping("Ours", headings, choices) == saved()


def test_a_file_with_the_same_headings_is_read_the_same():
    """In any order, in another row, with columns that have none."""
    again = sheet("State now|Born|Num||Who\nGoing|23/09/1981|7|y|Poe, Ed", file="next.csv")
    followed = follow([again], [saved()], Corrections())
    assert (followed.followed, followed.header_rows, followed.date_orders) == (
        {"next.csv": "Ours"},
        {"next.csv": 1},
        {"next.csv": "day_first"},
    )
    (row,) = read(again, corrections=followed).patients
    assert (row.candidate.person.mrn, row.candidate.person.birth_on, row.candidate.clinic) == (
        "7",
        date(1981, 9, 23),
        "North",
    )


@pytest.mark.parametrize("header", ["Num|Who|Born|State", "Num|Who|Born|State now|More", "Num|Who|Born"])
def test_other_headings_are_not_taken_for_a_saved_one(header):
    rest = "|".join(["1"] * (header.count("|") + 1))
    assert follow([sheet(f"{header}\n{rest}")], [saved()], Corrections()) == Corrections()


def test_of_two_mappings_for_the_same_headings_the_first_is_followed():
    other = replace(saved("Older"), defaults={})
    assert follow([OTHER], [saved("Newer"), other], Corrections()).followed == {"other.csv": "Newer"}


def test_what_is_chosen_already_stays_chosen():
    chosen = Corrections(defaults={"clinic": "South"}, values={"status": {"going": "on hold"}})
    followed = follow([OTHER], [saved()], chosen)
    assert (followed.defaults, followed.values) == (
        {"clinic": "South"},
        {"status": {"going": "on hold", "gone": "(left out)"}},
    )


def test_a_mapping_named_by_hand_is_followed_as_far_as_its_headings_are_there():
    more = sheet("List of today\nNum|Who|Born|Shoe size\n1|Doe, Jo|23/09/1980|9", file="more.csv")
    nothing = sheet("Apples|Pears\n1|2", file="fruit.csv")
    applied = apply(saved(), [more, nothing], Corrections(left_out=frozenset({"more.csv", "fruit.csv"})))
    assert (applied.header_rows, applied.columns, applied.left_out) == (
        {"more.csv": 2},
        {"more.csv": {0: "mrn", 1: "name", 2: "birth_on"}},
        frozenset({"fruit.csv"}),
    )


def test_a_sheet_without_headings_is_followed_only_by_hand():
    bare = sheet("1|Doe, Jo|1/2/1980\n2|Roe, Al|1/2/1990", file="bare.csv")
    chosen = Corrections(
        kinds={"bare.csv": "patients"},
        header_rows={"bare.csv": 0},
        columns={"bare.csv": {0: "mrn", 1: "name", 2: "birth_on"}},
    )
    assert [row[1] for row in fates(plan(bare, corrections=chosen))] == ["new", "new"]
    mapping = saved(chosen=chosen, sheets=(bare,))
    assert follow([bare], [mapping], Corrections()) == Corrections()
    assert apply(mapping, [bare], Corrections()).columns == chosen.columns


def test_a_bare_mapping_of_nothing_changes_nothing():
    assert apply(replace(saved(), sheets=()), [OTHER], Corrections()).columns == {}


def test_headings_are_told_apart():
    assert heading_keys(("Date", None, "date", "PHQ-9 #9", "", "DATE")) == (
        "date",
        "#2",
        "date#2",
        "phq9item9",
        "#5",
        "date#3",
    )


def test_columns_are_named_as_spreadsheets_do():
    assert [column_name(position) for position in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_corrections_are_stored_and_read_back():
    chosen = replace(CHOSEN, answers={"other.csv, row 3": "same:p"}, others="skip", followed={"other.csv": "Ours"})
    assert read_corrections(stored_corrections(chosen)) == chosen


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"date_orders": {"a.csv": "year_first"}}, "Dates are month_first, day_first, not 'year_first'."),
        ({"unenrolled": "gone"}, "Patients without enrolment become record, referrals, not 'gone'."),
        ({"answers": {"row": "me"}}, "A row means somebody on record, somebody new or nobody, not 'me'."),
        ({"others": "same:p"}, "Rows without an answer are new, skip, not 'same:p'."),
    ],
)
def test_choices_that_there_are_not(stored, said):
    with pytest.raises(CorrectionsUnreadable) as caught:
        read_corrections(stored)
    assert str(caught.value) == said


# Words.


def test_words_that_are_not_understood_are_listed_with_their_meaning():
    chosen = replace(CHOSEN, values={"status": {"going": "active"}})
    words = doubtful_words(recognize([OTHER], chosen), chosen)
    assert [(word.field, word.written, word.count, word.meant, word.label) for word in words] == [
        ("status", "Going", 1, "active", "Status"),
        ("status", "Gone", 1, "", "Status"),
    ]


def test_words_left_out_stay_listed_so_that_they_can_be_brought_back():
    assert [word.written for word in doubtful_words(recognize([OTHER], CHOSEN), CHOSEN)] == ["Going", "Gone"]
    assert fates(plan(OTHER, corrections=CHOSEN), "row") == [
        (4, "ignored", ["Ignored: rows with “Gone” are left out, as you chose."])
    ]


def test_a_sheet_without_words_has_none_in_doubt():
    assert doubtful_words(recognize([patients("1|Doe, Jo|1/1/1980")]), Corrections()) == ()


def test_every_meaning_that_is_offered_is_understood():
    header = "MRN|Name|DOB|Status|Sex|Consent Type"
    for field in ("status", "sex", "consent_form"):
        words = [value for value, _ in meanings(field) if value != "(left out)"]
        column = ("status", "sex", "consent_form").index(field)
        rows = [f"{n}|Doe, Jo|1/1/1980|" + "|" * column + word + "|" * (2 - column) for n, word in enumerate(words, 1)]
        assert doubtful_words(recognize([patients(*rows, header=header)]), Corrections()) == ()
    for field, header in (("contact_type", "MRN|Date|Type|Minutes"), ("mode", "MRN|Date|Mode|Minutes")):
        rows = [f"1|9/3/2026|{value}|5" for value, _ in meanings(field) if value != "(left out)"]
        assert doubtful_words(recognize([contacts(*rows, header=header)]), Corrections()) == ()
    assert meanings("clinic") == ()


def test_names_in_doubt_are_those_that_somebody_would_be_made_for():
    rows = patients("1|Doe, Jo|1/1/1980|East|Ken|Dr Rivera|AETNA", header="MRN|Name|DOB|Clinic|Care Manager|PCP|Payer")
    found = plan(rows, corrections=Corrections(zones={"": "America/Chicago"}))
    assert found.summary()["doubtful_names"] == [
        ["clinic", "East"],
        ["care_manager", "Ken"],
        ["clinician", "Dr Rivera"],
        ["payer", "AETNA"],
    ]


# Header rows and columns by hand.


def test_the_header_row_can_be_chosen():
    twice = sheet("MRN|Name|DOB\nMRN|Name|Birthday\n1|Doe, Jo|1/1/1980", file="a.csv")
    (table,) = recognize([twice], Corrections(header_rows={"a.csv": 2})).tables
    assert (table.header_row, [column.header for column in table.columns]) == (2, ["MRN", "Name", "Birthday"])


def test_a_header_row_that_there_is_not_is_looked_for():
    (table,) = recognize([patients("1|Doe, Jo|1/1/1980")], Corrections(header_rows={"patients.csv": 99})).tables
    assert table.header_row == 1


def test_columns_without_a_heading_can_be_chosen_where_something_stands_in_them():
    half = Sheet("a.csv", "", (("MRN", "Name", "DOB", None, None), ("1", "Doe, Jo", "1/1/1980", "555-1", None)))
    (table,) = recognize([half]).tables
    assert [(column.header, column.field) for column in table.columns] == [
        ("MRN", "mrn"),
        ("Name", "name"),
        ("DOB", "birth_on"),
        ("Column D", ""),
    ]
    chosen = Corrections(columns={"a.csv": {3: "phone"}})
    assert read(half, corrections=chosen).patients[0].candidate.person.phone == "555-1"


def test_two_columns_for_one_field_are_a_problem():
    rows = patients("1|Doe, Jo|1/1/1980|1/2/1980", header="MRN|Name|DOB|Born then")
    found = recognize([rows], Corrections(columns={"patients.csv": {2: "birth_on", 3: "birth_on"}}))
    assert [problem.sentence for problem in found.problems] == [
        (
            "patients.csv, row 1: DOB and Born then are both chosen for DOB. "
            "Choose one of them, and Not used for the others."
        )
    ]
