"""What an open recommendation asks of the care manager today."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseload.rules.advice_tasks import AdviceDue, AdviceTask, advice_tasks
from caseload.rules.worklist import Standing, tasks_of

TODAY, BEFORE = date(2026, 3, 2), date(2026, 2, 26)
CARRY = "to be carried out: Increase sertraline, due Mar 5"
LATE = "No answer since Feb 26: Increase sertraline, was due on Mar 1"


def due(kind: str, state: str, in_days: int = 0, words: str = "Increase sertraline") -> AdviceDue:
    return AdviceDue(kind, state, BEFORE, TODAY + timedelta(days=in_days), words)


@pytest.mark.parametrize(
    ("kind", "state", "in_days", "task", "words"),
    [
        ("medication", "proposed", 0, "advice_unsent", "Ask the clinician: Increase sertraline, due today"),
        ("medication", "sent", 0, "", ""),
        (
            "medication",
            "sent",
            -1,
            "advice_unanswered",
            "No answer since Feb 26: Increase sertraline, was due on Mar 1",
        ),
        ("medication", "accepted", 3, "advice_to_do", "Agreed, to be carried out: Increase sertraline, due Mar 5"),
        ("medication", "modified", 3, "advice_to_do", f"Agreed with a change, {CARRY}"),
        ("medication", "declined", 0, "", ""),
        (
            "medication",
            "declined",
            -1,
            "advice_declined",
            "Declined Feb 26, bring it to the consultant or close it: Increase sertraline, was due on Mar 1",
        ),
        (
            "safety",
            "declined",
            0,
            "advice_safety",
            "Declined Feb 26, speak with the consultant today: Increase sertraline, due today",
        ),
        ("medication", "carried_out", 1, "advice_to_tell", "Tell the patient: Increase sertraline, due Mar 3"),
        ("psychosocial", "proposed", 1, "advice_to_do", "Carry out: Increase sertraline, due Mar 3"),
        ("psychosocial", "sent", 1, "advice_to_do", "Carry out: Increase sertraline, due Mar 3"),
        ("safety", "sent", 0, "advice_safety", "The consultant asks for: Increase sertraline, due today"),
        ("safety", "carried_out", 0, "advice_to_tell", "Tell the patient: Increase sertraline, due today"),
    ],
)
def test_each_state_asks_for_its_next_step(kind: str, state: str, in_days: int, task: str, words: str) -> None:
    expected = [AdviceTask(task, BEFORE, words, in_days)] if task else []
    assert advice_tasks([due(kind, state, in_days)], TODAY) == expected


def test_of_a_kind_the_first_due_is_said_with_how_many_more() -> None:
    several = [due("medication", "carried_out", days, f"{days}.") for days in (4, 1, 2)]
    (task,) = advice_tasks(several, TODAY)
    assert (task.words, task.days_left) == ("Tell the patient: 1, due Mar 3; and 2 more", 1)


def test_long_words_end_at_a_word() -> None:
    (task,) = advice_tasks([due("psychosocial", "proposed", 1, "walk every day " * 20)], TODAY)
    assert task.words == f"Carry out: {('walk every day ' * 6)[:80].rsplit(' ', 1)[0]}…, due Mar 3"


def test_they_stand_on_the_worklist_in_their_place() -> None:
    advice = (due("medication", "carried_out", 1), due("safety", "proposed", 0), due("medication", "sent", -2))
    standing = Standing(TODAY, enrolled_on=BEFORE, advice=advice, next_due_on=TODAY)
    kinds = ["advice_safety", "follow_up_today", "advice_unanswered", "advice_to_tell"]
    assert [task.kind for task in tasks_of(standing)] == kinds
