"""Scores of measured episodes: baseline, the episode's own scale, what came after, and reviews and safety."""

from datetime import date, timedelta
from typing import Any

import pytest

from caseload.queries.courses import courses
from caseload.rules.course import primary_track
from caseload.rules.states import improvement_at, response_at
from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.registry import AssessmentFactory
from tests.factories.risk import RiskCaseFactory, RiskStepFactory
from tests.factories.tenancy import NOW, MembershipFactory
from tests.outcomes.months_measured import MARCH, enrolled, measured, row_of, told

LAST = date(2026, 3, 31)
ENROLLED = date(2026, 1, 1)


def scored(episode: Any, on: date, total: int | None, instrument: str = "phq9", **fields: Any) -> None:
    AssessmentFactory(
        organization=episode.organization, episode=episode, on=on, total=total, instrument=instrument, **fields
    )


@pytest.mark.parametrize(
    ("days", "baseline"),
    [
        ((-1,), None),
        ((0,), 0),
        ((14,), 0),
        ((15,), 0),  # no score within fourteen days: the first one after is the baseline all the same
        ((-1, 15), 1),
        ((3, 14), 0),
    ],
)
def test_the_first_score_from_enrolment_on_is_the_baseline(
    in_tenant: Any, clinic: Any, days: tuple[int, ...], baseline: int | None
) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    for place, day in enumerate(days):
        scored(episode, ENROLLED + timedelta(day), 20 - place)
    expected = (None, None) if baseline is None else (20 - baseline, ENROLLED + timedelta(days[baseline]))
    assert told(row_of(episode), "baseline", "baseline_on") == expected


@pytest.mark.parametrize(
    ("phq9", "gad7", "others", "scale"),
    [
        (16, 16, {}, "phq9"),
        (9, 16, {}, "gad7"),
        (9, 9, {}, "phq9"),
        (10, 16, {}, "phq9"),
        (9, 10, {}, "gad7"),
        (None, 9, {}, "gad7"),
        (9, 9, {"pcl5": 40}, "pcl5"),
        (9, None, {"pcl5": 10}, "phq9"),
        (None, None, {}, ""),
    ],
)
def test_the_scale_that_an_episode_is_steered_by(
    in_tenant: Any, clinic: Any, phq9: int | None, gad7: int | None, others: dict[str, int], scale: str
) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED, target_instruments=["pcl5"])
    for instrument, total in ({"phq9": phq9, "gad7": gad7} | others).items():
        if total is not None:
            scored(episode, ENROLLED, total, instrument)
    row = row_of(episode)
    track = primary_track(courses(in_tenant.id, [episode.id])[episode.id].tracks_on(LAST))
    expected: tuple[Any, ...] = ("", None, False, None, None, None)
    if track:
        expected = (
            track.instrument.key, track.baseline.total, track.is_elevated, improvement_at(track), response_at(track),
            track.instrument.remission_below,
        )  # fmt: skip
    names = ("scale", "baseline", "is_elevated", "improved_at", "response_at", "remission_below")
    assert told(row, *names) == expected
    assert row.scale == scale


