"""Why a patient is in the consultant's queue, in which words, and who comes first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseload.rules.review_queue import (
    KINDS,
    Asked,
    Assessed,
    LeftOver,
    ReviewFacts,
    Standing,
    Waiting,
    deferred_until,
    is_not_improving,
    place,
    reasons_of,
    worst_of,
)
from caseload.rules.signal_evidence import Evidence

TODAY = date(2026, 3, 2)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def facts(**values: Any) -> ReviewFacts:
    return ReviewFacts(today=TODAY, enrolled_on=ago(100), **values)


def signal(word: str, *evidence: Evidence, **values: Any) -> Standing:
    return Standing(word, ago(9), evidence, **values)


def scores(first: str, before: int, last: int, days: int = 84) -> tuple[Evidence, Evidence]:
    return Evidence(first, ago(days), "phq9", before), Evidence("last", ago(2), "phq9", last)


@pytest.mark.parametrize(
    ("given_facts", "expected"),
    [
        (facts(signals=(signal("stalled", *scores("compared", 16, 16)),)), [("stalled", "stalled 12 wk, 16 → 16")]),
        (
            facts(signals=(signal("stalled", *scores("compared", 16, 14), is_eased=True),)),
            [("stalling", "stalled 12 wk, 16 → 14")],
        ),
        (
            facts(
                signals=(signal("never_reviewed", Evidence("enrolled", ago(34))), signal("review_overdue")),
                is_reviewed=False,
            ),
            [("never_reviewed", "never reviewed, 34 d")],
        ),
        (
            facts(signals=(signal("review_overdue", Evidence("review", ago(64))),)),
            [("review_overdue", "no review for 64 d")],
        ),
        (facts(signals=(signal("review_due"),)), [("routine", "last review 9 d ago")]),
        (facts(signals=(signal("worsening", *scores("before", 12, 18)),)), [("worsening", "worsening, 12 → 18")]),
        (facts(signals=(signal("relapse", *scores("best", 4, 12)),)), [("worsening", "relapse?, 4 → 12")]),
        (
            facts(
                signals=(signal("relapse_confirmed", *scores("best", 4, 12), Evidence("before", ago(9), "phq9", 11)),),
            ),
            [("worsening", "relapse confirmed, 4 → 12")],
        ),
        (facts(signals=(signal("stalled"), signal("non_responder"))), [("stalled", "stalled")]),
        (
            facts(signals=(signal("stalled_watch", *scores("compared", 16, 16, 60)),)),
            [("stalling", "stalling 8 wk, 16 → 16")],
        ),
        (
            facts(signals=(signal("non_responder", *scores("baseline", 18, 14)),)),
            [("stalling", "not improved, 18 → 14")],
        ),
        (facts(signals=(signal("change_of_plan_due"),)), [("stalling", "change of plan due")]),
        (
            facts(signals=(signal("safety", Evidence("item9", ago(3), "phq9", 2)),)),
            [("safety", "item 9 = 2, Feb 27")],
        ),
        (
            facts(signals=(signal("safety", Evidence("self_harm", ago(90), "x", 1)),)),
            [("safety", "self-harm = 1, Dec 2, 2025")],
        ),
        (facts(signals=(signal("safety", Evidence("tier_high", ago(3), "cssrs")),)), [("safety", "high risk, Feb 27")]),
        (facts(signals=(signal("safety"),)), [("safety", "safety")]),
        (facts(signals=(signal("risk_open"),)), [("safety", "risk case open, 9 d")]),
        (facts(signals=(signal("measure_overdue"), signal("contact_overdue"))), []),
        (
            facts(questions=(Asked("medication", ago(2)), Asked("clinician", ago(3)), Asked("question", ago(1)))),
            [("question", "medication question"), ("question", "question"), ("clinician", "asked by the clinician")],
        ),
        (facts(questions=(Asked("concern", ago(2)),)), [("question", "to discuss")]),
        (
            facts(advice=(Waiting(1, "declined", ago(3)), Waiting(2, "sent", ago(1)))),
            [("advice", "advice 1 declined Feb 27"), ("advice", "advice 2 not acted on, due Mar 1")],
        ),
        (facts(present_again_on=TODAY), [("routine", "to present again Mar 2")]),
        (facts(present_again_on=TODAY + timedelta(days=1)), []),
        (facts(is_reviewed=False), [("routine", "new, 100 d")]),
        (facts(left_over=LeftOver("unfinished", ago(7))), [("unfinished", "not reached Feb 23")]),
        (facts(left_over=LeftOver("deferred", ago(7))), []),
    ],
)  # fmt: skip
def test_each_reason_has_its_words(given_facts: ReviewFacts, expected: list[tuple[str, str]]) -> None:
    assert [(reason.kind, reason.words) for reason in reasons_of(given_facts)] == expected


def test_of_one_kind_the_first_signal_speaks() -> None:
    found = reasons_of(facts(signals=(signal("risk_open"), signal("safety"), signal("worsening"))))
    assert [(reason.kind, reason.label, reason.tone) for reason in found] == [
        ("safety", "Safety", "danger"),
        ("worsening", "Worsening", "danger"),
    ]


def test_general_bhi_comes_only_where_somebody_asks() -> None:
    known = facts(is_cocm=False, is_reviewed=False, signals=(signal("safety"), signal("stalled")))
    assert (reasons_of(known), is_not_improving(known)) == ((), False)
    asked = facts(is_cocm=False, questions=(Asked("question", ago(1)),), signals=(signal("safety"),))
    assert [reason.words for reason in reasons_of(asked)] == ["question"]


def placed(values: ReviewFacts) -> Any:
    return place(values, reasons_of(values))


def test_the_order_is_that_of_harm() -> None:
    in_order = [
        facts(left_over=LeftOver("unfinished", ago(7)), present_again_on=TODAY),
        facts(signals=(signal("safety"),)),
        facts(signals=(signal("worsening"),)),
        facts(signals=(signal("never_reviewed"),), is_reviewed=False),
        facts(signals=(signal("stalled"),)),
        facts(signals=(signal("review_overdue"),)),
        facts(questions=(Asked("medication", ago(1)),)),
        facts(questions=(Asked("clinician", ago(90)),)),
        facts(advice=(Waiting(1, "declined", ago(90)),)),
        facts(signals=(signal("stalled_watch"),)),
        facts(present_again_on=ago(90)),
    ]
    places = [placed(one) for one in in_order]
    assert sorted(places) == places
    assert [worst_of(reasons_of(one)) for one in in_order] == ["routine", *(kind.key for kind in KINDS[1:])]
    assert worst_of(reasons_of(facts(left_over=LeftOver("unfinished", ago(7))))) == "unfinished"


def test_among_equals_who_was_put_off_comes_first_then_the_longest_standing() -> None:
    old = facts(signals=(Standing("stalled", ago(40)),))
    new = facts(signals=(Standing("stalled", ago(4)),))
    put_off = facts(signals=(Standing("stalled", ago(2)),), left_over=LeftOver("deferred", ago(7), ago(1)))
    assert sorted([new, old, put_off], key=placed) == [put_off, old, new]


def test_danger_that_was_assessed_comes_after_danger_that_was_not() -> None:
    item9 = Evidence("item9", ago(30), "phq9", 1)
    old = facts(signals=(Standing("safety", ago(30), (item9,)),), assessed=Assessed("low", ago(29)))
    new = facts(signals=(signal("risk_open"),))
    worse = facts(signals=(signal("worsening"),), assessed=Assessed("low", ago(29)))
    assert sorted([worse, old, new], key=placed) == [new, old, worse]
    assert [reason.words for reason in reasons_of(old)] == ["item 9 = 1, Jan 31, assessed low Feb 1"]


def test_who_was_put_off_stays_away_until_then_unless_in_danger() -> None:
    until = TODAY + timedelta(days=1)
    left = LeftOver("deferred", ago(7), until)
    waits, danger = facts(left_over=left, is_reviewed=False), facts(left_over=left, signals=(signal("safety"),))
    assert deferred_until(waits, reasons_of(waits)) == until
    assert deferred_until(danger, reasons_of(danger)) is None
    due = facts(left_over=LeftOver("deferred", ago(7), TODAY))
    assert [deferred_until(one, ()) for one in (due, facts(), facts(left_over=LeftOver("deferred", ago(7))))] == [
        None
    ] * 3


WORDS = st.sampled_from(("safety", "worsening", "stalled", "stalled_watch", "never_reviewed", "review_due", "inactive"))


@given(st.lists(WORDS, max_size=4, unique=True), st.booleans(), st.booleans())
def test_no_reason_hides_another(words: list[str], is_asked: bool, is_left: bool) -> None:
    """A question, or having been left over, adds to what is computed and takes nothing away."""
    computed = facts(signals=tuple(signal(word) for word in words))
    more = facts(
        signals=computed.signals,
        questions=(Asked("question", ago(1)),) if is_asked else (),
        left_over=LeftOver("unfinished", ago(7)) if is_left else None,
    )
    assert set(reasons_of(computed)) <= set(reasons_of(more))
    if reasons_of(computed):
        assert placed(more)[:2] <= placed(computed)[:2]


def test_who_was_put_off_stays_wanted_without_another_reason() -> None:
    put_off = facts(left_over=LeftOver("deferred", ago(3), TODAY + timedelta(days=4)), is_cocm=False)
    reasons = reasons_of(put_off)
    assert [(reason.kind, reason.since, reason.words) for reason in reasons] == [("routine", ago(3), "put off Feb 27")]
    assert deferred_until(put_off, reasons) == TODAY + timedelta(days=4)
    other = facts(left_over=put_off.left_over, questions=(Asked("question", ago(1)),))
    assert [reason.kind for reason in reasons_of(other)] == ["question"]
