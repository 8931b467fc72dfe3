"""One command at a time sets up a checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bhi.local.saying import say


@contextmanager
def locked(path: Path, *, waiting: str = "Waiting for another command in this checkout") -> Iterator[None]:
    """Hold the lock file; wait, saying so, while another process does. It is free when its holder dies."""
    handle = open_lock(path)
    try:
        if not taken(handle):
            say(waiting)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """Open a lock file, making it when missing; children do not inherit it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def taken(handle: int) -> bool:
    """Take the lock at once, or say that someone else has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
