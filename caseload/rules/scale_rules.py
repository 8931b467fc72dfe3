"""The rules that look at one scale: for each, the days on which it holds by that scale's scores."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

from caseload.rules.course import Point, Track
from caseload.rules.days import NO_DAYS, Days, Span, after
from caseload.rules.facts import Facts
from caseload.rules.relapse import relapse_scores
from caseload.rules.states import is_improvement, is_response, is_worse

ScaleRule = Callable[[Facts, Track], Days]


def _when(track: Track, holds: Callable[[Track], bool]) -> Days:
    return Days.union(days for days, known in track.stages if holds(known))


def _not_improved(track: Track) -> Days:
    return _when(track, lambda known: not is_improvement(known))


def worsening(_facts: Facts, track: Track) -> Days:
    """T9: a meaningful change up since the baseline or since the score before."""
    return _when(track, is_worse)


def non_responder_week_8(facts: Facts, track: Track) -> Days:
    """T10: no improvement (T4) from day 56 on, whatever the baseline."""
    return facts.from_day(facts.limits.week_8_days) & _not_improved(track)


def non_responder(facts: Facts, track: Track) -> Days:
    """T11: elevated at baseline and no improvement (T4) from day 70 on."""
    if not track.is_elevated:
        return NO_DAYS
    return facts.from_day(facts.limits.non_responder_days) & _not_improved(track)


def change_of_plan_due(facts: Facts, track: Track) -> Days:
    """T12: elevated at baseline and no response (T3) from day 70 of enrolment on; no new plan resets it."""
    if not track.is_elevated:
        return NO_DAYS
    no_response = _when(track, lambda known: not is_response(known))
    return facts.from_day(facts.limits.change_of_plan_days) & no_response


def stalled(facts: Facts, track: Track) -> Days:
    """T13 over 84 days."""
    return _stalled_over(track, facts.limits.stalled_days)


def stalled_watch(facts: Facts, track: Track) -> Days:
    """T13 over 56 days."""
    return _stalled_over(track, facts.limits.stalled_watch_days)


def _stalled_over(track: Track, window: int) -> Days:
    """T13: elevated, not improved, and less than a meaningful change below R.

    R is the latest score dated `window` days back or more, and L is dated after it. That L may be old: a
    stale score does not hide a stall.
    """
    compared = [
        (earlier.total, after(earlier.on, window), after(later.on, window))
        for earlier, later in pairwise(_last_of_each_day(track))
    ]
    return Days.of(
        (max(start, known_from), min(end, known_until))
        for before, ((known_from, known_until), known) in enumerate(_stage_spans(track))
        if known.last.total >= known.instrument.elevated_from and not is_improvement(known)
        for total, start, end in compared[:before]
        if total - known.last.total < known.instrument.meaningful_change
        if start < known_until and known_from < end
    )


def _stage_spans(track: Track) -> Iterator[tuple[Span, Track]]:
    return ((days.spans[0], known) for days, known in track.stages)


def _last_of_each_day(track: Track) -> list[Point]:
    return list({point.on: point for point in track.points}.values())


def stalled_against(track: Track, on: date, window: int) -> Point:
    """R of T13 on `on`: the score that the last one is compared with. Needs a scale stalled on that day."""
    return [point for point in track.points if after(point.on, window) <= on][-1]


def relapse(facts: Facts, track: Track) -> Days:
    """T16: the last score is a relapse score."""
    return _when_relapsed(facts, track, last_scores=1)


def relapse_confirmed(facts: Facts, track: Track) -> Days:
    """T16: the last two scores are relapse scores."""
    return _when_relapsed(facts, track, last_scores=2)


def _when_relapsed(facts: Facts, track: Track, last_scores: int) -> Days:
    flags = relapse_scores(track, facts.course.relapse_prevention_from)
    return Days.union(
        days for days, known in track.stages if all(flags[max(len(known.points) - last_scores, 0) : len(known.points)])
    )
