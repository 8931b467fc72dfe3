"""When a screen locks and a session ends: to the second."""

import pytest

from bhi.accounts.locking import Standing, Watch, locks_at, standing

MINUTE, HOUR = 60, 3600
BEGAN = 1_000_000


@pytest.mark.parametrize(
    ("watch", "after", "expected"),
    [
        (Watch(BEGAN, BEGAN), 14 * MINUTE + 59, Standing.OPEN),
        (Watch(BEGAN, BEGAN), 15 * MINUTE, Standing.LOCKED),
        (Watch(BEGAN, BEGAN), 15 * MINUTE + 1, Standing.LOCKED),
        # something done after ten minutes
        (Watch(BEGAN, BEGAN + 10 * MINUTE), 24 * MINUTE + 59, Standing.OPEN),
        (Watch(BEGAN, BEGAN + 10 * MINUTE), 25 * MINUTE, Standing.LOCKED),
        # a call marked by a timer, without an end
        (Watch(BEGAN, BEGAN, BEGAN + 12 * HOUR), 29 * MINUTE + 59, Standing.OPEN),
        (Watch(BEGAN, BEGAN, BEGAN + 12 * HOUR), 30 * MINUTE, Standing.LOCKED),
        # "still on a call" pressed: half an hour from there, and no longer than fifteen minutes after it is over
        (Watch(BEGAN, BEGAN, BEGAN + 30 * MINUTE), 29 * MINUTE + 59, Standing.OPEN),
        (Watch(BEGAN, BEGAN, BEGAN + 30 * MINUTE), 30 * MINUTE, Standing.LOCKED),
        (Watch(BEGAN, BEGAN + 20 * MINUTE, BEGAN + 30 * MINUTE), 34 * MINUTE + 59, Standing.OPEN),
        (Watch(BEGAN, BEGAN + 20 * MINUTE, BEGAN + 30 * MINUTE), 35 * MINUTE, Standing.LOCKED),
        # a call that ended long ago takes nothing away
        (Watch(BEGAN, BEGAN + HOUR, BEGAN + 30 * MINUTE), HOUR + 14 * MINUTE + 59, Standing.OPEN),
        # locked by hand, also right after something was done
        (Watch(BEGAN, BEGAN + 60, locked_at=BEGAN + 61), 62, Standing.LOCKED),
        # where an organization chose five minutes; a marked call waits as long as ever
        (Watch(BEGAN, BEGAN, idle=5 * MINUTE), 5 * MINUTE - 1, Standing.OPEN),
        (Watch(BEGAN, BEGAN, idle=5 * MINUTE), 5 * MINUTE, Standing.LOCKED),
        (Watch(BEGAN, BEGAN, BEGAN + 12 * HOUR, idle=5 * MINUTE), 29 * MINUTE + 59, Standing.OPEN),
        # twelve hours are twelve hours, whatever is done, on a call or locked
        (Watch(BEGAN, BEGAN + 12 * HOUR - 1), 12 * HOUR - 1, Standing.OPEN),
        (Watch(BEGAN, BEGAN + 12 * HOUR - 1), 12 * HOUR, Standing.OVER),
        (Watch(BEGAN, BEGAN + 12 * HOUR - 1, BEGAN + 13 * HOUR), 12 * HOUR, Standing.OVER),
        (Watch(BEGAN, BEGAN, locked_at=BEGAN + 61), 12 * HOUR, Standing.OVER),
    ],
)
def test_standing(watch, after, expected):
    assert standing(watch, BEGAN + after) is expected


def test_a_clock_that_was_set_back_locks_nothing():
    assert standing(Watch(BEGAN, BEGAN), BEGAN - HOUR) is Standing.OPEN


def test_locking_names_its_second():
    assert locks_at(Watch(BEGAN, BEGAN + 5)) == BEGAN + 5 + 15 * MINUTE
    assert locks_at(Watch(BEGAN, BEGAN, locked_at=BEGAN + 7)) == BEGAN + 7
