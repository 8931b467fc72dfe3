"""Times, and how a measurement stands against its limit."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Measurement:
    """One line of the table: what was measured in seconds, its limit measured beside it, and the budget.

    With a limit the budget is a ratio to it, else seconds; None is told and held to nothing.
    """

    what: str
    seconds: float
    limit: float | None = None
    budget: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.seconds / self.limit

    @property
    def is_met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return (self.seconds if self.ratio is None else self.ratio) <= self.budget


@dataclass(frozen=True)
class Count:
    """A number held to a budget: statements, not time."""

    what: str
    counted: int
    budget: int
    note: str = ""

    @property
    def is_met(self) -> bool:
        return self.counted <= self.budget


@dataclass(frozen=True)
class Times:
    """How long the same thing took, again and again."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * 0.95))]

    def __str__(self) -> str:
        return f"p50 {duration(self.median)}, p95 {duration(self.p95)} of {len(self.seconds)}"


def seconds_of(work: Callable[[], object]) -> float:
    """How long one call takes."""
    begins = perf_counter()
    work()
    return perf_counter() - begins


def side_by_side(*works: Callable[[], object], rounds: int, warm: int = 3) -> list[Times]:
    """Each piece of work in turn, round after round, so that whatever disturbs one disturbs all."""
    for _ in range(warm):
        for work in works:
            work()
    times: list[list[float]] = [[] for _ in works]
    with _quiet():
        for _ in range(rounds):
            for own, work in zip(times, works, strict=True):
                own.append(seconds_of(work))
    return [Times(own) for own in times]


def duration(seconds: float) -> str:
    """In the unit in which people say it."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.001:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1_000_000:.0f} µs"


def table(lines: Sequence[Measurement | Count]) -> Iterator[str]:
    """The lines as text, under their heads."""
    rows = [("", "measured", "limit", "ratio", "budget", ""), *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(6)]
    for row, note in zip(rows, ("", *(line.note for line in lines)), strict=True):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
        if note:
            yield f"    {note}"


def _cells(line: Measurement | Count) -> tuple[str, str, str, str, str, str]:
    verdict = {None: "", True: "ok", False: "MISSED"}[line.is_met]
    if isinstance(line, Count):
        return line.what, str(line.counted), "", "", f"≤ {line.budget}", verdict
    ratio = "" if line.ratio is None else f"{line.ratio:.2f} ×"
    limit = "" if line.limit is None else duration(line.limit)
    return line.what, duration(line.seconds), limit, ratio, _budget(line), verdict


def _budget(line: Measurement) -> str:
    if line.budget is None:
        return ""
    return f"≤ {duration(line.budget)}" if line.limit is None else f"≤ {line.budget:g} ×"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the collector of garbage, which would strike one round and spare the next."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
