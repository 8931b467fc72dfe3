"""The figures of a clinic's month: who counts, who does not, and who is behind each number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from caseload.rules.advice import USUAL
from caseload.rules.course import EpisodeCourse, ProgramFrom, RiskConcern, Score
from caseload.rules.monthly_check import Figure, InMonth, Loop, figures, from_kept, kept, overdue

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
WHO = UUID(int=1)


def score(on: date, total: int) -> Score:
    return Score(on, "phq9", total)


LONG = EpisodeCourse(
    enrolled_on=date(2025, 12, 1),
    programs=(ProgramFrom(date(2025, 12, 1), "cocm"),),
    scores=(score(date(2025, 12, 1), 18), score(date(2026, 3, 20), 9)),
    contacts=(date(2026, 3, 20),),
    reviews=(date(2026, 2, 1),),
)


def row(course: EpisodeCourse, number: int = 1, **fields: object) -> InMonth:
    return replace(InMonth(UUID(int=number), UUID(int=number), f"Patient {number}", course), **fields)  # type: ignore[arg-type]


def figure(key: str, *rows: InMonth, until: date = LAST) -> Figure:
    return next(one for one in figures(rows, FIRST, until) if one.key == key)


def test_a_good_month_meets_every_target() -> None:
    found = figures([row(LONG)], FIRST, LAST)
    assert [(one.key, one.value, one.is_met) for one in found] == [
        ("engagement", "1 of 1, 100 %", True),
        ("improvement", "1 of 1, 100 %", True),
        ("consulted", "n/a", None),
        ("completeness", "1 of 1, 100 %", True),
        ("loops", "0", True),
        ("scores", "0", True),
        ("rechecks", "0", True),
    ]


def test_nobody_enrolled_is_no_number() -> None:
    found = figures([], FIRST, LAST)
    assert [one.value for one in found] == ["n/a", "n/a", "n/a", "0", "0", "0"]


@pytest.mark.parametrize(
    ("course", "why"),
    [
        (replace(LONG, contacts=()), "no contact"),
        (replace(LONG, scores=LONG.scores[:1]), "no score"),
        (replace(LONG, contacts=(date(2026, 2, 28),), scores=LONG.scores[:1]), "no contact and no score"),
    ],
)
def test_engagement_asks_for_a_contact_and_a_score_in_the_month(course: EpisodeCourse, why: str) -> None:
    found = figure("engagement", row(course), row(LONG, 2))
    assert (found.count, found.of, found.percent, found.is_met) == (1, 2, 50, False)
    assert [(one.name, one.why) for one in found.behind] == [("Patient 1", why)]


@pytest.mark.parametrize(
    ("ended_on", "counts"), [(date(2026, 2, 28), 0), (FIRST, 1), (date(2026, 3, 15), 1), (None, 1)]
)
def test_who_was_enrolled_on_a_day_of_the_month_counts(ended_on: date | None, counts: int) -> None:
    assert figure("engagement", row(replace(LONG, ended_on=ended_on))).of == counts


@pytest.mark.parametrize(("days", "counts"), [(69, 0), (70, 1)])
def test_improvement_is_asked_from_day_70_on(days: int, counts: int) -> None:
    enrolled_on = LAST - timedelta(days=days)
    course = EpisodeCourse(
        enrolled_on, (ProgramFrom(enrolled_on, "bhi"),), scores=(score(enrolled_on, 18), score(LAST, 17))
    )
    found = figure("improvement", row(course))
    assert (found.of, found.count) == (counts, 0)


def test_a_low_first_score_is_not_asked_to_improve() -> None:
    low = replace(LONG, scores=(score(LONG.enrolled_on, 7), score(date(2026, 3, 20), 8)))
    assert figure("improvement", row(low)).of == 0


@pytest.mark.parametrize(("reviewed_on", "count"), [(date(2026, 1, 30), 0), (date(2026, 1, 31), 1), (LAST, 1)])
def test_who_did_not_improve_is_reviewed_within_60_days(reviewed_on: date, count: int) -> None:
    stuck = replace(LONG, scores=(score(LONG.enrolled_on, 18), score(date(2026, 3, 20), 17)), reviews=(reviewed_on,))
    found = figure("consulted", row(stuck))
    assert (found.count, found.of) == (count, 1)
    assert [one.why for one in found.behind] == ["no review in 60 days"] * (1 - count)


def test_general_bhi_is_not_asked_for_reviews() -> None:
    bhi = replace(LONG, programs=(ProgramFrom(LONG.enrolled_on, "bhi"),))
    assert "consulted" not in [one.key for one in figures([row(bhi)], FIRST, LAST)]


SWITCHED_ON = date(2026, 3, 20)
MOVED = (ProgramFrom(date(2025, 12, 1), "cocm"), ProgramFrom(SWITCHED_ON, "bhi"))


@pytest.mark.parametrize(
    ("programs", "until_on", "is_asked"),
    [
        (MOVED, SWITCHED_ON - timedelta(days=1), True),
        (MOVED, SWITCHED_ON, False),
        ((ProgramFrom(date(2025, 12, 1), "bhi"), ProgramFrom(SWITCHED_ON, "cocm")), SWITCHED_ON, True),
    ],
    ids=["last day", "moved", "moved back"],
)
def test_reviews_are_asked_of_who_is_in_collaborative_care_at_the_end(
    programs: tuple[ProgramFrom, ...], until_on: date, is_asked: bool
) -> None:
    """Having been in it once asks for none."""
    there = row(replace(LONG, programs=programs, scores=LONG.scores[:1], reviews=()))
    found = {one.key: one.of for one in figures([there], FIRST, until_on)}
    assert found.get("consulted") == (1 if is_asked else None)
    assert figure("consulted", there, row(LONG, 2), until=LAST).of == (0 if programs is MOVED else 1)


SIGNED_ON = date(2026, 3, 20)


@pytest.mark.parametrize(
    ("loop", "count"),
    [
        (Loop("medication", SIGNED_ON, date(2026, 3, 30)), 1),
        (Loop("medication", SIGNED_ON, LAST), 0),
        (Loop("medication", SIGNED_ON, None), 0),
        # Closed since; by then it had been sent, or nothing had been done, and the answer was due on the 24th.
        (Loop("medication", SIGNED_ON, None, moved_later=True, state="sent", state_on=date(2026, 3, 23)), 1),
        (Loop("medication", SIGNED_ON, None, moved_later=True), 1),
        (Loop("medication", date(2026, 3, 30), None, moved_later=True), 0),
        (Loop("medication", SIGNED_ON, None, moved_later=True, state="closed", state_on=date(2026, 3, 25)), 0),
        # Late by now, and not yet by then.
        (
            Loop(
                "referral", SIGNED_ON, date(2026, 3, 27), moved_later=True, state="accepted", state_on=date(2026, 3, 26)
            ),
            0,
        ),
    ],
)
def test_a_recommendation_is_overdue_by_what_it_was_that_day(loop: Loop, count: int) -> None:
    assert overdue([loop], USUAL, LAST) == count


def test_completeness_and_loops_are_of_those_open_at_the_end() -> None:
    lacking = row(LONG, lacks=("consent", "care plan"), loops_overdue=2)
    gone = row(replace(LONG, ended_on=date(2026, 3, 10)), 2, lacks=("consent",), loops_overdue=1)
    found = figure("completeness", lacking, gone)
    assert (found.value, [one.why for one in found.behind]) == ("0 of 1, 0 %", ["consent, care plan"])
    assert [(one.patient_id, one.why) for one in figure("loops", lacking, gone).behind] == [(WHO, "2 late")]


def test_a_scale_that_was_not_repeated_is_overdue() -> None:
    late = replace(LONG, scores=(score(LONG.enrolled_on, 18), score(date(2026, 1, 20), 9)))
    assert [one.why for one in figure("scores", row(late)).behind] == ["last on Jan 20"]
    never = replace(LONG, scores=())
    assert [one.why for one in figure("scores", row(never)).behind] == ["never scored"]


@pytest.mark.parametrize(
    ("risk", "why"),
    [
        (RiskConcern(date(2026, 3, 1), None, date(2026, 3, 1), "low", date(2026, 3, 30)), ["was due Mar 30"]),
        (RiskConcern(date(2026, 3, 1), None, date(2026, 3, 1), "low", LAST), []),
        (RiskConcern(date(2026, 3, 1), date(2026, 3, 20), date(2026, 3, 1), "low", date(2026, 3, 10)), []),
        (RiskConcern(date(2026, 3, 30)), ["never assessed"]),
        (RiskConcern(LAST), []),
    ],
)
def test_rechecks(risk: RiskConcern, why: list[str]) -> None:
    assert [one.why for one in figure("rechecks", row(replace(LONG, risks=(risk,)))).behind] == why


def test_targets_in_words_and_what_is_kept_reads_back() -> None:
    found = figures([row(replace(LONG, contacts=()))], FIRST, LAST)
    assert (found[0].target_words, found[-1].target_words) == ("80 % or more", "none")
    assert replace(found[-1], target=2).target_words == "at most 2"
    again = from_kept(kept(found))
    assert [(one.key, one.value, one.is_met, one.rule) for one in again] == [
        (one.key, one.value, one.is_met, one.rule) for one in found
    ]
    assert [one.patient_id for one in again[0].behind] == [WHO]
