"""Signals against an independent reading of the rules, on random courses; their evidence; their order."""

import dataclasses
import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseload.rules.course import Asked, Entered, EpisodeCourse, ProgramFrom, RiskConcern, Score
from caseload.rules.days import FOREVER
from caseload.rules.signal_evidence import Evidence
from caseload.rules.signals import (
    KIND_OF,
    KINDS,
    SignalSpan,
    signal_days,
    signal_spans,
    signals_on,
)
from tests.rules.caseload.signals_day_by_day import check_scales, words_on

START = date(2026, 1, 5)
HORIZON = 420


def day(count: int) -> date:
    return START + timedelta(days=count)


def phq9(count: int, total: int | None, item9: int | None = 0, order: int = 0) -> Score:
    return Score(day(count), "phq9", total, item9, order)


def gad7(count: int, total: int) -> Score:
    return Score(day(count), "gad7", total)


def course(*scores: Score, **facts: object) -> EpisodeCourse:
    return EpisodeCourse(START, (ProgramFrom(START, "cocm"),), scores=scores, **facts)


def words(given_course: EpisodeCourse, count: int) -> list[str]:
    return [signal.word for signal in signals_on(given_course, day(count))]


def signal(given_course: EpisodeCourse, count: int, word: str):
    return next(each for each in signals_on(given_course, day(count)) if each.word == word)


OFFSETS = st.integers(-20, 330)
SCORES = st.lists(
    st.builds(phq9, OFFSETS, st.none() | st.integers(0, 27), st.none() | st.integers(0, 1), st.integers(0, 2))
    | st.builds(gad7, OFFSETS, st.integers(0, 21)),
    max_size=10,
    unique_by=lambda score: (score.instrument, score.on, score.order),
)
DATES = st.lists(st.builds(day, OFFSETS), max_size=6)
MAYBE = st.none() | st.builds(day, st.integers(0, 300))
PROGRAMS = st.lists(
    st.builds(ProgramFrom, st.builds(day, st.integers(1, 200)), st.sampled_from(["cocm", "bhi"])), max_size=3
).map(lambda changes: (ProgramFrom(START, "cocm" if len(changes) % 2 == 0 else "bhi"), *changes))
OPENED = st.tuples(st.builds(day, st.integers(0, 200)), st.none() | st.integers(0, 90))
RISKS = st.lists(OPENED, max_size=2).map(
    lambda found: tuple(RiskConcern(on, on + timedelta(days=count) if count else None) for on, count in found)
)
QUESTIONS = st.lists(OPENED, max_size=2).map(
    lambda found: tuple(Asked(on, on + timedelta(days=count) if count is not None else None) for on, count in found)
)
ENTRIES = st.lists(
    st.builds(lambda on, late: Entered(day(on), day(on + late)), st.integers(0, 300), st.integers(0, 9)), max_size=5
)
COURSES = st.builds(
    EpisodeCourse,
    risks=RISKS,
    questions=QUESTIONS,
    entries=ENTRIES.map(tuple),
    enrolled_on=st.just(START),
    programs=PROGRAMS.filter(lambda changes: len({change.on for change in changes}) == len(changes)),
    scores=SCORES.map(tuple),
    contacts=DATES.map(tuple),
    reviews=DATES.map(tuple),
    relapse_prevention_from=MAYBE,
    ended_on=MAYBE,
    died_on=MAYBE,
)


def test_the_slow_reading_uses_the_shipped_scales():
    check_scales()


def days_of_change(days) -> set[date]:
    """The days beside every edge of every span, and some between."""
    edges = {edge for when in days.values() for span in when.spans for edge in span if edge < day(HORIZON)}
    return {day(n) for n in range(-3, HORIZON, 9)} | edges | {edge - timedelta(days=1) for edge in edges}


@settings(max_examples=80, deadline=None)
@given(COURSES)
def test_every_day_is_as_the_rules_read_for_that_day_alone(random_course):
    days = signal_days(random_course)
    for on in days_of_change(days):
        assert {word for word, when in days.items() if on in when} == words_on(random_course, on), on


@settings(max_examples=20, deadline=None)
@given(COURSES, st.integers(0, HORIZON))
def test_since_is_the_first_day_without_a_break(random_course, count):
    for each in signals_on(random_course, day(count)):
        held = [day(n) for n in range((each.since - START).days, count + 1)]
        assert all(each.word in words_on(random_course, on) for on in held)
        assert each.word not in words_on(random_course, each.since - timedelta(days=1))


