"""What is still at stake in a month: each gap that people can close, and what the month bills then."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from billing.rules.books import book_in_force, with_options
from billing.rules.facts import AccessModel, MonthFacts, OtherService, Visit
from billing.rules.stakes import NOTHING, Reach, Stakes, Step, closable, closing, lacking, stakes, working
from billing.rules.verdicts import judge
from billing.rules.words import GAPS
from caseload.rules.minutes import MonthMinutes
from tests.rules.billing.test_properties import BOOK, facts
from tests.rules.billing.test_verdicts import APCM, IN_ORDER, LATER, worked

LATE_VISIT = {"visits": (Visit(date(2026, 10, 20), "99214"),)}
OLD_SCORE = {"scores": (date(2026, 9, 1),)}
IDLE = worked(40)
IDLE = replace(IDLE, counted=replace(IDLE.counted, engaged=False), if_consented=replace(IDLE.counted, engaged=False))


def at_stake(*, is_over: bool = False, **changed) -> Stakes:
    month, book = case(**changed)
    return stakes(month, book, judge(month, book), is_over=is_over)


def case(**changed):
    options = changed.pop("options", {})
    month = replace(IN_ORDER, options=tuple(sorted(options.items())), **changed)
    return month, book_in_force(month.payer, date(int(month.month[:4]), int(month.month[5:]), 1))


def codes(reach: Reach | None) -> str:
    return "" if reach is None else " ".join(f"{code}x{units}" for code, units in reach.lines)


def ways(found: Stakes) -> list[tuple[str, str, str]]:
    return [(way.word, codes(way.alone), str(way.alone.more)) for way in found.ways]


EACH = [
    ("consent_missing", {"time": worked(40, consented=False)}),
    ("initiating_visit_missing", {"visits": ()}),
    ("initiating_visit_missing", LATE_VISIT),
    ("diagnosis_missing", {"diagnoses": ()}),
    ("care_plan_missing", {"care_plans": ()}),
    ("rating_scale_missing", OLD_SCORE),
    ("no_engagement", {"time": IDLE}),
]


@pytest.mark.parametrize(("word", "changed"), EACH)
def test_each_gap_that_can_be_closed_costs_the_whole_month(word, changed):
    found = at_stake(**changed)
    assert ways(found) == [(word, "99492x1", "160.32")]
    assert (codes(found.together), found.together.more) == ("99492x1", Decimal("160.32"))
    assert (found.step.minutes, found.step.code, found.more) == (46, "99494", Decimal("221.78"))


@pytest.mark.parametrize(
    ("word", "changed", "is_named"),
    [
        (word, changed, word in ("consent_missing", "initiating_visit_missing", "diagnosis_missing"))
        for word, changed in EACH
    ],
)
def test_after_its_end_only_papers_from_before_can_be_entered(word, changed, is_named):
    found = at_stake(is_over=True, **changed)
    assert [way.word for way in found.ways] == ([word] if is_named else [])
    assert (found.step, found.is_any) == (None, is_named)
    assert all("only if" in way.how for way in found.ways)


def test_a_review_makes_cocm_of_what_bills_as_general_care():
    found = at_stake(reviews=())
    assert ways(found) == [("case_review_missing", "99492x1", "102.87")]
    assert found.together == Reach((("99492", 1),), Decimal("102.87"))


@pytest.mark.parametrize(
    "changed",
    [
        {"other_services": (OtherService("99484", "other"),)},
        {"time": replace(worked(0), only_after_end=True, logged_seconds=2400)},
        {"access": AccessModel(aligned=True, participant=True)},
        {"options": {"covers_g2214": False, "covers_99484": False}, "time": worked(20), "program": "bhi"},
        {**APCM, "options": {"apcm_bh_route": "hold"}},
    ],
)
def test_what_nobody_can_change_is_not_named(changed):
    assert at_stake(is_over=True, **changed) == NOTHING
    assert at_stake(**changed).ways == ()


def test_papers_do_not_help_where_somebody_else_bills():
    assert at_stake(diagnoses=(), other_services=(OtherService("99484", "other"),)) == NOTHING


def test_two_gaps_are_worth_nothing_alone_and_all_together():
    found = at_stake(diagnoses=(), visits=())
    assert ways(found) == [("initiating_visit_missing", "", "0"), ("diagnosis_missing", "", "0")]
    assert [way.cost for way in found.ways] == [Decimal("160.32")] * 2
    assert found.together == Reach((("99492", 1),), Decimal("160.32"))


def test_a_gap_costs_what_is_lost_if_it_alone_stays_open():
    found = at_stake(diagnoses=(), reviews=())
    assert ways(found) == [("diagnosis_missing", "99484x1", "57.45"), ("case_review_missing", "", "0")]
    assert [way.cost for way in found.ways] == [Decimal("160.32"), Decimal("102.87")]


def test_only_what_is_needed_is_named():
    """Where G2214 is not covered, a review brings nothing to 20 minutes; the diagnosis brings 99484."""
    found = at_stake(time=worked(20), diagnoses=(), reviews=(), options={"covers_g2214": False})
    assert [way.word for way in found.ways] == ["diagnosis_missing"]
    assert codes(found.together) == "99484x1"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"time": MonthMinutes()}, Step(16, "G2214", 1, (), Reach((("G2214", 1),), Decimal("60.79")))),
        ({"time": worked(35)}, Step(1, "99492", 1, (), Reach((("99492", 1),), Decimal("99.53")))),
        ({"time": worked(29), **LATER}, Step(2, "99493", 1, (), Reach((("99493", 1),), Decimal("84.17")))),
        (
            {"time": worked(86)},
            Step(30, "99494", 2, (), Reach((("99492", 1), ("99494", 2)), Decimal("61.46"))),
        ),
        ({"time": worked(86), "options": {"addon_cap": 1}}, None),
        ({"time": worked(10), "diagnoses": (), **OLD_SCORE}, Step(
            6, "G2214", 1, ("diagnosis_missing", "rating_scale_missing"), Reach((("G2214", 1),), Decimal("60.79"))
        )),
        # General care that bills already: CoCM asks for a review besides the minutes.
        ({"time": worked(10, 25), "program": "cocm", "reviews": ()}, Step(
            6, "G2214", 1, ("case_review_missing",), Reach((("G2214", 1),), Decimal("3.34"))
        )),
        ({"time": worked(10), "payer": "commercial"}, Step(10, "99484", 1, (), Reach((("99484", 1),), None))),
        ({"time": worked(10), "other_services": (OtherService("99484", "other"),)}, None),
    ],
)  # fmt: skip
def test_further_minutes_bring_the_next_code_with_what_it_needs_besides(changed, expected):
    assert at_stake(**changed).step == expected


def test_general_care_is_not_changed_for_a_code_that_pays_less():
    """At the facility rate 16 minutes of CoCM bring less than the 25 of general care that bill already."""
    found = at_stake(time=worked(10, 25), place_of_service="22")
    assert (found.step.code, found.step.minutes) == ("99492", 26)


def test_an_unknown_amount_makes_the_whole_unknown():
    found = at_stake(payer="commercial", diagnoses=())
    assert (found.together.more, found.more, found.is_any) == (None, None, True)


def test_near_is_within_ten_minutes():
    assert [at_stake(time=worked(minutes)).is_near for minutes in (25, 26, 40)] == [False, True, False]


@pytest.mark.parametrize(
    ("changed", "is_almost", "is_one_paper"),
    [
        ({"time": worked(30)}, True, False),
        ({"time": worked(25)}, False, False),
        ({"time": worked(30), "diagnoses": ()}, False, True),
        ({"time": worked(30), "diagnoses": (), "visits": ()}, False, False),
        ({"time": worked(10), "diagnoses": ()}, False, False),
        ({"time": worked(86), "options": {"addon_cap": 1}}, False, False),
    ],
)
def test_a_month_is_short_of_minutes_alone_or_of_one_paper(changed, is_almost, is_one_paper):
    found = at_stake(**changed)
    assert (found.is_almost, found.is_one_paper) == (is_almost, is_one_paper)


def test_nothing_is_at_stake_where_nothing_can_be_done():
    assert (NOTHING.is_any, NOTHING.more, NOTHING.is_near) == (False, Decimal(0), False)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"time": worked(3), "reviews": (), "care_plans": ()}, ("care_plan_missing", "case_review_missing")),
        ({"time": worked(3), "reviews": (), "program": "bhi"}, ("case_review_missing",)),
        ({"time": worked(0, 3), "reviews": (), "program": "bhi"}, ()),
        ({"time": MonthMinutes(), **OLD_SCORE}, ("rating_scale_missing",)),
        ({"time": IDLE}, ("no_engagement",)),
        ({"time": worked(40, consented=False), "visits": ()}, ("initiating_visit_missing",)),
        ({"other_services": (OtherService("99484", "other"),)}, ()),
    ],
)
def test_what_a_month_lacks_whatever_its_minutes(changed, expected):
    month, book = case(**changed)
    assert lacking(month, with_options(book, month.options)) == expected


def test_every_way_is_a_gap_with_words_of_its_own():
    named = closable(GAPS, is_over=False)
    assert set(closable(GAPS, is_over=True)) == {"consent_missing", "initiating_visit_missing", "diagnosis_missing"}
    assert set(GAPS) - set(named) == {
        "minutes_short", "not_covered", "other_biller", "apcm_base_missing", "conflicting_service",
        "access_participant", "program_ended",
    }  # fmt: skip


def after(month: MonthFacts, words) -> MonthFacts:
    return closing(month, BOOK, words)


@settings(max_examples=150, deadline=None)
@given(facts)
def test_closing_what_is_named_is_needed_and_never_lowers_the_amount(month):
    now = judge(month, BOOK)
    found = stakes(month, BOOK, now, is_over=False)
    named = [way.word for way in found.ways]
    together = judge(after(month, named), BOOK)
    for word in named:
        others = [one for one in named if one != word]
        assert word not in [gap.word for gap in judge(after(month, [word]), BOOK).gaps]
        assert billed(judge(after(month, others), BOOK)) != billed(together)
    assert (found.together is None) == (not named)
    if found.together is not None:
        assert found.together.lines == billed(together)
        assert found.together.more == gained(now, together)
        assert found.together.more is None or found.together.more > 0


@settings(max_examples=150, deadline=None)
@given(facts)
def test_the_minutes_that_are_named_bring_what_is_said(month):
    found = stakes(month, BOOK, judge(month, BOOK), is_over=False)
    if found.step is None:
        return
    closed = after(month, [way.word for way in found.ways])
    before = judge(closed, BOOK)
    then = judge(after(working(closed, before.next_step), found.step.needs), BOOK)
    assert set(found.step.reach.lines) == set(billed(then))
    assert found.step.reach.more == gained(before, then)
    assert found.step.reach.more is None or found.step.reach.more > 0


def gained(before, then) -> Decimal | None:
    return None if before.amount is None or then.amount is None else then.amount - before.amount


def billed(verdict):
    return tuple((line.code, line.units) for line in verdict.lines)
