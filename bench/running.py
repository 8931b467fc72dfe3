"""The parts of a run, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from time import perf_counter

from bench.measuring import Count, Measurement, duration, table
from bench.pages import measure_pages, prepare
from bench.population import Size, populate
from bench.rollup import measure_rollup
from bench.saving import measure_saving
from bench.scratch import loading, pointed_at, scratch_database
from bhi.tenancy.models import Organization

__all__ = ["PARTS", "run", "table"]

PARTS = ("rollup", "pages", "saving")
# Organizations, patients of each, entries of each patient, months that these lie in.
LARGE, SMALL = (200, 500, 20, 1), (3, 20, 20, 2)
Say = Callable[[str], object]


def run(
    *, is_small: bool, parts: Sequence[str], database: str | None, at: datetime, say: Say
) -> list[Measurement | Count]:
    """Everything asked for, on rows made for it."""
    logging.disable(logging.INFO)  # a line per request would bury the table
    lines: list[Measurement | Count] = []
    last_month = at.date().replace(day=1)
    with pointed_at(database) if database else scratch_database() as name:
        if "rollup" in parts:
            lines += _rollup(name, SMALL if is_small else LARGE, last_month, at, rounds=1 if is_small else 3, say=say)
        if "pages" in parts or "saving" in parts:
            lines += _one_organization(name, parts, last_month, at, is_small=is_small, say=say)
    return lines


def _rollup(
    name: str, shape: tuple[int, int, int, int], last_month: date, at: datetime, *, rounds: int, say: Say
) -> list[Measurement]:
    size = Size(*shape, last_month)
    with loading(name) as admin:
        with _said(say, f"Writing {size.rows:,} time entries of {size.organizations} organizations"):
            populate(admin, size)
        with _said(say, "Rolling them up"):
            return measure_rollup(admin, size, at=at, rounds=rounds)


def _one_organization(
    name: str, parts: Sequence[str], last_month: date, at: datetime, *, is_small: bool, say: Say
) -> Iterator[Measurement | Count]:
    """Pages and saving, in one large organization beside all the others."""
    size = Size(1, 120 if is_small else 10_000, 20, 2, last_month, with_charts=True)
    with loading(name) as admin, _said(say, f"Writing one organization with {size.patients:,} patients"):
        populate(admin, size)
        seat = prepare(Organization.objects.get(slug=f"bench-{size.patients}-1"), at=at)
    if "pages" in parts:
        with _said(say, "Opening its caseload"):
            yield from measure_pages(seat, patients=size.patients, rounds=5 if is_small else 60)
    if "saving" in parts:
        with _said(say, "Saving contacts"):
            yield from measure_saving(seat, at=at, rounds=5 if is_small else 100)


@contextmanager
def _said(say: Say, what: str) -> Iterator[None]:
    begins = perf_counter()
    say(what)
    yield
    say(f"  done in {duration(perf_counter() - begins)}")
