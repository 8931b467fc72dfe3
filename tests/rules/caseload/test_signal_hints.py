"""What stands beside the rules on scores: hints, risk concerns, questions, changes of treatment, what was put off."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseload.rules.course import Asked, Entered, EpisodeCourse, ProgramFrom, PutOff, RiskConcern, Score
from caseload.rules.days import Days
from caseload.rules.listing import standing_of
from caseload.rules.signal_words import SignalShown, chips, shown
from caseload.rules.signals import KIND_OF, covers, may_be_put_off, put_off_days, put_off_until, signals_on
from caseload.rules.targets import OwnLimits

START = date(2026, 1, 5)


def day(count: int) -> date:
    return START + timedelta(days=count)


def course(*scores: tuple[int, int], **facts: object) -> EpisodeCourse:
    known = tuple(Score(day(count), "phq9", total, 0, order) for order, (count, total) in enumerate(scores))
    return EpisodeCourse(START, (ProgramFrom(START, "cocm"),), scores=known, **facts)


def holds(given: EpisodeCourse, word: str, *counts: int) -> list[bool]:
    return [word in {signal.word for signal in signals_on(given, day(count))} for count in counts]


def on_chip(given: EpisodeCourse, count: int, word: str, **facts: object) -> SignalShown:
    found = next(signal for signal in signals_on(given, day(count)) if signal.word == word)
    return shown(word, since=found.since, evidence=found.evidence, clears=found.clears, today=day(count), **facts)


STALLED = course((0, 16), (42, 16), (84, 16))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (14, [False, True, True, False]),
        (16, [False, True, True, False]),
        (11, [False] * 4),
        (12, [False, True, True, False]),
    ],
)
def test_early_response_is_asked_in_weeks_four_to_six(last: int, expected: list[bool]):
    assert holds(course((0, 16), (21, last)), "early_response", 27, 28, 42, 43) == expected


def test_early_response_needs_an_elevated_baseline_and_a_later_score():
    assert holds(course((0, 9), (21, 9)), "early_response", 30) == [False]
    assert holds(course((0, 16)), "early_response", 30) == [False]
    said = on_chip(course((0, 16), (21, 14)), 30, "early_response")
    assert (said.tone, said.clears) == ("info", "a later PHQ-9 of 11 or less.")
    assert said.note == "Whether the dose was adequate is not on record: ask before changing it."


@pytest.mark.parametrize(("total", "begins"), [(17, 28), (16, 63), (13, 63), (12, 98), (9, 98)])
def test_off_track_asks_for_less_in_each_step(total: int, begins: int):
    given = course((0, 24), (14, total))
    assert holds(given, "off_track", begins - 1, begins, 139, 140) == [False, True, True, False]
    at_most = {28: 16, 63: 12, 98: 8}[begins]
    assert on_chip(given, begins, "off_track").clears == f"a later PHQ-9 of {at_most} or less."


def test_nobody_is_off_track_below_or_in_relapse_prevention():
    assert holds(course((0, 24), (14, 8)), "off_track", 28, 63, 98) == [False] * 3
    assert holds(replace(course((0, 24), (14, 20)), relapse_prevention_from=day(40)), "off_track", 39, 40) == [
        True,
        False,
    ]


def test_a_long_course_asks_for_a_consultation_once():
    given = course((0, 16), (120, 8))
    assert holds(given, "long_course", 139, 140, 300) == [False, True, True]
    assert holds(replace(given, reviews=(day(150),)), "long_course", 149, 150) == [True, False]
    assert holds(replace(given, reviews=(day(130),)), "long_course", 150) == [True]
    assert holds(course((0, 16), (120, 4)), "long_course", 150) == [False]
    assert on_chip(given, 150, "long_course").clears == "a later PHQ-9 of 4 or less, or a psychiatric review."


def test_a_contact_written_down_late_is_said_until_one_is_on_time():
    late = Entered(day(10), day(13))
    given = course((0, 16), entries=(Entered(day(1), day(3)), late))
    assert holds(given, "entered_late", 12, 13, 60) == [False, True, True]
    assert holds(replace(given, entries=(*given.entries, Entered(day(20), day(22)))), "entered_late", 21, 22) == [
        True,
        False,
    ]
    said = on_chip(given, 13, "entered_late")
    assert (said.family, said.rule, said.evidence) == (
        "contact",
        "T25",
        ("Contact of Jan 15", "Written down, Jan 18"),
    )


def test_a_question_stands_until_a_review_answers_it():
    given = course((0, 16), questions=(Asked(day(5), day(9)), Asked(day(7))))
    assert holds(given, "question_open", 4, 5, 60) == [False, True, True]
    assert holds(course((0, 16), questions=(Asked(day(5), day(9)),)), "question_open", 8, 9) == [True, False]
    assert on_chip(given, 8, "question_open").evidence == ("Asked, Jan 12",)


def test_a_risk_concern_is_not_cleared_by_a_later_zero():
    given = replace(course((0, 16), (20, 3)), risks=(RiskConcern(day(4)),))
    assert holds(given, "risk_open", 3, 4, 200) == [False, True, True]
    said = on_chip(given, 5, "risk_open")
    assert (said.tone, said.aside, said.rank) == ("danger", "not assessed", 0)
    assert said.clears == "an assessment that closes the concern. A later answer of 0 does not."
    closed = replace(given, risks=(RiskConcern(day(4), day(9), day(9), "low"),))
    assert holds(closed, "risk_open", 8, 9) == [True, False]


def test_an_assessed_concern_keeps_its_mark_and_does_not_outrank():
    risk = RiskConcern(day(4), None, day(4), "moderate", day(18))
    given = replace(course((0, 16)), risks=(risk,))
    said = on_chip(given, 6, "risk_open")
    assert (said.tone, said.aside) == ("warning", "assessed moderate Jan 9, recheck Jan 23")
    assert on_chip(given, 18, "risk_open").tone == "danger"
    assert standing_of(given, day(6)).safety_from == day(18)
    unassessed = replace(given, risks=(RiskConcern(day(4)),))
    assert standing_of(unassessed, day(6)).safety_from == day(4)


def test_a_change_of_treatment_eases_a_stall_for_four_weeks_and_clears_nothing():
    changed = replace(STALLED, treatment_changes=(day(90),))
    assert holds(changed, "stalled", 90, 125) == [True, True]
    before, after, later = (on_chip(changed, count, "stalled") for count in (90, 117, 118))
    assert [one.tone for one in (before, after, later)] == ["warning", "warning", "danger"]
    assert (after.aside, later.aside) == ("plan changed Apr 5, 3 wk", "plan changed Apr 5, 4 wk")


def test_an_eased_stall_ranks_first_among_amber_ones_and_leaves_the_stalled_group():
    plain, changed = STALLED, replace(STALLED, treatment_changes=(day(85),))
    rank = {one.word: one.rank for one in signals_on(changed, day(100))}
    assert rank["stalled"] == rank["non_responder"]
    assert [word for word in rank if word in ("review_overdue", "stalled", "non_responder")] == [
        "review_overdue",
        "stalled",
        "non_responder",
    ]
    assert {one.word for one in signals_on(changed, day(100))} == {one.word for one in signals_on(plain, day(100))}
    # T11 stands untouched, and keeps the patient in the group.
    assert standing_of(changed, day(100)).stalled_from == standing_of(plain, day(100)).stalled_from == day(70)
    early = replace(course((0, 16), (28, 16)), own=OwnLimits(stalled_watch_days=28, stalled_days=56))
    eased = replace(early, treatment_changes=(day(57),))
    assert standing_of(early, day(60)).stalled_from == day(56)
    assert standing_of(eased, day(60)).stalled_from == day(70)


def test_putting_off_covers_the_milder_ones_of_the_family_and_never_safety():
    assert [covers("stalled", word) for word in ("stalled", "non_responder", "worsening", "measure_overdue")] == [
        True,
        True,
        False,
        False,
    ]
    assert [covers("risk_open", "safety"), covers("safety", "safety")] == [False, False]
    given = replace(STALLED, put_off=(PutOff("stalled", day(90), day(100)),))
    assert put_off_days(given, "non_responder") == Days.between(day(90), day(100))
    assert [put_off_until(given, "stalled", day(count)) for count in (89, 90, 99, 100)] == [
        None,
        day(100),
        day(100),
        None,
    ]
    assert holds(given, "stalled", 95) == [True]
    assert standing_of(given, day(95)).stalled_from == day(100)


@pytest.mark.parametrize(
    ("task", "may"),
    [
        ("signal:stalled", True),
        ("signal:safety", False),
        ("signal:risk_open", False),
        ("signal:x", False),
        ("stalled", False),
    ],
)
def test_what_may_be_put_off(task: str, may: bool):
    assert may_be_put_off(task) is may


def chip(word: str, **changes: object) -> SignalShown:
    found = shown(word, since=day(0), evidence=(), clears="", today=day(3))
    return replace(found, **changes)


def test_one_chip_per_family_the_worst_first():
    words = ("non_responder", "measure_overdue", "stalled", "contact_lapsed", "inactive", "long_episode", "safety")
    found = [one.word for one in chips(map(chip, words))]
    assert found == ["safety", "stalled", "inactive", "measure_overdue", "long_episode"]
    assert chips([]) == ()


def test_what_was_put_off_comes_last_and_gives_way_in_its_family():
    put_off = {"put_off_until": day(9)}
    found = chips([chip("stalled", **put_off), chip("worsening"), chip("measure_overdue"), chip("inactive", **put_off)])
    assert [one.word for one in found] == ["worsening", "measure_overdue", "inactive"]


def test_new_is_what_was_announced_in_the_last_seven_days():
    said = {"since": day(0), "evidence": (), "clears": "", "is_announced": True}
    assert [shown("stalled", today=day(count), **said).is_new for count in (0, 7, 8)] == [True, True, False]
    assert chip("stalled").is_new is False


def test_put_off_is_said_until_its_day():
    said = {"since": day(0), "evidence": (), "clears": "", "put_off_until": day(5)}
    assert [shown("stalled", today=day(count), **said).put_off_until for count in (4, 5)] == [day(5), None]
    assert [shown(word, today=day(1), **said).may_wait for word in ("stalled", "risk_open")] == [True, False]


def test_every_hint_says_what_it_cannot_know_or_is_a_plain_fact():
    assert {word for word, kind in KIND_OF.items() if kind.note} == {"long_course", "early_response", "off_track"}
    assert {kind.tone for kind in KIND_OF.values()} == {"danger", "warning", "info"}


def test_who_is_overdue_stays_so_until_something_is_recorded():
    """The limit of T17 is 28 days before day 56 and 30 after: on day 56 the signal pauses, the list does not."""
    given = course((0, 16), (26, 16), contacts=(day(26),), reviews=(day(26),))
    assert holds(given, "measure_overdue", 54, 55, 56, 57) == [False, True, False, True]
    assert [standing_of(given, day(count)).overdue_from for count in (30, 56, 57)] == [day(55)] * 3
