"""New York State's eight measures on ten patients: answers worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measures import measure
from outcomes.rules.numbers import number_of
from tests.rules.outcomes.new_york import ANSWERS, CASELOAD, MARCH, Case

LAST = date(2025, 3, 31)


def facts_of(case: Case) -> EpisodeFacts:
    """What is known of a patient at the end of March."""
    scored = [total for _, total in case.scored]
    in_march = [total for on, total in case.scored if on >= MARCH]
    baseline = scored[0]
    is_trauma = case.scale == "pcl5"
    is_there = case.ended_on is None or case.ended_on >= MARCH
    return EpisodeFacts(
        month=MARCH,
        is_medicaid=case.coverage in {"medicaid", "dual"},
        enrolled_on=case.enrolled_on,
        ended_on=case.ended_on,
        is_in_month=is_there,
        is_last_in_month=is_there,
        cocm_from=case.enrolled_on,
        cocm_until=case.ended_on,
        is_last_cocm=is_there,
        contacts=sum(on >= MARCH for on in case.contacts),
        scales=len(in_march),
        baseline=baseline,
        is_elevated=baseline >= (33 if is_trauma else 10),
        improved_at=baseline - 12 if is_trauma else max(baseline // 2, 9),
        remission_below=33 if is_trauma else 5,
        latest=scored[-1] if len(scored) > 1 else None,
        last_in_month=in_march[-1] if in_march else None,
        last_review_on=case.reviewed_on,
    )


@pytest.mark.parametrize("key", ANSWERS)
def test_the_states_measures(key: str) -> None:
    one = measure(key)
    assert number_of(one, [one.judge(facts_of(case)) for case in CASELOAD]).text == ANSWERS[key]


def test_general_bhi_is_not_of_the_states_set() -> None:
    facts = EpisodeFacts(month=MARCH, is_medicaid=True, program="bhi", enrolled_on=LAST - timedelta(30), contacts=1)
    for key in ANSWERS:
        part = measure(key).judge(facts)
        assert (part.counted, part.why) == (False, "")


def test_other_coverage_is_left_out_and_says_so() -> None:
    facts = EpisodeFacts(month=MARCH, enrolled_on=MARCH, cocm_from=MARCH, is_last_cocm=True)
    found = {key: measure(key).judge(facts).why for key in ANSWERS}
    assert found == {
        "nys_1": "Enrolled Mar 1, 2025",
        "nys_4": "",
        **dict.fromkeys(
            ("nys_2", "nys_3", "nys_5", "nys_6", "nys_7", "nys_8"), "No Medicaid coverage on the first of the month"
        ),
    }
