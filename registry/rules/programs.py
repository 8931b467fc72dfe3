"""Which program an episode is in on a day."""

from collections.abc import Sequence
from datetime import date


def program_on(periods: Sequence[tuple[date, str]], day: date) -> str:
    """The program of the last period begun by `day`; before the first period that of the first, empty without any.

    `periods` are (from which day, program), the earliest first.
    """
    begun = [program for from_on, program in periods if from_on <= day]
    if begun:
        return begun[-1]
    return periods[0][1] if periods else ""
