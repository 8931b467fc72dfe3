"""How a patient responds: the tests on one scale, and the response state of an episode on a day."""

from collections.abc import Callable, Sequence
from datetime import date

from caseload.rules.course import EpisodeCourse, Point, Track, primary_track
from registry.rules.instruments import TargetScale

# The words are what other rooms store; the labels are for people.
STATE_LABELS = {
    "no_baseline": "No baseline yet",
    "not_elevated": "Baseline not elevated",
    "remission": "Remission",
    "response": "Response",
    "improved": "Improved",
    "worse": "Worse",
    "partial": "Partial change",
    "no_change": "No change",
}


def response_at(track: Track) -> int:
    """T3: the highest total that is a response, half of the baseline; exactly half counts."""
    return track.baseline.total // 2


def improvement_at(track: Track) -> int:
    """T4: the highest total that is an improvement: a response, or below the elevated cut.

    On a scale that counts points (PCL-5), that many below the baseline instead.
    """
    if track.instrument.improved_by is not None:
        return track.baseline.total - track.instrument.improved_by
    return max(response_at(track), track.instrument.elevated_from - 1)


def is_response(track: Track) -> bool:
    """T3 by the last score. Needs a score after the baseline."""
    return len(track.points) > 1 and track.last.total <= response_at(track)


def is_improvement(track: Track) -> bool:
    """T4 by the last score. Needs a score after the baseline."""
    return len(track.points) > 1 and track.last.total <= improvement_at(track)


def is_remission(track: Track) -> bool:
    """T5, T6: elevated at baseline, now below the scale's remission target."""
    return track.is_elevated and track.last.total < track.instrument.remission_below


def is_worse(track: Track) -> bool:
    """T9: up by a meaningful change since the baseline or since the score before."""
    step = track.instrument.meaningful_change
    return len(track.points) > 1 and any(
        track.last.total >= earlier.total + step for earlier in (track.baseline, track.points[-2])
    )


def is_meaningful_drop(track: Track) -> bool:
    """T7: down from the baseline by a meaningful change or more."""
    return track.baseline.total - track.last.total >= track.instrument.meaningful_change


def _is_low(track: Track) -> bool:
    return not track.is_elevated


# The first that holds is the state.
STATE_TESTS: tuple[tuple[str, Callable[[Track], bool]], ...] = (
    ("not_elevated", _is_low),
    ("remission", is_remission),
    ("response", is_response),
    ("improved", is_improvement),
    ("worse", is_worse),
    ("partial", is_meaningful_drop),
)


def state_of(track: Track) -> str:
    """The response state that one scale shows."""
    return next((word for word, holds in STATE_TESTS if holds(track)), "no_change")


def state_on(course: EpisodeCourse, on: date) -> str:
    """The episode's response state on `on`, by its primary scale of that day (a key of STATE_LABELS)."""
    primary = primary_track(course.tracks_on(on))
    return state_of(primary) if primary else "no_baseline"


def state_of_totals(scale: TargetScale, totals: Sequence[int]) -> str:
    """The response state that totals in order show; which days they are of makes no difference to it."""
    return state_of(Track(scale, tuple(Point(date.min, total) for total in totals)))