@settings(max_examples=30, deadline=None)
@given(COURSES, st.randoms(use_true_random=False))
def test_the_order_of_input_never_matters(random_course, chance: random.Random):
    def mixed(items):
        return tuple(chance.sample(items, len(items)))

    other = dataclasses.replace(
        random_course,
        scores=mixed(random_course.scores),
        contacts=mixed(random_course.contacts),
        reviews=mixed(random_course.reviews),
        entries=mixed(random_course.entries),
        programs=mixed(random_course.programs),
    )
    assert signal_days(other) == signal_days(random_course)


@settings(max_examples=30, deadline=None)
@given(COURSES, st.integers(1, 30))
def test_what_comes_later_changes_no_earlier_day(random_course, gap):
    """A signal that is stored with its future days is right until a new fact, and that fact's day."""
    last = max((score.on for score in random_course.scores), default=START)
    later = max(last, START) + timedelta(days=gap)
    new = Score(later, "phq9", 14, 1, order=9)
    more = dataclasses.replace(random_course, scores=(*random_course.scores, new))
    before, after = signal_days(random_course), signal_days(more)
    for count in range((later - START).days):
        assert {w for w in before if day(count) in before[w]} == {w for w in after if day(count) in after[w]}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 27), min_size=1, max_size=6), st.integers(1, 60), st.integers(0, 200))
def test_a_later_meaningful_improvement_never_adds_stalled(totals, gap, wait):
    scores = [phq9(index * gap, total) for index, total in enumerate(totals)]
    improved_on = len(totals) * gap
    more = course(*scores, phq9(improved_on, max(min(totals) - 5, 0)))
    assert "stalled" not in words(more, improved_on + wait)


def test_every_word_has_a_kind_and_every_kind_a_rule():
    assert set(signal_days(course())) == set(KIND_OF)
    assert {kind.family for kind in KINDS} == {"safety", "course", "review", "contact", "measure", "length"}


def test_nothing_stands_outside_the_episode():
    ended = course(phq9(0, 16, 2), ended_on=day(50))
    assert (words(ended, -1), words(ended, 50)) == ([], [])
    assert words(ended, 0) == ["safety"]


def test_spans_name_what_begins_later_if_nothing_changes():
    facts = course(phq9(0, 16), contacts=(day(0), day(14)), reviews=(day(41),))
    assert signal_spans(facts, day(30), day(71)) == (
        SignalSpan("measure_overdue", day(29), FOREVER),
        SignalSpan("never_reviewed", day(30), day(41)),
        SignalSpan("contact_overdue", day(45), day(75)),
        SignalSpan("non_responder_week_8", day(56), FOREVER),
        SignalSpan("non_responder", day(70), FOREVER),
        SignalSpan("change_of_plan_due", day(70), FOREVER),
    )


def evidence(given_course: EpisodeCourse, count: int, word: str):
    found = signal(given_course, count, word)
    return [(each.what, (each.on - START).days, each.instrument, each.value) for each in found.evidence], found.clears


