"""What an open risk case asks of somebody today, and what it no longer does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseload.rules.risk_tasks import Answer, RiskOpen
from caseload.rules.worklist import Standing, tasks_of

TODAY = date(2026, 3, 16)
CALM = Standing(today=TODAY, enrolled_on=date(2026, 1, 5), last_contact_on=date(2026, 3, 9))
OPEN = RiskOpen("item 9: 1", date(2026, 3, 14))
ASSESSED = replace(OPEN, tier="low", assessed_on=date(2026, 3, 14), recheck_on=date(2026, 3, 28))


def due(standing: Standing) -> list[tuple[str, date, str]]:
    return [(task.kind, task.since, task.words) for task in tasks_of(standing)]


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        (OPEN, [("risk_unassessed", date(2026, 3, 14), "Item 9: 1, not assessed yet")]),
        # Within its interval it asks for nothing; from its day on it does.
        (ASSESSED, []),
        (
            replace(ASSESSED, recheck_on=TODAY),
            [("risk_recheck", TODAY, "Item 9: 1, assessed low Mar 14, recheck Mar 16")],
        ),
        (
            replace(ASSESSED, recheck_on=TODAY, is_risen=True),
            [("risk_unassessed", TODAY, "Item 9: 1, assessed low Mar 14, risen since")],
        ),
        (
            replace(ASSESSED, words="concern", tier="none", recheck_on=date(2026, 3, 15)),
            [("risk_recheck", date(2026, 3, 15), "Concern, assessed no risk Mar 14, recheck Mar 15")],
        ),
    ],
)
def test_the_case_says_what_is_due(risk: RiskOpen, expected: list[tuple[str, date, str]]) -> None:
    # Whatever the answers alone would say: a later 0 takes nothing back, an older one asks for nothing more.
    answers = (Answer(date(2026, 3, 14), "phq9", 1), Answer(date(2026, 3, 15), "phq9", 0))
    assert due(replace(CALM, risk=risk, answers=answers)) == expected


def test_what_a_closed_case_dealt_with_asks_no_more() -> None:
    answers = (Answer(date(2026, 2, 1), "phq9", 1), Answer(date(2026, 2, 2), "cssrs", None, "low"))
    assert [kind for kind, _, _ in due(replace(CALM, answers=answers))] == ["risk_recheck"]
    closed = replace(CALM, answers=answers, risk_closed_on=date(2026, 2, 2))
    assert due(closed) == []
    later = replace(closed, answers=(*answers, Answer(TODAY, "phq9", 1)))
    assert due(later) == [("risk_unassessed", TODAY, "Item 9 answered 1 on Mar 16, not yet assessed")]


def test_an_unassessed_case_comes_before_a_recheck_and_both_after_a_notice() -> None:
    found = [
        due(replace(CALM, risk=OPEN, notices=(TODAY,)))[0][0],
        due(replace(CALM, risk=replace(ASSESSED, recheck_on=TODAY - timedelta(days=9))))[0][0],
    ]
    assert found == ["safety_notice", "risk_recheck"]
