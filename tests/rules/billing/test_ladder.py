"""The ladder: what a month bills by its minutes, under one payer and in one kind of month."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.books import book_in_force, with_options
from billing.rules.facts import EarlierLine, MonthFacts, OtherService, Visit
from billing.rules.ladder import Rung, ladder, present_minutes
from billing.rules.story_months import told_months
from caseload.rules.clock import first_day
from caseload.rules.minutes import Counted, MonthMinutes
from tests.rules.billing.billing_stories import story_files, story_in

FIRST = MonthFacts(month="2026-10", enrolled_on=date(2026, 10, 1))
LATER = replace(FIRST, enrolled_on=date(2026, 9, 3), served_before=("2026-09",))
BEFORE = replace(LATER, billed_before=(EarlierLine("2026-09", "99492"),))


def rungs(facts: MonthFacts, **options: object) -> list[tuple[int, int | None, str]]:
    book = book_in_force(facts.payer, first_day(facts.month))
    facts = replace(facts, options=tuple(sorted(options.items())))
    return [(one.since, one.until, said(one)) for one in ladder(facts, book)]


def said(rung: Rung) -> str:
    return " ".join(f"{code}x{units}" for code, units in rung.lines) + (" held" if rung.is_held else "")


def test_a_first_month_climbs_by_the_midpoint_rule():
    assert rungs(FIRST) == [
        (0, 15, ""),
        (16, 35, "G2214x1"),
        (36, 85, "99492x1"),
        (86, 115, "99492x1 99494x1"),
        (116, 145, "99492x1 99494x2"),
        (146, 175, "99492x1 99494x3"),
        (176, None, "99492x1 99494x4"),
    ]


def test_a_later_month_begins_earlier_and_a_cap_ends_it():
    assert rungs(BEFORE, addon_cap=1) == [
        (0, 15, ""),
        (16, 30, "G2214x1"),
        (31, 75, "99493x1"),
        (76, None, "99493x1 99494x1"),
    ]


def test_full_minutes_and_g2214_not_covered():
    assert rungs(BEFORE, time_rule="full", covers_g2214=False, addon_cap=0) == [
        (0, 19, ""),
        (20, 59, "99484x1"),
        (60, None, "99493x1"),
    ]


def test_general_bhi_has_one_step():
    assert rungs(replace(FIRST, program="bhi")) == [(0, 19, ""), (20, None, "99484x1")]


def test_beside_apcm_any_minute_is_enough_and_hold_holds():
    beside = replace(BEFORE, other_services=(OtherService("G0557"),))
    assert rungs(beside) == [(0, 0, "G0557x1"), (1, None, "G0557x1 G0569x1")]
    assert rungs(beside, apcm_bh_route="hold") == [(0, 0, "G0557x1"), (1, None, "G0557x1 held")]


def test_another_biller_leaves_nothing_to_climb():
    assert rungs(replace(BEFORE, other_services=(OtherService("99493", "other"),))) == [(0, None, "")]


def test_papers_are_taken_to_be_in_order_and_amounts_are_the_books():
    bare = replace(FIRST, visits=(Visit(date(2020, 1, 1), "99211"),))
    found = ladder(bare, book_in_force("medicare_ffs", date(2026, 10, 1)))
    assert [(one.amount is None, one.is_present) for one in found[:2]] == [(False, True), (False, False)]
    assert found[0].amount == Decimal(0)
    assert found == ladder(FIRST, book_in_force("medicare_ffs", date(2026, 10, 1)))


def test_general_time_beside_cocm_stays():
    """25 BHI minutes, none of them CoCM: on the lowest rungs 99484 bills by them."""
    time = Counted(0, 25 * 60, date(2026, 10, 5), engaged=True)
    assert rungs(replace(BEFORE, time=MonthMinutes(time, time)))[:2] == [(0, 15, "99484x1"), (16, 30, "G2214x1")]


@pytest.mark.parametrize("path", story_files("billing"), ids=lambda path: path.stem)
def test_the_present_rung_is_what_the_month_bills_where_nothing_else_is_missing(path):
    """Of every worked example: one rung is the present one; it bills what the month bills if no paper lacks."""
    for month in told_months(story_in(path)):
        facts = month.facts
        book = book_in_force(facts.payer, first_day(facts.month))
        found = ladder(facts, book)
        present = [one for one in found if one.is_present]
        assert [one.since <= present_minutes(facts) for one in present] == [True]
        if {gap.word for gap in month.verdict.gaps} <= {"minutes_short", "conflicting_service", "apcm_base_missing"}:
            assert present[0].lines == tuple((line.code, line.units) for line in month.verdict.lines)
        assert [one.since for one in found] == sorted({one.since for one in found})
        assert with_options(book, facts.options).id == month.verdict.book_id