@pytest.mark.parametrize(
    ("facts", "on", "word", "shown", "clears"),
    [
        (course(phq9(-6, None, 1)), 3, "safety", [("item9", -6, "phq9", 1)], "A later PHQ-9 with item 9 at 0."),
        (
            course(phq9(0, 12), phq9(40, 17)),
            40,
            "worsening",
            [("baseline", 0, "phq9", 12), ("last", 40, "phq9", 17)],
            "A later PHQ-9 of 16 or less.",
        ),
        (
            course(gad7(0, 8), gad7(20, 5), gad7(40, 9)),
            40,
            "worsening",
            [("baseline", 0, "gad7", 8), ("before", 20, "gad7", 5), ("last", 40, "gad7", 9)],
            "A later GAD-7 of 11 or less.",
        ),
        (
            course(phq9(0, 16), phq9(42, 16), phq9(84, 16)),
            84,
            "stalled",
            [("compared", 0, "phq9", 16), ("last", 84, "phq9", 16)],
            "A later PHQ-9 of 11 or less.",
        ),
        (
            course(phq9(0, 16), phq9(42, 16), phq9(84, 16)),
            83,
            "stalled_watch",
            [("compared", 0, "phq9", 16), ("last", 42, "phq9", 16)],
            "A later PHQ-9 of 11 or less.",
        ),
        (
            course(phq9(0, 16)),
            56,
            "non_responder_week_8",
            [("baseline", 0, "phq9", 16)],
            "A later PHQ-9 of 9 or less.",
        ),
        (
            course(phq9(0, 16), gad7(0, 20), phq9(60, 8), gad7(60, 18)),
            70,
            "non_responder",
            [("baseline", 0, "gad7", 20), ("last", 60, "gad7", 18)],
            "A later GAD-7 of 10 or less.",
        ),
        (
            course(phq9(0, 17), gad7(0, 20), phq9(60, 9), gad7(60, 18)),
            70,
            "change_of_plan_due",
            [
                ("baseline", 0, "phq9", 17),
                ("last", 60, "phq9", 9),
                ("baseline", 0, "gad7", 20),
                ("last", 60, "gad7", 18),
            ],
            "A later PHQ-9 of 8 or less and a later GAD-7 of 10 or less.",
        ),
        (
            course(phq9(0, 16), phq9(28, 3), phq9(40, 4), phq9(50, 8)),
            50,
            "relapse",
            [("best", 28, "phq9", 3), ("last", 50, "phq9", 8)],
            "A later PHQ-9 of 7 or less.",
        ),
        (
            course(phq9(0, 16), phq9(28, 4), phq9(50, 11), phq9(70, 12)),
            70,
            "relapse_confirmed",
            [("best", 28, "phq9", 4), ("before", 50, "phq9", 11), ("last", 70, "phq9", 12)],
            "A later PHQ-9 of 8 or less.",
        ),
        (course(), 29, "measure_overdue", [("enrolled", 0, "", None)], "A first score."),
        (
            course(phq9(0, 16), gad7(0, 12), phq9(25, 12)),
            30,
            "measure_overdue",
            [("last", 0, "gad7", 12)],
            "A new GAD-7.",
        ),
        (
            course(phq9(0, 16), gad7(0, 12)),
            30,
            "measure_overdue",
            [("last", 0, "phq9", 16), ("last", 0, "gad7", 12)],
            "A new PHQ-9 and a new GAD-7.",
        ),
        (
            course(contacts=(day(5), day(70))),
            40,
            "contact_overdue",
            [("contact", 5, "", None)],
            "A treatment contact with the patient.",
        ),
        (course(), 61, "contact_lapsed", [("enrolled", 0, "", None)], "A treatment contact with the patient."),
        (
            course(contacts=(day(0),)),
            90,
            "inactive",
            [("contact", 0, "", None)],
            "A treatment contact with the patient.",
        ),
        (
            course(contacts=(day(0),)),
            29,
            "first_follow_up_late",
            [("enrolled", 0, "", None)],
            "A treatment contact after the day of enrolment.",
        ),
        (
            course(),
            30,
            "never_reviewed",
            [("enrolled", 0, "", None)],
            "A psychiatric review with a recommendation.",
        ),
        (
            course(phq9(0, 16), reviews=(day(50), day(95))),
            80,
            "review_due",
            [("review", 50, "", None)],
            "A psychiatric review with a recommendation.",
        ),
        (
            dataclasses.replace(
                course(phq9(0, 16)), programs=(ProgramFrom(START, "bhi"), ProgramFrom(day(50), "cocm"))
            ),
            110,
            "review_overdue",
            [("program", 50, "", None)],
            "A psychiatric review with a recommendation.",
        ),
        (course(), 273, "long_episode", [("enrolled", 0, "", None)], "The end of the episode."),
    ],
)
def test_evidence_and_what_would_clear_it(facts, on, word, shown, clears):
    assert evidence(facts, on, word) == (shown, clears)


CLEARED_BY_SCORES = st.sampled_from(
    ["worsening", "stalled", "non_responder_week_8", "non_responder", "change_of_plan_due", "relapse"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 27), min_size=1, max_size=6), st.integers(10, 45), CLEARED_BY_SCORES)
def test_the_score_that_is_said_to_clear_a_signal_does_and_one_more_does_not(totals, gap, word):
    scores = [phq9(index * gap, total) for index, total in enumerate(totals)]
    on = (len(totals) - 1) * gap + 3
    given_course = course(*scores)
    if word not in words(given_course, on):
        return
    limit = int(signal(given_course, on, word).clears.split(" of ")[1].split(" ")[0])
    assert word not in words(course(*scores, phq9(on, limit)), on)
    if limit < 27:
        assert word in words(course(*scores, phq9(on, limit + 1)), on)


def test_signals_carry_their_rule_family_and_rank():
    found = signal(course(phq9(0, 16), phq9(42, 16), phq9(84, 16)), 90, "stalled")
    assert (found.rule, found.family, found.rank, found.since) == ("T13", "course", 5, day(84))
    assert found.evidence[1] == Evidence("last", day(84), "phq9", 16)
