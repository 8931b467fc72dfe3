"""A practice's list of patients seen: headings as systems write them, rows put together, faults by row and column."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from caseload.rules.imports.sheets import Sheet
from outcomes.rules.screening_file import SeenFile, SeenRow, read_seen

MARCH = date(2026, 3, 1)
ON = date(2026, 4, 2)
HEAD = (
    "Record number",
    "Seen on",
    "Screened on",
    "Instrument",
    "Score",
    "First PHQ-9",
    "Followed up on",
    "Followed up by",
)


def read(*rows: Any, head: Any = HEAD) -> SeenFile:
    return read_seen([Sheet("seen.csv", "", (head, *rows))], month=MARCH, on=ON)


def faults(*rows: Any, head: Any = HEAD) -> list[tuple[int, str, str]]:
    found = read(*rows, head=head)
    assert found.rows == ()
    return [(fault.row, fault.column, fault.fault) for fault in found.faults]


def test_a_row_says_who_was_seen_screened_and_followed_up() -> None:
    found = read(
        ("0012", "3/4/2026", "2026-03-04", "PHQ-9", "14", "yes", "3/20/26", "Medication"),
        ("77", date(2026, 3, 5), None, None, None, None, None, None),
    )
    day = date(2026, 3, 4)
    assert found == SeenFile(
        rows=(
            SeenRow(
                2,
                "0012",
                day,
                day,
                "phq9",
                14,
                is_first=True,
                followed_up_on=date(2026, 3, 20),
                followed_up_by="Medication",
            ),
            SeenRow(3, "77", date(2026, 3, 5)),
        )
    )


@pytest.mark.parametrize(
    "head",
    [
        ("MRN", "Visit Date", "Screening Date", "Tool", "Total Score"),
        ("Patient ID", "DOS", "PHQ date", "Questionnaire", "Result"),
        ("mrn", "ENCOUNTER_DATE", "Date of Screen (last)", "screening tool", "PHQ Score"),
    ],
)
def test_headings_are_known_as_systems_write_them(head: tuple[str, ...]) -> None:
    assert read(("5", "3/4/2026", "3/4/2026", "phq 2", 4), head=head).rows == (
        SeenRow(2, "5", date(2026, 3, 4), date(2026, 3, 4), "phq2", 4),
    )


def test_a_column_for_each_instrument_will_do() -> None:
    head = ("MRN", "Seen on", "Screened on", "PHQ-2", "PHQ-9")
    rows = read(("1", "3/4/26", "3/4/26", 5, 12), ("2", "3/4/26", "3/4/26", 1, None), head=head).rows
    assert [(row.instrument, row.score) for row in rows] == [("phq9", 12), ("phq2", 1)]


def test_a_declined_screen_is_none() -> None:
    row = read(("1", "3/4/26", "3/4/26", "PHQ-9", "declined", "no", None, None)).rows[0]
    assert row == SeenRow(2, "1", date(2026, 3, 4))


def test_rows_of_a_patient_become_one() -> None:
    """The last visit; a first PHQ-9 before a later PHQ-2, and what followed it."""
    found = read(
        ("1", "3/4/26", "3/4/26", "PHQ-9", 14, "yes", None, None),
        ("1", "3/18/26", "3/18/26", "PHQ-2", 2, "no", None, None),
        ("1", "3/20/26", "3/4/26", "PHQ-2", 5, None, "3/21/26", "Referral"),
    )
    day = date(2026, 3, 4)
    assert (found.rows, found.repeated) == (
        (
            SeenRow(
                2,
                "1",
                date(2026, 3, 20),
                day,
                "phq9",
                14,
                is_first=True,
                followed_up_on=date(2026, 3, 21),
                followed_up_by="Referral",
            ),
        ),
        2,
    )


def test_a_first_phq_9_of_an_earlier_month_does_not_hide_the_screen_of_this_one() -> None:
    found = read(
        ("1", "3/4/26", "6/4/2023", "PHQ-9", 14, "yes", None, None),
        ("1", "3/4/26", "3/4/26", "PHQ-2", 1, "no", None, None),
    )
    assert found.rows == (SeenRow(2, "1", date(2026, 3, 4), date(2026, 3, 4), "phq2", 1),)


def test_the_later_screen_counts_and_not_what_followed_an_earlier_one() -> None:
    found = read(
        ("1", "3/4/26", "3/4/26", "PHQ-9", 14, "no", "3/5/26", "Referral"),
        ("1", "3/18/26", "3/18/26", "PHQ-9", 12, "no", None, None),
    )
    assert found.rows == (SeenRow(2, "1", date(2026, 3, 18), date(2026, 3, 18), "phq9", 12),)


@pytest.mark.parametrize(
    ("row", "column", "fault"),
    [
        ((None, "3/4/26", None, None, None, None, None, None), "Record number", "there is no record number"),
        (("1", None, None, None, None, None, None, None), "Seen on", "there is no date"),
        (("1", "2/28/2026", None, None, None, None, None, None), "Seen on", "Feb 28, 2026 is not in March 2026"),
        (("1", "4/1/2026", None, None, None, None, None, None), "Seen on", "Apr 1, 2026 is not in March 2026"),
        (("1", "3/4/26", "3/4/26", "GAD-7", 9, None, None, None), "Instrument", "“GAD-7” is neither PHQ-2 nor PHQ-9"),
        (("1", "3/4/26", "3/4/26", None, 9, None, None, None), "Instrument", "nothing says which instrument it is"),
        (("1", "3/4/26", "3/4/26", "PHQ-2", 7, None, None, None), "Score", "7 is above 6"),
        (("1", "3/4/26", "3/4/26", "PHQ-9", "high", None, None, None), "Score", "“high” is not a score"),
        (("1", "3/4/26", None, "PHQ-9", 9, None, None, None), "Screened on", "there is a score but no day"),
        (("1", "3/4/26", "3/4/26", "PHQ-9", None, None, None, None), "Score", "there is a day but no score"),
        (("1", "3/4/26", "3/4/26", "PHQ-9", 9, "maybe", None, None), "First PHQ-9", "“maybe” is neither yes nor no"),
        (
            ("1", "3/4/26", "3/4/26", "PHQ-9", 9, None, "3/3/26", None),
            "Followed up on",
            "the follow-up is before the screen",
        ),
    ],
)
def test_every_fault_is_named_and_stops_the_file(row: Any, column: str, fault: str) -> None:
    whole = ("2", "3/4/26", None, None, None, None, None, None)
    assert faults(whole, row) == [(3, column, fault)]


def test_all_faults_are_named_at_once() -> None:
    found = faults(
        (None, "soon", None, None, None, "?!", None, None), ("1", "3/4/26", "9/9/26", "PHQ-9", 4, None, None, None)
    )
    assert [(row, column) for row, column, _ in found] == [
        (2, "Record number"),
        (2, "Seen on"),
        (2, "First PHQ-9"),
        (3, "Screened on"),
    ]


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (
            ("MRN", "Seen on"),
            ["no column is headed Screened on", "no column is headed Score, with Instrument, or PHQ-2 and PHQ-9"],
        ),
        (("Score", "Screened on", "Instrument"), ["no column is headed Record number", "no column is headed Seen on"]),
        (("Name", "Phone"), ["no row names columns of patients seen and screened"]),
    ],
)
def test_a_column_that_is_missing_is_named(head: tuple[str, ...], fault: list[str]) -> None:
    assert [each for _, _, each in faults(("1", "3/4/26", None), head=head)] == fault


def test_a_file_without_rows_says_so() -> None:
    assert [fault for _, _, fault in faults()] == ["there is no row below the headings"]


def test_what_is_not_used_or_missing_is_remarked() -> None:
    found = read(("1", "3/4/26", None, None, "x"), head=("MRN", "Seen on", "Screened on", "PHQ-9", "Room"))
    assert [remark.partition(" ")[0] for remark in found.remarks] == ["Not", "No", "No"]
    assert found.remarks[0] == "Not used: Room."


def test_titles_blanks_and_totals_are_no_patients() -> None:
    sheet = Sheet("a.csv", "", (("Report of March",), HEAD, ("1", "3/4/26"), (), ("Total", None, None)))
    found = read_seen([sheet], month=MARCH, on=ON)
    assert (len(found.rows), found.rows[0].row, found.ignored) == (1, 3, 2)
