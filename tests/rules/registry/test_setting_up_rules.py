"""The checklist: which points a clinic is asked for, when each is settled, and what may be said of one."""

from __future__ import annotations

from datetime import date

import pytest

from registry.rules.setting_up import (
    ITEMS,
    Found,
    Said,
    State,
    drill_found,
    fault_of_saying,
    payers_found,
    pilot_found,
    points,
    progress,
    trained_found,
    training_due_on,
)

DAY = date(2026, 3, 2)


def keys(*, of_clinic: bool, programs: list[str]) -> list[str]:
    return [point.item.key for point in points({}, {}, of_clinic=of_clinic, programs=programs)]


def test_general_bhi_is_asked_for_no_consultant_and_no_slot() -> None:
    with_review = set(keys(of_clinic=False, programs=["cocm"])) | set(keys(of_clinic=True, programs=["cocm"]))
    without = set(keys(of_clinic=False, programs=["bhi"])) | set(keys(of_clinic=True, programs=["bhi"]))
    assert with_review == {item.key for item in ITEMS}
    assert with_review - without == {"consultant", "slot"}
    assert "consultant" in keys(of_clinic=False, programs=["bhi", "cocm"])


@pytest.mark.parametrize(
    ("key", "found", "said", "state", "detail"),
    [
        ("site", Found(is_done=True, detail="there"), None, State.DONE, "there"),
        ("site", Found(is_done=False, detail="NPI missing"), None, State.OPEN, "NPI missing"),
        ("pilot", Found(is_done=False, later="later on"), None, State.LATER, "later on"),
        (
            "hours",
            Found(is_done=False),
            Said(is_needed=True, on=DAY, by="Ann", note="As usual"),
            State.DONE,
            "As usual",
        ),
        # Every clinic needs its address, whatever somebody said.
        ("site", Found(is_done=False), Said(is_needed=False, on=DAY, by="Ann", note="No"), State.OPEN, ""),
        ("duty", Found(is_done=False), Said(is_needed=True, on=DAY, by="Ann", note="Done"), State.OPEN, ""),
    ],
)
def test_what_is_on_record_goes_before_what_was_said(
    key: str, found: Found, said: Said | None, state: State, detail: str
) -> None:
    asked = points({key: found}, {key: said} if said else {}, of_clinic=True, programs=["cocm"])
    point = next(one for one in asked if one.item.key == key)
    assert (point.state, point.detail) == (state, detail)


def test_a_point_that_is_not_for_us_is_settled() -> None:
    said = {"import": Said(is_needed=False, on=DAY, by="Ann", note="We begin with nobody")}
    asked = points({}, said, of_clinic=False, programs=["cocm"])
    point = next(one for one in asked if one.item.key == "import")
    assert (point.state, point.is_settled, point.detail) == (State.NOT_NEEDED, True, "We begin with nobody")
    assert (progress(asked).settled, progress(asked).total) == (1, len(asked))
    assert progress([point]).is_whole is True


@pytest.mark.parametrize(
    ("key", "of_clinic", "is_needed", "note", "words"),
    [
        ("nonsense", False, True, "x", "not on the checklist"),
        ("site", False, False, "x", "not on the checklist"),
        ("site", True, True, "x", "done by what is on record"),
        ("site", True, False, "x", "Every clinic needs this point"),
        ("hours", True, True, "  ", "Say why"),
        ("hours", True, True, "As usual", ""),
        ("billing", False, False, "A biller of another firm", ""),
    ],
)
def test_what_may_be_said(key: str, of_clinic: bool, is_needed: bool, note: str, words: str) -> None:
    fault = fault_of_saying(key, of_clinic=of_clinic, is_needed=is_needed, note=note)
    assert (fault == "") is (words == "")
    assert words in fault


@pytest.mark.parametrize(
    ("first", "reviewed", "expected"),
    [
        (None, None, Found(is_done=False, later="two weeks after the first patient")),
        (date(2026, 2, 17), None, Found(is_done=False, later="from Mar 3, 2026 on")),
        (date(2026, 2, 16), None, Found(is_done=False, detail="due since Mar 2, 2026")),
        (date(2026, 2, 1), date(2026, 2, 20), Found(is_done=True, detail="on Feb 20, 2026")),
    ],
)
def test_the_pilot_is_due_after_two_weeks(first: date | None, reviewed: date | None, expected: Found) -> None:
    assert pilot_found(first, reviewed, DAY) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, Found(is_done=False, detail="never yet")),
        (date(2025, 3, 2), Found(is_done=False, detail="last on Mar 2, 2025")),
        (date(2025, 3, 3), Found(is_done=True, detail="on Mar 3, 2025")),
    ],
)
def test_a_rehearsal_holds_for_a_year(last: date | None, expected: Found) -> None:
    assert drill_found(last, DAY) == expected


def test_everybody_who_sees_patients_is_trained_this_year() -> None:
    assert trained_found([], DAY) == Found(is_done=False, later="once there are people who see patients")
    later = date(2026, 3, 3)
    assert trained_found([("Ann", later)], DAY) == Found(is_done=True, detail="one person")
    assert trained_found([("Ann", later), ("Bo", later)], DAY) == Found(is_done=True, detail="all 2")
    missing = trained_found([("Ann", None), ("Bo", DAY), ("Cy", None), ("Di", None), ("Ed", later)], DAY)
    assert missing == Found(is_done=False, detail="missing or over a year ago: Ann, Bo, Cy and 1 more")
    namesake = trained_found([("Ann", None), ("Ann", later)], DAY)
    assert namesake == Found(is_done=False, detail="missing or over a year ago: Ann")
    assert training_due_on(date(2026, 3, 2)) == date(2027, 3, 2)


@pytest.mark.parametrize(
    ("asked", "payers", "expected"),
    [
        (0, 0, Found(is_done=False, later="once a payer is on record, from the import or the first enrolment")),
        (1, 2, Found(is_done=False, detail="1 of 2")),
        (2, 2, Found(is_done=True, detail="2 of 2")),
    ],
)
def test_each_payer_is_asked(asked: int, payers: int, expected: Found) -> None:
    assert payers_found(asked, payers) == expected