def test_a_scale_that_nobody_chose_steers_nothing_but_counts_as_scored(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    scored(episode, MARCH, 60, "pcl5")
    assert told(row_of(episode), "scale", "scales", "last_scored_on") == ("", 1, MARCH)


def test_an_adolescents_phq_counts_as_a_phq9(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    scored(episode, ENROLLED, 18, "phqa")
    scored(episode, MARCH, 8)
    names = ("scale", "baseline", "latest", "latest_on", "last_in_month")
    assert told(row_of(episode), *names) == ("phq9", 18, 8, MARCH, 8)


def test_an_elevated_scale_takes_over_once_it_is_known(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    scored(episode, ENROLLED, 5)
    scored(episode, date(2026, 3, 20), 15, "gad7")
    assert [row_of(episode, month).scale for month in (date(2026, 2, 1), MARCH)] == ["phq9", "gad7"]


def test_what_came_after_the_baseline_until_the_months_end(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    for on, total in ((ENROLLED, 18), (date(2026, 2, 28), 12), (MARCH, 11), (LAST, 9), (date(2026, 4, 1), 2)):
        scored(episode, on, total)
    names = ("latest", "latest_on", "last_in_month", "scales", "last_scored_on")
    assert told(row_of(episode), *names) == (9, LAST, 9, 2, LAST)
    assert told(row_of(episode, ENROLLED), *names) == (None, None, 18, 1, ENROLLED)
    assert told(row_of(episode, date(2026, 2, 1)), *names) == (12, date(2026, 2, 28), 12, 1, date(2026, 2, 28))
    assert told(row_of(episode, date(2026, 5, 1)), *names) == (2, date(2026, 4, 1), None, 0, date(2026, 4, 1))


def test_of_one_day_the_score_recorded_later_is_the_later_one(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    scored(episode, MARCH, 7, recorded_at=NOW + timedelta(minutes=5))
    scored(episode, MARCH, 18, recorded_at=NOW)
    names = ("baseline", "latest", "latest_on", "last_in_month")
    assert told(row_of(episode), *names) == (18, 7, MARCH, 7)


def test_without_a_total_or_voided_it_is_no_score(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    scored(episode, MARCH, None, item9=1)
    seat = MembershipFactory(organization=in_tenant)
    scored(episode, MARCH, 9, voided_at=NOW, voided_by=seat, void_reason="Wrong patient.")
    assert told(row_of(episode), "baseline", "scales", "last_scored_on") == (None, 0, None)


def test_a_score_after_the_end_is_not_of_the_episode(in_tenant: Any, clinic: Any) -> None:
    end = {"ended_on": date(2026, 3, 10), "end_reason": "graduated", "status": "discharged"}
    episode = enrolled(in_tenant, clinic, ENROLLED, **end)
    for on, total in ((ENROLLED, 18), (date(2026, 3, 10), 6), (date(2026, 3, 11), 17)):
        scored(episode, on, total)
    assert told(row_of(episode), "latest", "scales") == (6, 1)


@pytest.mark.parametrize(("day", "is_it"), [(69, False), (70, True), (112, True), (113, False)])
def test_the_score_at_sixteen_weeks(in_tenant: Any, clinic: Any, day: int, is_it: bool) -> None:
    on = date(2025, 12, 1)
    episode = enrolled(in_tenant, clinic, on)
    scored(episode, on, 18)
    scored(episode, on + timedelta(day), 9)
    assert row_of(episode).at_16_weeks == (9 if is_it else None)


def test_the_last_of_those_days_holds_and_a_baseline_is_none_of_them(in_tenant: Any, clinic: Any) -> None:
    on = date(2025, 12, 1)
    first, second = enrolled(in_tenant, clinic, on), enrolled(in_tenant, clinic, on)
    for day, total in ((0, 18), (70, 14), (100, 8), (113, 3)):
        scored(first, on + timedelta(day), total)
    scored(second, on + timedelta(80), 18)
    measured(in_tenant)
    assert (row_of(first).at_16_weeks, row_of(second).at_16_weeks, row_of(second).baseline) == (8, None, 18)


@pytest.mark.parametrize(
    ("kind", "text", "counts"),
    [
        ("continue", "", True),
        ("medication", "Sertraline 50 mg", True),
        ("medication", " ", False),
        ("not_recorded", "", False),
        ("not_recorded", "As discussed", True),
    ],
)
def test_a_review_counts_with_something_advised(
    in_tenant: Any, clinic: Any, kind: str, text: str, counts: bool
) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    review = CaseReviewFactory(organization=in_tenant, episode=episode, on=MARCH)
    RecommendationFactory(organization=in_tenant, review=review, kind=kind, text=text)
    names = ("first_review_on", "last_review_on", "reviews")
    assert told(row_of(episode), *names) == ((MARCH, MARCH, 1) if counts else (None, None, 0))


def test_reviews_of_the_month_and_before(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    for on in (date(2026, 2, 28), MARCH, LAST, date(2026, 4, 1)):
        review = CaseReviewFactory(organization=in_tenant, episode=episode, on=on)
        for number in (1, 2):
            RecommendationFactory(organization=in_tenant, review=review, number=number)
    CaseReviewFactory(organization=in_tenant, episode=episode, on=date(2026, 1, 5))  # an attended meeting only
    names = ("first_review_on", "last_review_on", "reviews")
    assert told(row_of(episode), *names) == (date(2026, 2, 28), LAST, 2)


@pytest.mark.parametrize(
    ("opened_on", "expected"),
    [(date(2026, 2, 28), 0), (MARCH, 1), (LAST, 1), (date(2026, 4, 1), 0)],
)
def test_safety_concerns_opened_in_the_month(in_tenant: Any, clinic: Any, opened_on: date, expected: int) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    fields = {"organization": in_tenant, "patient": episode.patient, "clinic": clinic, "opened_on": opened_on}
    RiskCaseFactory(**fields)
    assert told(row_of(episode), "positives", "positives_same_day") == (expected, 0)


def test_the_first_assessment_decides_whatever_came_later(in_tenant: Any, clinic: Any) -> None:
    """A case keeps the day of its last assessment; a recheck must not make the first one late."""
    episode, other = enrolled(in_tenant, clinic, ENROLLED), enrolled(in_tenant, clinic, ENROLLED)
    late, recheck = date(2026, 3, 11), date(2026, 3, 20)
    for one, first_on in ((episode, date(2026, 3, 10)), (other, late)):
        case = RiskCaseFactory(
            organization=in_tenant, patient=one.patient, clinic=clinic, opened_on=date(2026, 3, 10),
            tier="low", assessed_on=recheck,
        )  # fmt: skip
        for on in (first_on, recheck):
            RiskStepFactory(organization=in_tenant, case=case, kind="assessed", tier="low", on=on)
    names = ("positives", "positives_same_day")
    assert [told(row_of(one), *names) for one in (episode, other)] == [(1, 1), (1, 0)]


def test_a_concern_without_item_9_is_not_counted(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, ENROLLED)
    RiskCaseFactory(
        organization=in_tenant, patient=episode.patient, clinic=clinic, opened_on=MARCH, cause="concern", concern="Sad"
    )
    assert row_of(episode).positives == 0
