"""Since when somebody is not improving, and how many of them were reviewed."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from caseload.rules.not_improving import (
    Counted,
    Holding,
    Share,
    not_improving_since,
    share_of,
    shares_by,
    worst_of,
)

JAN, FEB, MAR = date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5)


def test_the_worst_signal_shows_and_the_earliest_day_counts() -> None:
    holding = [Holding("safety", JAN), Holding("stalled", MAR), Holding("non_responder_week_8", FEB)]
    assert worst_of(holding) == Holding("stalled", MAR)
    assert not_improving_since(holding) == FEB


def test_other_signals_do_not_bring_anybody_here() -> None:
    assert worst_of([Holding("safety", JAN)]) is None
    assert not_improving_since([]) is None


def test_in_general_bhi_nobody_is_missing_a_review() -> None:
    here, there = uuid4(), uuid4()
    counted = [
        Counted(here, None, is_cocm=True, is_reviewed=True),
        Counted(here, there, is_cocm=True, is_reviewed=False),
        Counted(there, None, is_cocm=False, is_reviewed=False),
    ]
    assert share_of(counted) == Share(patients=3, reviewed=1, in_cocm=2)
    assert shares_by(counted, "clinic_id") == {here: Share(2, 1, 2), there: Share(1, 0, 0)}
    assert shares_by(counted, "care_manager_id") == {None: Share(2, 1, 1), there: Share(1, 0, 1)}
