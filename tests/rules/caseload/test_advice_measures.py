"""How well loops close."""

from __future__ import annotations

from datetime import date, timedelta

from caseload.rules.advice_measures import Loop, LoopMeasures, loop_measures

TODAY = date(2026, 3, 2)


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def test_nothing_to_measure() -> None:
    empty = loop_measures([Loop(ago(90), ago(80))], TODAY)
    assert empty == LoopMeasures(0, 0, None, 0, None, None)
    assert empty.days_to_decision == ""


def test_each_number_rests_on_those_it_can_be_asked_of() -> None:
    loops = [
        Loop(ago(30), ago(28), closed_on=ago(16)),
        Loop(ago(30), ago(29), is_declined=True, closed_on=ago(15)),
        Loop(ago(14), ago(9)),
        Loop(ago(13), ago(9), closed_on=ago(1)),
        Loop(ago(1)),
    ]
    found = loop_measures(loops, TODAY)
    assert found == LoopMeasures(proposed=5, decided=4, halves=6, old_enough=3, closed_percent=33, declined_percent=25)
    assert found.days_to_decision == "3"
    assert loop_measures(loops[:2], TODAY).days_to_decision == "1.5"
    assert loop_measures(loops[:1], TODAY).days_to_decision == "2"
    assert loop_measures([loops[0], loops[0], loops[2]], TODAY).closed_percent == 67
