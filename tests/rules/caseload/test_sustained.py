"""Since when a scale has been improved without a break."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseload.rules.course import Point, Track
from caseload.rules.sustained import improved_from
from registry.rules.instruments import TARGET_SCALES

START = date(2025, 10, 6)


@pytest.mark.parametrize(
    ("scale", "totals", "since"),
    [
        ("phq9", [16], None),
        ("phq9", [16, 16], None),
        ("phq9", [16, 8], 1),
        ("phq9", [16, 9], 1),
        ("phq9", [16, 10], None),
        ("phq9", [22, 11, 11], 1),
        ("phq9", [16, 8, 12, 7], 3),
        ("phq9", [16, 8, 7, 12], None),
        ("phq9", [16, 12, 4, 0], 2),
        ("phq9", [4, 3], 1),
        ("gad7", [14, 7, 9], 1),
        ("gad7", [14, 10], None),
    ],
)
def test_the_run_of_improved_scores_up_to_the_last(scale: str, totals: list[int], since: int | None) -> None:
    points = tuple(Point(START + timedelta(weeks=week), total) for week, total in enumerate(totals))
    expected = None if since is None else START + timedelta(weeks=since)
    assert improved_from(Track(TARGET_SCALES[scale], points)) == expected
