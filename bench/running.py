"""The parts of a run, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import perf_counter

from bench.measuring import Count, Measurement, duration, table
from bench.population import Size, populate
from bench.rollup import measure_rollup
from bench.scratch import loading, pointed_at, scratch_database

__all__ = ["PARTS", "run", "table"]

PARTS = ("rollup", "pages", "saving")
Say = Callable[[str], object]


def run(
    *, is_small: bool, parts: Sequence[str], database: str | None, at: datetime, say: Say
) -> list[Measurement | Count]:
    """Everything asked for, on rows made for it."""
    lines: list[Measurement | Count] = []
    last_month = at.date().replace(day=1)
    with pointed_at(database) if database else scratch_database() as name:
        if "rollup" in parts:
            lines += _rollup(name, last_month, at, is_small=is_small, say=say)
    return lines


def _rollup(name: str, last_month: date, at: datetime, *, is_small: bool, say: Say) -> list[Measurement]:
    size = Size(3, 20, 20, 2, last_month) if is_small else Size(200, 500, 20, 2, last_month)
    with loading(name) as admin:
        with _said(say, f"Writing {size.rows:,} time entries of {size.organizations} organizations"):
            populate(admin, size)
        with _said(say, "Rolling them up"):
            return measure_rollup(admin, size, at=at, rounds=1 if is_small else 3)


@contextmanager
def _said(say: Say, what: str) -> Iterator[None]:
    begins = perf_counter()
    say(what)
    yield
    say(f"  done in {duration(perf_counter() - begins)}")
