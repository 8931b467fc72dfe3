"""The parts of a run, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from time import perf_counter
from uuid import UUID

from django.urls import get_resolver

from bench.audit import Events, measure_audit, write_events
from bench.measuring import Count, Measurement, duration, table
from bench.outcomes import measure_dashboard, measure_nights
from bench.packet import measure_packet
from bench.pages import measure_lists, measure_pages, measure_sweep, prepare
from bench.population import Size, populate
from bench.rollup import measure_rollup
from bench.saving import measure_saving
from bench.scratch import loading, pointed_at, scratch_database
from bhi.tenancy.models import Organization

__all__ = ["PARTS", "run", "table"]

PARTS = ("rollup", "nights", "pages", "lists", "saving", "sweep", "packet", "dashboard", "audit")
# Parts of many organizations, and of all together; the others are of one large organization.
MANY, APART = frozenset({"rollup", "nights"}), frozenset({"audit"})
# Organizations, patients of each, entries of each patient, months that these lie in: a million entries over 100,000
# patients' months, or a handful.
LARGE, SMALL = (200, 500, 10, 1), (3, 20, 20, 2)
Say = Callable[[str], object]
Lines = Sequence[Measurement | Count]


@dataclass(frozen=True)
class Run:
    """How large a run is, and what it reckons from."""

    is_small: bool
    at: datetime
    say: Say
    entries: int | None = None

    @property
    def last_month(self) -> date:
        return self.at.date().replace(day=1)

    @property
    def rollup_size(self) -> Size:
        """What is rolled up: as many organizations as hold the entries asked for, each as large as ever."""
        organizations, patients, entries, months = SMALL if self.is_small else LARGE
        if self.entries is not None:
            organizations = max(1, round(self.entries / (patients * entries)))
        return Size(organizations, patients, entries, months, self.last_month)

    def rounds(self, many: int) -> int:
        return max(1, many // 20) if self.is_small else many


def run(
    *,
    is_small: bool,
    parts: Sequence[str],
    database: str | None,
    at: datetime,
    say: Say,
    entries: int | None = None,
) -> Iterator[Lines]:
    """Everything asked for, on rows made for it; each part as soon as it is known."""
    logging.disable(logging.INFO)  # a line per request would bury the table
    get_resolver("bench.urls").url_patterns  # noqa: B018 -- a fault there is better known before than after the rows
    this = Run(is_small, at, say, entries)
    with pointed_at(database) if database else scratch_database() as name:
        if MANY & set(parts):
            yield from _many(this, name, parts)
        if set(parts) - MANY - APART:
            yield from _one_organization(this, name, parts)
        if "audit" in parts:
            yield _audit(this, name)


def _many(this: Run, name: str, parts: Sequence[str]) -> Iterator[Lines]:
    """What is done for all organizations, one after the other."""
    size = this.rollup_size
    lines: Lines
    with loading(name) as admin:
        with _said(this.say, f"Writing {size.rows:,} time entries of {size.organizations} organizations"):
            populate(admin, size)
        if "rollup" in parts:
            with _said(this.say, "Rolling them up"):
                lines = measure_rollup(admin, size, at=this.at, rounds=this.rounds(3))
            yield lines
        if "nights" in parts:
            with _said(this.say, "Measuring two nights of outcomes"):
                lines = measure_nights(_organizations(size), at=this.at)
            yield lines


def _organizations(size: Size) -> list[UUID]:
    rows = Organization.objects.filter(slug__startswith=f"bench-{size.patients}-")
    return list(rows.values_list("id", flat=True))


def _audit(this: Run, name: str) -> Lines:
    """One organization beside all others, as busy as none will be."""
    events = Events(3000 if this.is_small else 10_000_000, this.at)
    with loading(name) as admin:
        with _said(this.say, f"Writing {events.count:,} events of the audit"):
            populate(admin, Size(1, 2000, 0, 1, this.last_month))
            organization = Organization.objects.get(slug="bench-2000-1")
            write_events(admin, organization, events)
        with _said(this.say, "Asking the audit"):
            return measure_audit(organization, events)


def _one_organization(this: Run, name: str, parts: Sequence[str]) -> Iterator[Lines]:
    """Pages and saving, in one large organization beside all the others."""
    size = Size(1, 120 if this.is_small else 10_000, 20, 2, this.last_month, with_charts=True)
    with loading(name) as admin, _said(this.say, f"Writing one organization with {size.patients:,} patients"):
        populate(admin, size)
        seat = prepare(Organization.objects.get(slug=f"bench-{size.patients}-1"), at=this.at)
    lines: Lines
    if "pages" in parts:
        with _said(this.say, "Opening its caseload"):
            lines = measure_pages(seat, patients=size.patients, rounds=this.rounds(60))
        yield lines
    if "lists" in parts:
        with _said(this.say, "Opening what a lead sees of everybody"):
            lines = measure_lists(seat.organization, patients=size.patients, rounds=this.rounds(9))
        yield lines
    if "saving" in parts:
        with _said(this.say, "Saving contacts"):
            lines = measure_saving(seat, at=this.at, rounds=this.rounds(100))
        yield lines
    if "packet" in parts:
        with _said(this.say, "Making a packet"):
            months, month = this.rounds(20), f"{this.last_month:%Y-%m}"
            lines = measure_packet(seat.organization, at=this.at, month=month, months=months, rounds=this.rounds(3))
        yield lines
    if "dashboard" in parts:
        with _said(this.say, "Measuring a year of outcomes, and opening its dashboard"):
            rounds = this.rounds(21)
            lines = measure_dashboard(seat.organization, at=this.at, patients=size.patients, rounds=rounds)
        yield lines
    if "sweep" in parts:
        with _said(this.say, "Sweeping two nights"):
            lines = measure_sweep(seat.organization, at=this.at)
        yield lines


@contextmanager
def _said(say: Say, what: str) -> Iterator[None]:
    begins = perf_counter()
    say(what)
    yield
    say(f"  done in {duration(perf_counter() - begins)}")
