"""Identifiers that sort by the time they were made and reveal nothing else."""

import secrets
import threading
import time
import uuid

_making = threading.Lock()
_latest = (0, 0)


def uuid7() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 12 of their fraction, then random bits.

    Rows made together lie together in an index, and those of one process in the order in which they were made; no
    sequence tells one tenant how much another one does.
    """
    milliseconds, fraction = _instant()
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= fraction << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return uuid.UUID(int=value)


def _instant() -> tuple[int, int]:
    """Milliseconds and 4096ths of one, later than the last where it is still the same millisecond."""
    global _latest  # noqa: PLW0603 -- the order within a process is the process's own
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    with _making:
        if milliseconds == _latest[0]:
            fraction = min(max(fraction, _latest[1] + 1), 4095)
        _latest = milliseconds, fraction
    return milliseconds, fraction


# The same made by Postgres (15 or newer), for rows that one statement writes by the thousand: a random UUID of
# version 4 with the milliseconds put in front and the version raised to 7.
SQL_UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid"""
