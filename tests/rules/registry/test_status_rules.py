"""Which way an episode may go, what speaks for and against it, and what each discharge asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.status import (
    MOVES,
    REASONS,
    Closing,
    Ground,
    ScaleCourse,
    asks_reason,
    considerations,
    may_move,
    refusals_of_change,
    refusals_of_discharge,
    risks,
)

TODAY = date(2026, 3, 2)
WELL = ScaleCourse("PHQ-9", 18, 6, date(2026, 2, 20), date(2026, 1, 23))
GROUND = Ground(
    status="active", today=TODAY, enrolled_on=date(2025, 10, 6), last_contact_on=date(2026, 2, 20), scales=(WELL,),
    last_phq9=6, last_item9=0, plan_on=date(2026, 1, 30),
)  # fmt: skip
QUIET = replace(GROUND, last_contact_on=date(2025, 12, 2))  # ninety days before TODAY
CLOSING = Closing(reason="withdrew", on=TODAY, summary="Well.", way_back="Call us.")


def changed(to: str, *, on: date = TODAY, reason: str = "", **ground: Any) -> list[tuple[str, str]]:
    found = refusals_of_change(to, on, reason, replace(GROUND, **ground))
    return [(one.field, one.sentence) for one in found]


def closed(base: Ground = GROUND, *, ground: dict[str, Any] | None = None, **closing: Any) -> list[str]:
    found = refusals_of_discharge(replace(CLOSING, **closing), replace(base, **(ground or {})))
    return [one.field for one in found]


@pytest.mark.parametrize(
    ("status", "to", "may"),
    [
        ("active", "on_hold", True),
        ("active", "relapse_prevention", True),
        ("active", "active", False),
        ("on_hold", "active", True),
        ("on_hold", "relapse_prevention", True),
        ("relapse_prevention", "active", True),
        ("relapse_prevention", "on_hold", False),
        ("discharged", "active", False),
        ("active", "discharged", False),
        ("active", "nonsense", False),
    ],
)
def test_the_ways_between_statuses(status: str, to: str, may: bool) -> None:
    assert may_move(status, to) is may
    assert (changed(to, status=status, reason="So it is.", relapse="relapse") == []) is may


def test_a_hold_says_why() -> None:
    assert changed("on_hold") == [("reason", "Say why the work rests.")]
    assert changed("on_hold", reason="  ") == [("reason", "Say why the work rests.")]
    assert changed("on_hold", reason="Abroad until May") == []


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        (date(2026, 3, 3), "This day is in the future. Correct it."),
        (date(2025, 10, 5), "The patient was enrolled on Oct 6, 2025, after this day. Correct it."),
        (date(2026, 1, 31), "The status changed on Feb 1, 2026, after this day. Correct it."),
    ],
)
def test_days_that_cannot_be(on: date, sentence: str) -> None:
    assert changed("relapse_prevention", on=on, changed_on=date(2026, 2, 1)) == [("on", sentence)]
    assert changed("relapse_prevention", on=date(2026, 2, 1), changed_on=date(2026, 2, 1)) == []


NOT_WELL = replace(WELL, improved_from=None)
BRIEFLY = replace(WELL, improved_from=date(2026, 1, 24))
PREVENTION = [
    ({}, [(True, "improved since Jan 23, 2026."), (True, "written on Jan 30, 2026.")]),
    ({"scales": (NOT_WELL,)}, [(False, "6 on Feb 20, 2026, not improved."), (False, "before this improvement.")]),
    ({"scales": (BRIEFLY,)}, [(False, "two scores four weeks apart are"), (True, "written on Jan 30, 2026.")]),
    ({"scales": ()}, [(False, "No scale has a baseline yet."), (False, "before this improvement.")]),
    ({"plan_on": None}, [(True, "improved since"), (False, "No relapse plan is written yet.")]),
    ({"plan_on": date(2026, 1, 22)}, [(True, "improved since"), (False, "before this improvement. Revise it first.")]),
    ({"plan_on": date(2026, 1, 23)}, [(True, "improved since"), (True, "written on Jan 23, 2026.")]),
    (
        {"last_item9": 1},
        [(True, "improved since"), (True, "written"), (False, "Item 9 was answered with 1 the last time.")],
    ),
    (
        {"scales": (WELL, replace(NOT_WELL, name="GAD-7"))},
        [(True, "PHQ-9: 18 at the start, 6"), (False, "GAD-7: 18 at the start"), (True, "written")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ground", "expected"), PREVENTION)
def test_relapse_prevention_shows_what_speaks_for_and_against(
    ground: dict[str, Any], expected: list[tuple[bool, str]]
) -> None:
    found = considerations("relapse_prevention", replace(GROUND, **ground))
    assert [one.is_for for one in found] == [is_for for is_for, _ in expected]
    assert [words in one.text for one, (_, words) in zip(found, expected, strict=True)] == [True] * len(expected)
    speaks_against = not all(is_for for is_for, _ in expected)
    assert asks_reason("relapse_prevention", replace(GROUND, **ground)) is speaks_against
    assert changed("relapse_prevention", reason="Her own wish", **ground) == []
    against = [("reason", "Something speaks against it. Say why all the same.")]
    assert changed("relapse_prevention", **ground) == (against if speaks_against else [])


@pytest.mark.parametrize(
    ("relapse", "is_for", "words"),
    [
        ("", False, "No score says relapse."),
        ("relapse", True, "The last score says relapse. A second one in two weeks would confirm it."),
        ("relapse_confirmed", True, "The last two scores say relapse."),
    ],
)
def test_a_return_to_treatment_needs_no_override(relapse: str, is_for: bool, words: str) -> None:
    ground = replace(GROUND, status="relapse_prevention", relapse=relapse)
    (found,) = considerations("active", ground)
    assert (found.is_for, found.text, asks_reason("active", ground)) == (is_for, words, False)
    assert considerations("active", replace(ground, status="on_hold")) == ()
    assert considerations("on_hold", GROUND) == ()


@pytest.mark.parametrize(
    ("reason", "base", "ground", "closing", "fields"),
    [
        ("graduated", GROUND, {}, {}, ["in_spite_of"]),
        ("graduated", GROUND, {"status": "relapse_prevention"}, {}, []),
        ("graduated", GROUND, {"status": "relapse_prevention", "relapse": "relapse"}, {}, ["in_spite_of"]),
        (
            "graduated",
            GROUND,
            {"status": "relapse_prevention", "relapse": "relapse_confirmed"},
            {"in_spite_of": "Goes on elsewhere"},
            [],
        ),
        ("graduated", GROUND, {}, {"in_spite_of": "Moves away, well for months"}, []),
        ("lost_to_follow_up", GROUND, {}, {}, ["in_spite_of"]),
        ("lost_to_follow_up", GROUND, {"last_contact_on": date(2026, 1, 31)}, {}, []),
        ("lost_to_follow_up", GROUND, {"last_contact_on": None}, {}, []),
        ("administrative_inactivity", GROUND, {}, {}, ["reason"]),
        ("administrative_inactivity", GROUND, {}, {"in_spite_of": "Please"}, ["reason"]),
        ("administrative_inactivity", QUIET, {}, {}, []),
        ("administrative_inactivity", QUIET, {}, {"on": date(2026, 3, 1)}, ["on"]),
        ("administrative_inactivity", QUIET, {"today": date(2026, 3, 9)}, {"on": date(2026, 3, 9)}, ["on"]),
        ("administrative_inactivity", QUIET, {"today": date(2026, 3, 9)}, {}, []),
        ("administrative_inactivity", QUIET, {"today": date(2026, 3, 1)}, {"on": date(2026, 3, 1)}, ["reason"]),
        ("administrative_inactivity", GROUND, {"last_contact_on": None}, {"on": date(2026, 1, 4)}, []),
        ("withdrew", GROUND, {}, {}, []),
        ("transferred", GROUND, {}, {}, ["reason"]),
        ("transferred", GROUND, {"is_hand_off_open": True}, {"in_spite_of": "Please"}, ["reason"]),
        ("transferred", GROUND, {"hand_off_seen_on": TODAY}, {}, []),
        ("transferred", GROUND, {"hand_off_seen_on": TODAY}, {"on": date(2026, 3, 1)}, ["on"]),
        ("died", GROUND, {}, {"way_back": ""}, []),
        ("other", GROUND, {}, {}, ["in_spite_of"]),
        ("other", GROUND, {}, {"in_spite_of": "Moved to another state"}, []),
        ("withdrew", GROUND, {}, {"summary": " ", "way_back": ""}, ["summary", "way_back"]),
        ("withdrew", GROUND, {}, {"on": date(2026, 2, 19)}, ["on"]),
        ("withdrew", GROUND, {}, {"on": date(2026, 2, 20)}, []),
    ],
)  # fmt: skip
def test_what_each_reason_asks_for(
    reason: str, base: Ground, ground: dict[str, Any], closing: dict[str, Any], fields: list[str]
) -> None:
    assert closed(base, ground=ground, reason=reason, **closing) == fields


def test_a_transfer_says_what_is_missing() -> None:
    wanting = REASONS["transferred"].unmet(GROUND)
    waiting = REASONS["transferred"].unmet(replace(GROUND, is_hand_off_open=True))
    assert wanting == "Record the hand-off first, and that the patient was seen there."
    assert waiting == "Nobody has confirmed yet that the patient was seen there. Record that first."


@pytest.mark.parametrize(
    ("ground", "said"),
    [
        ({"last_item9": 0, "last_phq9": 14}, ()),
        ({"last_item9": None, "last_phq9": None}, ()),
        ({"last_item9": 1}, ("Item 9 was answered with 1 the last time.",)),
        ({"last_phq9": 15}, ("The last PHQ-9 is 15.",)),
        ({"last_tier": "low"}, ()),
        ({"last_tier": "high"}, ("The last suicide screener says high risk.",)),
    ],
)
@pytest.mark.parametrize("reason", sorted(REASONS))
def test_nobody_at_risk_is_closed_in_silence(ground: dict[str, Any], said: tuple[str, ...], reason: str) -> None:
    met = replace(QUIET, status="relapse_prevention", hand_off_seen_on=TODAY, **ground)
    assert risks(met) == said
    is_asked = bool(said) and reason != "died"
    assert closed(met, reason=reason, in_spite_of="So it is") == (["risk_accepted"] if is_asked else [])
    assert closed(met, reason=reason, in_spite_of="So it is", risk_accepted="Seen today, plan made") == []


DAYS = st.integers(-200, 30).map(lambda days: TODAY + timedelta(days=days))


@given(
    status=st.sampled_from(["active", "on_hold", "relapse_prevention"]), reason=st.sampled_from(sorted(REASONS)),
    on=DAYS, contact=st.none() | DAYS.filter(lambda day: day <= TODAY), seen=st.none() | DAYS,
    item9=st.none() | st.integers(0, 3), words=st.sampled_from(["", "Because"]),
)  # fmt: skip
def test_no_discharge_lies_in_the_future_before_a_contact_or_closes_a_risk_unsaid(
    status: str, reason: str, on: date, contact: date | None, seen: date | None, item9: int | None, words: str
) -> None:
    ground = replace(GROUND, status=status, last_contact_on=contact, hand_off_seen_on=seen, last_item9=item9)
    asked = Closing(reason=reason, on=on, summary="Well.", way_back="Call.", in_spite_of=words, risk_accepted=words)
    if refusals_of_discharge(asked, ground):
        return
    assert ground.enrolled_on <= on <= TODAY
    assert contact is None or contact <= on
    assert not item9 or words or reason == "died"
    assert reason != "transferred" or (seen is not None and seen <= on)
    assert reason != "administrative_inactivity" or on == ground.inactive_on


def test_the_words_of_statuses_and_reasons_are_those_that_are_stored() -> None:
    from registry.models import EndReason, EpisodeStatus

    assert set(MOVES) == set(EpisodeStatus.values)
    assert set(REASONS) == set(EndReason.values)
