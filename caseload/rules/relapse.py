"""T16: when a score says that a patient who had improved, or is in relapse prevention, is slipping back."""

from datetime import date

from caseload.rules.course import Point, Track
from caseload.rules.states import improvement_at


def best_before_last(track: Track) -> Point:
    """The lowest score before the last one; of equal ones the earliest. Needs two scores."""
    return min(track.points[:-1], key=lambda point: point.total)


def no_relapse_at(track: Track, best: int) -> int:
    """The highest total that is no relapse after a best score of `best`.

    A relapse lies above the best, and is elevated or a meaningful change above the best.
    """
    scale = track.instrument
    return max(best, min(scale.elevated_from, best + scale.meaningful_change) - 1)


def relapse_scores(track: Track, prevention_from: date | None) -> tuple[bool, ...]:
    """For each score of the track, whether it is a relapse score.

    It is one against the best before it, if either an elevated baseline had improved (T4) in between, or it
    is dated in relapse prevention.
    """
    best, had_improved = track.baseline.total, False
    flags = [False]
    for point in track.points[1:]:
        may_relapse = had_improved or (prevention_from is not None and point.on >= prevention_from)
        flags.append(may_relapse and point.total > no_relapse_at(track, best))
        best = min(best, point.total)
        had_improved |= track.is_elevated and point.total <= improvement_at(track)
    return tuple(flags)
