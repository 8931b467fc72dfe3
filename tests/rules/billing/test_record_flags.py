"""What serves though nobody recorded it in full: plans that an import assumed, visits without a code."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules.books import book_named, with_options
from billing.rules.facts import MonthFacts, Visit
from billing.rules.requirements import lacks_score
from billing.rules.verdicts import judge
from billing.rules.words import rests_on_unseen
from caseload.rules.minutes import Counted, MonthMinutes

BOOK = book_named("medicare_ffs_2026")
COUNTED = Counted(2400, 2400, date(2026, 3, 5), engaged=True)
FULL = MonthFacts(
    month="2026-03",
    enrolled_on=date(2026, 3, 2),
    time=MonthMinutes(counted=COUNTED, if_consented=COUNTED, logged_seconds=2400),
    visits=(Visit(date(2026, 2, 20), "99214"),),
    diagnoses=("F32.1",),
    care_plans=(date(2026, 3, 2),),
    scores=(date(2026, 3, 5),),
    reviews=(date(2026, 3, 10),),
)
UNCODED = Visit(date(2026, 2, 20), "")


def found(facts: MonthFacts) -> tuple[list[str], list[str], list[str]]:
    verdict = judge(facts, BOOK)
    return [one.code for one in verdict.lines], [one.word for one in verdict.gaps], [one.word for one in verdict.flags]


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, []),
        ({"care_plans": (), "assumed_care_plans": (date(2026, 3, 2),)}, ["care_plan_assumed"]),
        ({"assumed_care_plans": (date(2026, 3, 2),)}, []),
        ({"care_plans": (date(2026, 4, 1),), "assumed_care_plans": (date(2026, 3, 31),)}, ["care_plan_assumed"]),
        ({"visits": (UNCODED,)}, ["visit_code_unknown"]),
        ({"visits": (UNCODED, Visit(date(2026, 2, 21), "99213"))}, []),
        ({"visits": (UNCODED, Visit(date(2026, 2, 21), "90832"))}, ["visit_code_unknown"]),
    ],
)
def test_what_serves_without_proof_bills_and_is_flagged(changes, flags):
    assert found(replace(FULL, **changes)) == (["99492"], [], flags)


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"care_plans": (), "assumed_care_plans": (date(2026, 4, 1),)}, "care_plan_missing"),
        ({"visits": (replace(UNCODED, by="other"),)}, "initiating_visit_missing"),
        ({"visits": (replace(UNCODED, on=date(2025, 3, 1)),)}, "initiating_visit_missing"),
        ({"visits": (replace(UNCODED, on=date(2026, 3, 6)),)}, "initiating_visit_missing"),
    ],
)
def test_what_is_out_of_time_does_not_serve(changes, gap):
    assert found(replace(FULL, **changes)) == ([], [gap], [])


def test_nothing_that_does_not_bill_is_flagged_for_its_papers():
    short = Counted(60, 60, date(2026, 3, 5), engaged=True)
    time = MonthMinutes(counted=short, if_consented=short, logged_seconds=60)
    assert found(replace(FULL, time=time, visits=(UNCODED,))) == ([], ["minutes_short"], [])


def test_each_such_flag_cites_what_it_rests_on():
    verdict = judge(replace(FULL, visits=(UNCODED,), care_plans=(), assumed_care_plans=(date(2026, 3, 2),)), BOOK)
    assert [(one.word, one.citation.field) for one in verdict.flags] == [
        ("care_plan_assumed", "requirements.care_plan"),
        ("visit_code_unknown", "requirements.visit_within_years"),
    ]


@pytest.mark.parametrize(
    ("scores", "within", "lacks"),
    [
        ((), "month", True),
        ((date(2026, 2, 28),), "month", True),
        ((date(2026, 3, 1),), "month", False),
        ((date(2026, 4, 1),), "month", True),
        ((date(2026, 2, 28),), 60, False),
        ((date(2026, 1, 30),), 60, True),
        ((date(2026, 1, 31),), 60, False),
    ],
)
def test_a_month_asks_for_its_scale_before_its_minutes_reach_a_code(scores, within, lacks):
    book = with_options(BOOK, (("scale_within", within),))
    assert lacks_score(replace(FULL, scores=scores, time=MonthMinutes()), book) is lacks


@pytest.mark.parametrize(
    ("flags", "unseen"),
    [
        ([], False),
        (["minutes_excluded", "g2214_under_30"], False),
        (["care_plan_assumed"], True),
        (["minutes_excluded", "visit_code_unknown"], True),
    ],
)
def test_papers_nobody_has_seen_are_looked_at_before_a_claim(flags, unseen):
    assert rests_on_unseen(flags) == unseen
