"""What care managers see of a month: minutes, and what care can still do in it; never amounts."""

from datetime import date
from typing import Any

import pytest

from billing.queries.verdicts import month_verdicts
from caseload.views.month_cells import MonthCell, month_cell
from tests.billing.people import Program, program

FEBRUARY = "2026-02"
ENDS_ON = date(2026, 2, 28)


@pytest.fixture
def lakeside(in_tenant: Any, clinic: Any) -> Program:
    return program(in_tenant, clinic)


def cell(lakeside: Program, minutes: int, **fields: Any) -> MonthCell:
    episode = lakeside.billing_patient("Abara", minutes, **fields)
    return month_cell(month_verdicts(lakeside.organization.id, FEBRUARY, episode_ids=[episode.id])[episode.id])


@pytest.mark.parametrize(
    ("minutes", "without", "missing", "to_do"),
    [
        (24, (), "", ""),
        (10, ("score",), "Due this month: score", "no rating scale this month"),
        (
            10,
            ("score", "review", "care_plan", "visit"),
            "Due this month: score, case review, care plan. Initiating visit missing",
            "no rating scale this month; case review and care plan due by Feb 28; initiating visit missing",
        ),
        (24, ("care_plan",), "Care plan missing", "care plan due by Feb 28"),
        (
            40,
            ("review", "diagnosis"),
            "Diagnosis missing, No case review yet",
            "case review due by Feb 28; diagnosis missing",
        ),
        (40, ("consent",), "Consent missing", ""),
    ],
)
def test_what_care_can_still_do_is_said(
    lakeside: Program, minutes: int, without: tuple[str, ...], missing: str, to_do: str
):
    found = cell(lakeside, minutes, without=without)
    assert (found.missing_words, found.still_to_do(ENDS_ON)) == (missing, to_do)


def test_nothing_is_due_where_nobody_pays(lakeside: Program):
    found = cell(lakeside, 10, without=("score", "review"), payer=lakeside.payer("Self pay", is_self_pay=True))
    assert (found.missing_words, found.still_to_do(ENDS_ON)) == ("Self pay: nothing to claim", "")


def test_nothing_is_due_in_a_month_without_work(lakeside: Program):
    episode = lakeside.patient(without=("score", "review"))
    found = month_cell(month_verdicts(lakeside.organization.id, FEBRUARY, episode_ids=[episode.id])[episode.id])
    assert (found.missing_words, found.still_to_do(ENDS_ON), found.asks_score) == ("", "", True)


def test_the_scale_is_asked_once(lakeside: Program):
    assert [cell(lakeside, minutes, without=("score",)).asks_score for minutes in (10, 40)] == [True, False]
