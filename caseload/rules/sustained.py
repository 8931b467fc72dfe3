"""Since when a scale has been improved without a break: what relapse prevention and graduation rest on."""

from datetime import date

from caseload.rules.course import Track
from caseload.rules.states import improvement_at


def improved_from(track: Track) -> date | None:
    """The first of the improved scores (T4) up to the last one without a break; None where the last is none.

    The baseline itself is no improvement. Remission (T5) lies within T4.
    """
    since = None
    for point in reversed(track.points[1:]):
        if point.total > improvement_at(track):
            break
        since = point.on
    return since
