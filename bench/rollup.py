"""The roll-up of all open months against the same range union as one hand-written statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import cycle
from time import perf_counter
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
from django.db import connections

from bench.measuring import Measurement, Times, duration, seconds_of
from bench.population import Size
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Organization
from billing.operations.service_months import refresh_service_month, refresh_service_months
from billing.queries.facts import EpisodeMonth, month_facts
from billing.queries.judging import judged_in_order
from caseload.models import TimeEntry

AT_A_TIME = 2
T = TypeVar("T")

# What somebody would write who only wants the seconds: clock time counted once per patient and month of the
# clinic's zone, plus what knows only its day. No consents, enrolments, kinds of work or walls.
UNION = """
SELECT count(*), sum(timed + untimed) FROM (
  SELECT t.organization_id, t.episode_id, m.month,
         coalesce((SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(range_agg(t.span * m.bounds)) r), 0)
           AS timed,
         coalesce(sum(t.seconds), 0) AS untimed
    FROM caseload_timeentry t
    JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
    JOIN (SELECT c.id AS clinic_id, c.organization_id, m::date AS month, (m + interval '1 month')::date AS next_month,
                 tstzrange(m AT TIME ZONE c.time_zone, (m + interval '1 month') AT TIME ZONE c.time_zone) AS bounds
            FROM tenancy_clinic c,
                 generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 month') m) AS m
      ON m.organization_id = e.organization_id AND m.clinic_id = e.clinic_id
     AND (t.span && m.bounds OR t."on" >= m.month AND t."on" < m.next_month)
   WHERE t.voided_at IS NULL AND NOT t.held
   GROUP BY t.organization_id, t.episode_id, m.month) AS months
"""


def measure_rollup(admin: psycopg.Connection, size: Size, *, at: datetime, rounds: int) -> list[Measurement]:
    """The roll-up of everything, the nightly one in which nothing changed, one changed month, and verdicts."""
    organizations = list(
        Organization.objects.filter(slug__startswith=f"bench-{size.patients}-").values_list("id", flat=True)
    )
    unions, rollups, quiet = [], [], []
    for _ in range(rounds):
        admin.execute("TRUNCATE billing_servicemonth")
        unions.append(seconds_of(lambda: _union(size)))
        rollups.append(seconds_of(lambda: roll_up(organizations, at=at)))
        admin.execute("VACUUM ANALYZE billing_servicemonth")
        quiet.append(seconds_of(lambda: roll_up(organizations, at=at)))
    limit = Times(unions).median
    return [
        Measurement(
            "roll-up of all open months, every row written",
            Times(rollups).median,
            limit,
            2,
            f"{size.rows:,} entries of {size.organizations} organizations, open months: {size.months}, "
            f"{AT_A_TIME} organizations at a time; limit: the range union of the same rows as one SELECT by bhi_owner",
        ),
        Measurement("the same again, nothing changed", Times(quiet).median, limit, 2, "what the nightly job does"),
        _changed_month(organizations, at=at, rounds=max(10, rounds * 20)),
        _verdicts(organizations, size),
    ]


def roll_up(organizations: Sequence[UUID], *, at: datetime) -> int:
    """As the worker does it: each organization in its tenant, two at a time. Postgres plans the union for as many."""
    with ThreadPoolExecutor(AT_A_TIME) as workers:
        parts = [organizations[start::AT_A_TIME] for start in range(AT_A_TIME)]
        return sum(workers.map(lambda part: _in_turn(part, at=at), parts))


def _in_turn(organizations: Sequence[UUID], *, at: datetime) -> int:
    written = 0
    try:
        for organization_id in organizations:
            with tenant(organization_id):
                written += refresh_service_months(organization_id=organization_id, at=at)
    finally:
        connections.close_all()  # this thread's own
    return written


def _union(size: Size) -> None:
    first = (size.last_month.year * 12 + size.last_month.month - 1) - (size.months - 1)
    values = {"first": size.last_month.replace(year=first // 12, month=first % 12 + 1), "last": size.last_month}
    with connections["owner"].cursor() as cursor:
        cursor.execute(UNION, values)
        cursor.fetchall()


def _changed_month(organizations: Sequence[UUID], *, at: datetime, rounds: int) -> Measurement:
    """One more minute in an organization, another one each time, and its month refreshed in a transaction."""
    turns = cycle(organizations)

    def changed() -> tuple[UUID, UUID]:
        organization_id = next(turns)
        with tenant(organization_id):
            rows = TimeEntry.objects.live().filter(organization_id=organization_id, activity="treatment")
            entry = rows.order_by("?")[:1].get()
            entry.id, entry.client_token = uuid7(), uuid4()
            entry.span, entry.on, entry.seconds = None, at.date().replace(day=1), 60
            entry.save(force_insert=True)
        return organization_id, entry.episode_id

    def refresh(organization_id: UUID, episode_id: UUID) -> None:
        with tenant(organization_id):
            refresh_service_month(organization_id=organization_id, at=at, episode_id=episode_id)

    pairs = [changed() for _ in range(rounds)]
    times = Times([seconds_of(partial(refresh, *pair)) for pair in pairs])
    return Measurement("one changed month refreshed", times.median, budget=0.010, note=f"{times}, commit included")


def _verdicts(organizations: Sequence[UUID], size: Size) -> Measurement:
    """Every month of every organization read and judged, in turn; of the first once before, to be warm."""
    until = f"{size.last_month:%Y-%m}"
    count, reading, times = 0, 0.0, []
    for organization_id in (organizations[0], *organizations):
        with tenant(organization_id):
            patients, seconds = _timed(partial(_read, organization_id, until))
        judging = seconds_of(partial(_judge, patients))
        months = sum(len(of_patient) for of_patient in patients)
        times.append(judging / months)
        count, reading = count + months, reading + seconds
    note = (
        f"{count:,} months of {len(organizations)} organizations judged in turn, {Times(times[1:])} by organization; "
        f"reading their facts took {duration(reading)}"
    )
    return Measurement("one verdict", Times(times[1:]).median, budget=0.000_100, note=note)


def _read(organization_id: UUID, until: str) -> list[list[EpisodeMonth]]:
    return list(month_facts(organization_id, until=until).values())


def _judge(patients: Sequence[Sequence[EpisodeMonth]]) -> None:
    for months in patients:
        for _ in judged_in_order(months):
            pass


def _timed(read: Callable[[], T]) -> tuple[T, float]:
    """What was read, and how long it took."""
    begins = perf_counter()
    found = read()
    return found, perf_counter() - begins
