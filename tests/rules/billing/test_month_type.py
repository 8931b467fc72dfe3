"""Initial or subsequent: runs of months, their breaks, and the payers' policies."""

from datetime import date

import pytest

from billing.rules.books import book_in_force, with_options
from billing.rules.facts import EarlierLine, MonthFacts
from billing.rules.month_type import MonthType, month_type

FIRST_BILLABLE = {"initial_month_policy": "first_billable_month"}
CALENDAR_YEAR = {"initial_once_per": "calendar_year"}


def kind(month: str = "2026-09", enrolled_on: date = date(2026, 1, 5), **said) -> MonthType:
    book = with_options(book_in_force("medicare_ffs", date(2026, 9, 1)), said.pop("options", {}))
    return month_type(MonthFacts(month, enrolled_on, **said), book)


def line(month: str, code: str = "99493") -> EarlierLine:
    return EarlierLine(month, code)


@pytest.mark.parametrize(
    ("said", "is_initial"),
    [
        ({}, True),
        ({"own_served": ("2026-08",)}, False),
        ({"own_served": ("2026-03",)}, False),
        ({"own_served": ("2026-02",)}, True),
        ({"served_before": ("2026-03",)}, False),
        ({"served_before": ("2026-02",)}, True),
        ({"billed_before": (line("2026-03"),)}, False),
        ({"billed_before": (line("2026-03", "G0678"),)}, True),
        ({"own_lines": (line("2026-03", "99484"),)}, True),
        ({"own_lines": (line("2026-03", "G2214"),)}, False),
        ({"own_served": ("2026-01", "2026-08")}, False),
        ({"own_served": ("2026-09", "2026-10")}, True),
        ({"own_served": ("2025-11",), "month": "2026-06"}, True),
        ({"own_served": ("2025-12",), "month": "2026-06"}, False),
    ],
)
def test_a_run_ends_with_six_full_months_without_service(said, is_initial):
    assert kind(**said).is_initial is is_initial
    assert kind(**said).word == ("initial" if is_initial else "subsequent")


@pytest.mark.parametrize(
    ("said", "is_initial"),
    [
        ({"own_served": ("2026-08",)}, True),
        ({"own_served": ("2026-07", "2026-08"), "own_lines": (line("2026-07", "G2214"),)}, False),
        ({"own_served": ("2026-08",), "own_lines": (line("2026-08", "99484"),)}, True),
        ({"own_served": ("2026-08",), "own_lines": (line("2026-01"),)}, True),
        ({"served_before": ("2026-08",)}, False),
        ({"served_before": ("2026-01",)}, True),
    ],
)
def test_the_first_billable_month_may_be_initial(said, is_initial):
    assert kind(**said, options=FIRST_BILLABLE).is_initial is is_initial


@pytest.mark.parametrize(
    ("said", "is_initial"),
    [
        ({"billed_before": (line("2026-01", "99492"),)}, False),
        ({"own_lines": (line("2026-01", "G0568"),)}, False),
        ({"own_lines": (line("2026-01", "99493"),)}, True),
        ({"own_lines": (line("2025-12", "99492"),)}, True),
        ({"own_lines": (line("2026-10", "99492"),)}, True),
        ({"own_lines": (line("2026-09", "99492"),)}, True),
    ],
)
def test_an_initial_month_may_be_limited_to_one_a_calendar_year(said, is_initial):
    assert kind(**said, options=CALENDAR_YEAR).is_initial is is_initial
    assert kind(**said).is_initial


@pytest.mark.parametrize(
    ("said", "earlier_month", "earlier_line"),
    [
        ({}, False, False),
        ({"own_served": ("2026-08",)}, True, False),
        ({"own_served": ("2026-07", "2026-08"), "own_lines": (line("2026-07"),)}, True, True),
        ({"own_served": ("2026-08",), "own_lines": (line("2026-01"),)}, True, False),
        ({"served_before": ("2026-08",)}, True, True),
    ],
)
def test_the_run_tells_what_it_holds(said, earlier_month, earlier_line):
    found = kind(**said)
    assert (found.has_earlier_month, found.has_earlier_line) == (earlier_month, earlier_line)


@pytest.mark.parametrize(
    ("said", "is_restart"),
    [
        ({"enrolled_on": date(2026, 9, 1), "served_before": ("2026-06",)}, True),
        ({"enrolled_on": date(2026, 9, 1), "own_served": ("2026-06",)}, True),
        ({"enrolled_on": date(2026, 9, 1), "own_served": ("2026-06", "2026-09")}, True),
        ({"enrolled_on": date(2026, 8, 31), "served_before": ("2026-08",)}, False),
        ({"enrolled_on": date(2026, 8, 31), "served_before": ("2026-06",), "own_served": ("2026-08",)}, False),
        ({"enrolled_on": date(2026, 9, 1), "served_before": ("2026-01",)}, False),
        # Work after the referral already served the month before the one of enrolment.
        (
            {
                "enrolled_on": date(2026, 9, 1),
                "episode_from": date(2026, 8, 28),
                "own_served": ("2026-08",),
                "served_before": ("2026-06",),
            },
            False,
        ),
        ({"enrolled_on": date(2026, 9, 1)}, False),
    ],
)
def test_enrolling_again_within_a_run_is_a_restart(said, is_restart):
    assert kind(**said).is_restart is is_restart
