"""The nightly look at every open episode: which signals began, and whether what is stored is what the facts say."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from caseload.rules.course import EpisodeCourse
from caseload.rules.signals import SignalSpan, signal_spans

Stored = Mapping[str, Any]


def spans_to_announce(course: EpisodeCourse, *, swept_on: date | None, today: date) -> tuple[SignalSpan, ...]:
    """Every run of a signal that stands today, and those that began and ended since the last sweep.

    `swept_on` is the clinic's day of that sweep; None where there was none.
    """
    from_on = today if swept_on is None else min(swept_on + timedelta(days=1), today)
    return tuple(span for span in signal_spans(course, from_on, today + timedelta(days=1)) if span.begins_on <= today)


def says(signals: Iterable[Stored], today: date) -> list[tuple[str, str, str | None, str | None]]:
    """What stored signals say of today and the days to come: each run, and until when it was put off.

    What passed says nothing any more. The facts behind a signal are looked up as of the day of storing.
    """
    now = today.isoformat()
    told = (
        (one["word"], one["since"], one["until"], one["put_off"] if (one.get("put_off") or now) > now else None)
        for one in signals
        if one["until"] is None or now < one["until"]
    )
    return sorted(told, key=lambda run: (run[0], run[1]))
