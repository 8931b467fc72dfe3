"""One call for several patients: each patient's minutes are said, and lie one after another within the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from caseload.rules.minutes import SECOND


def consecutive(
    span: tuple[datetime, datetime], minutes: Sequence[int]
) -> tuple[tuple[datetime, datetime], ...] | None:
    """The call's time shared out in the order given, from its start on; None where it does not reach.

    What is not given to anybody stays over at the end and counts for nobody. Minutes are whole and above zero.
    """
    start, end = span
    if start + timedelta(minutes=sum(minutes)) > end:
        return None
    spans = []
    for given in minutes:
        spans.append((start, start + timedelta(minutes=given)))
        start = spans[-1][1]
    return tuple(spans)


def whole_minutes(span: tuple[datetime, datetime]) -> int:
    """How many whole minutes a call has to give."""
    return (span[1] - span[0]) // timedelta(microseconds=60 * SECOND)
