"""The processes that one `./dev` runs beside itself: started together, ended together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bhi.local.saying import say, warn

SECONDS_TO_END = 10
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Someone asked this command to end: Ctrl-C, a closed terminal, or a polite kill."""


@dataclass(frozen=True)
class Child:
    """One running process with its name for people."""

    name: str
    process: subprocess.Popen[bytes]


@dataclass
class Children:
    """The running processes of this command, each the leader of its own group."""

    running: list[Child] = field(default_factory=list)

    def start(
        self, name: str, command: Sequence[str | Path], *, folder: Path, environ: Mapping[str, str],
        handles: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """Start a process in a group of its own, so that Ctrl-C reaches it through us and in order."""
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, pass_fds=handles,
            start_new_session=True, preexec_fn=end_with_parent(),  # noqa: PLW1509 -- this command has no threads
        )  # fmt: skip
        self.running.append(Child(name, process))

    def first_dead(self) -> Child | None:
        """A process that ended by itself, if any did."""
        return next((child for child in self.running if child.process.poll() is not None), None)

    def end(self) -> None:
        """Ask every group to end, wait, then insist. Groups of processes that died are ended too."""
        for child in reversed(self.running):
            signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_END
        for child in self.running:
            if not ends_before(child, deadline):
                warn(f"The {child.name} did not end by itself within {SECONDS_TO_END} seconds: killed")
            signal_group(child, signal.SIGKILL)
            child.process.wait()
        self.running.clear()


def ends_before(child: Child, deadline: float) -> bool:
    try:
        child.process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def signal_group(child: Child, number: int) -> None:
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end_with_parent() -> Callable[[], None] | None:
    """What a child does first on Linux: ask the kernel for SIGTERM should we be killed outright."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    set_parent_death_signal = 1

    def ask_kernel() -> None:
        library.prctl(set_parent_death_signal, int(signal.SIGTERM))

    return ask_kernel


@contextmanager
def endable() -> Iterator[None]:
    """Inside, the signals that end a command raise Ended; once, for what follows is tidying up."""
    before = {number: signal.signal(number, raise_ended) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_endings() -> None:
    """From here on this command only tidies up, which another Ctrl-C must not cut short."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def raise_ended(number: int, _: FrameType | None) -> None:
    ignore_endings()
    say("Stopping" if number == signal.SIGINT else f"Stopping ({signal.Signals(number).name})")
    raise Ended
