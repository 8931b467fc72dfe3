"""Cells: what they say as text, as minutes, as scores, and as words."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseload.rules.imports.numbers import NotANumber, read_minutes, read_score
from caseload.rules.imports.sheets import Problem, as_text, is_said, looks_like_formula, shown
from caseload.rules.imports.words import ContactType, Status, read_contact_type, read_status


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("  Zoë \u00a0", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("a\x00b\u200bc", "abc"),
        ("two\nlines", "two lines"),
        ("\ufeffMRN", "MRN"),
        ('="02908655"', "02908655"),
        ("'02908655", "02908655"),
        ("=1+1", "=1+1"),
        (7, "7"),
        (Decimal("7.0"), "7"),
        (Decimal("7.5"), "7.5"),
        (True, "True"),
        (Decimal("1E+300"), "1E+300"),
        (date(2026, 9, 3), "2026-09-03"),
        (datetime(2026, 9, 3), "2026-09-03"),
        (datetime(2026, 9, 3, 9, 40), "2026-09-03 09:40"),
        (time(9, 40), "09:40"),
    ],
)
def test_a_cell_as_text(cell, text):
    assert as_text(cell) == text


def test_ways_to_say_nothing():
    assert [is_said(text) for text in ("", "-", "N/A", "none", "0", "x")] == [False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("=1", True),
        ("@SUM(A1)", True),
        ("+cmd", True),
        ("-x", True),
        ("-5", False),
        ("+1 (555) 803-3556", False),
        ("Ann", False),
    ],
)
def test_text_that_a_spreadsheet_would_run(text, runs):
    assert looks_like_formula(text) is runs


def test_long_cells_are_quoted_short():
    assert shown("x" * 50) == "x" * 39 + "…"


def test_a_problem_names_what_it_knows():
    assert Problem("a.csv", 0, "", "it is empty", "Fill it.").sentence == "a.csv: it is empty. Fill it."
    full = Problem("a.csv", 3, "DOB", "no date", "Fill it in.").sentence
    assert full == "a.csv, row 3, column DOB: no date. Fill it in."


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        (48, 48),
        ("48", 48),
        (Decimal("48.0"), 48),
        ("1:05", 65),
        ("0:20:00", 20),
        ("45 min", 45),
        ("45m.", 45),
        ("1 h 5 min", 65),
        ("1 hr", 60),
        (time(1, 5), 65),
        (datetime(1900, 1, 1, 1, 5), 65),
        (0, 0),
        (None, None),
        ("n/a", None),
        (1439, 1439),
        ("1,439", 1439),
    ],
)
def test_minutes(cell, minutes):
    assert read_minutes(cell) == minutes


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (-5, "-5 minutes is less than none"),
        (2000, "2,000 minutes is a day or more"),
        ("2,000", "2,000 minutes is a day or more"),
        (1440, "1,440 minutes is a day or more"),
        (Decimal("22.5"), "“22.5” is not a number of whole minutes"),
        ("twenty", "“twenty” is not a number of whole minutes"),
        ("=B2+5", "“=B2+5” is not a number of whole minutes"),
        ("inf", "“inf” is not a number of whole minutes"),
        ("1e999999999", "“1e999999999” is not a number of whole minutes"),
    ],
)
def test_minutes_that_cannot_be(cell, fault):
    with pytest.raises(NotANumber) as caught:
        read_minutes(cell)
    assert (str(caught.value), caught.value.fix) == (
        fault,
        "Give whole minutes from 1 to 1439, or hours and minutes like 1:05.",
    )


@given(st.integers(0, 1439))
def test_minutes_written_in_any_way_are_the_same(minutes):
    hours, rest = divmod(minutes, 60)
    written = (minutes, str(minutes), Decimal(minutes), f"{hours}:{rest:02d}", f"{minutes} min", time(hours, rest))
    assert {read_minutes(way) for way in written} == {minutes}


@pytest.mark.parametrize(
    ("cell", "score"),
    [(20, 20), ("20", 20), ("20/27", 20), ("0", 0), ("", None), ("declined", None), (Decimal("5.0"), 5)],
)
def test_scores(cell, score):
    assert read_score(cell, "The PHQ-9", 27) == score


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (31, "31 is above 27"),
        (-1, "-1 is below 0"),
        ("high", "“high” is not a score"),
        (Decimal("4.5"), "“4.5” is not a score"),
    ],
)
def test_scores_that_cannot_be(cell, fault):
    with pytest.raises(NotANumber) as caught:
        read_score(cell, "The PHQ-9", 27)
    assert (str(caught.value), caught.value.fix) == (fault, "The PHQ-9 is a whole number from 0 to 27.")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Phone", ContactType("treatment", "phone")),
        ("VIDEO", ContactType("treatment", "video")),
        ("In person", ContactType("treatment", "in_person")),
        ("In-Person", ContactType("treatment", "in_person")),
        ("No show", ContactType("no_show", "none")),
        ("No-Show", ContactType("no_show", "none")),
        ("No answer", ContactType("outreach_attempt", "phone", "No answer.")),
        ("Left voicemail", ContactType("outreach_attempt", "phone", "Left voicemail.")),
        ("Chart review", ContactType("registry", "none")),
        ("Phone - 20 min", ContactType("treatment", "phone")),
        ("MyChart message", ContactType("message", "message")),
        ("Case review", ContactType("case_review", "none")),
        ("Carrier pigeon", None),
        ("", None),
    ],
)
def test_words_of_a_contact_column(word, meaning):
    assert read_contact_type(word) == meaning


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Active", Status("active")),
        ("RPP", Status("relapse_prevention")),
        ("Inactive", Status("discharged")),
        ("D/C", Status("discharged")),
        ("On hold", Status("on_hold")),
        ("Graduated", Status("discharged", "graduated")),
        ("Discharged - graduated", Status("discharged", "graduated")),
        ("Inactive (lost to follow-up)", Status("discharged", "lost_to_follow_up")),
        ("Active - Ken", Status("active")),
        ("Deceased", Status("discharged", "died")),
        ("Accepted", Status("referred")),
        ("Purple", None),
        ("Purple - graduated", None),
    ],
)
def test_words_of_a_status_column(word, meaning):
    assert read_status(word) == meaning
