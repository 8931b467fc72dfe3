"""Outcomes: a dashboard of a large organization, and a night's measuring of many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.measuring import Count, Measurement, Times, duration, seconds_of, side_by_side
from bench.pages import AUDIT_QUERIES, OWN_QUERIES, getter, signed_in, statements_of
from bhi.accounts.operations import add_member, find_or_add_person
from bhi.accounts.queries import system_membership
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization, Role
from outcomes.operations.measuring import measure_month, measure_months
from outcomes.queries.dashboard import MONTHS_SHOWN, dashboard
from outcomes.queries.measured import measured_months
from outcomes.rules.months import month_before

# Every fact of a month is gathered, replaced and held by its keys, organization by organization.
NIGHT_BUDGET = 25
# What somebody would write who only wants last night's sums: per enrolment and month days of contact, seconds, first
# and last score. No payers, programs, reviews, papers, walls, or money; nothing that was there before is replaced.
PLAIN = """
CREATE TEMP TABLE bench_night AS
SELECT e.organization_id, e.id AS episode_id, m.month, w.days, w.seconds, s.scores, s.first_total, s.last_total
  FROM registry_episode e
 CROSS JOIN unnest(%(months)s::date[]) AS m(month)
  LEFT JOIN (SELECT episode_id, date_trunc('month', lower(span))::date AS month,
                    count(DISTINCT lower(span)::date) AS days,
                    sum(extract(epoch FROM upper(span) - lower(span))) AS seconds
               FROM caseload_timeentry WHERE voided_at IS NULL AND span IS NOT NULL
              GROUP BY 1, 2) AS w ON w.episode_id = e.id AND w.month = m.month
  LEFT JOIN (SELECT episode_id, count(*) AS scores, (array_agg(total ORDER BY "on"))[1] AS first_total,
                    (array_agg(total ORDER BY "on" DESC))[1] AS last_total
               FROM registry_assessment WHERE voided_at IS NULL AND instrument = 'phq9'
              GROUP BY 1) AS s ON s.episode_id = e.id
 WHERE e.voided_at IS NULL AND e.enrolled_on < (m.month + interval '1 month')
"""


def measure_dashboard(
    organization: Organization, *, at: datetime, patients: int, rounds: int
) -> list[Measurement | Count]:
    """A lead opens the dashboard of the present month, with a year of months behind it."""
    month = at.date().replace(day=1)
    with tenant(organization):
        writing = [seconds_of(partial(_month, organization.id, one, at)) for one in _year(month)]
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE outcomes_measuredepisode, outcomes_measuredmonth")
    asking = Times([_in_database(organization, month) for _ in range(rounds)])
    user = find_or_add_person(email=f"outcomes.{organization.slug}@bench.example", name="Lead")
    seat = add_member(organization=organization, user=user, name="Lead", roles=[Role.CLINIC_LEAD])
    with signed_in(seat) as client:
        urls = [reverse(name, args=[organization.slug]) for name in ("bench_empty", "outcomes")]
        pages = [getter(client, url) for url in urls]
        _, page = side_by_side(*pages, rounds=rounds, warm=1)
        in_frame, own = map(statements_of, pages)
    of = f"{patients:,} patients, {MONTHS_SHOWN} months"
    return [
        Measurement(
            "a month measured", Times(writing).median, budget=10, note=f"{patients:,} patients; {Times(writing)}"
        ),
        Measurement("dashboard, time in the database", asking.median, budget=1, note=f"{of}; {asking}"),
        Measurement("dashboard, the page", page.median, note=str(page)),
        Count("statements of the dashboard", own - in_frame - AUDIT_QUERIES, OWN_QUERIES),
    ]


def measure_nights(organizations: Sequence[UUID], *, at: datetime) -> list[Measurement]:
    """Every organization's night in one run: the first, which goes back to its first patient, and the next one."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    first = seconds_of(partial(_nights, organizations, at))
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE outcomes_measuredepisode")
    each = Times([seconds_of(partial(_nights, [one], at)) for one in organizations])
    night = sum(each.seconds)
    months = _months_of_a_night(organizations[0], at)
    limit = seconds_of(partial(_plain, months))
    what = f"{len(organizations)} organizations, {len(months)} open months"
    note = f"{what}; each {each}, {duration(max(each.seconds))} at most"
    return [
        Measurement("a first night of outcomes", first, note=f"{len(organizations)} organizations"),
        Measurement(
            "a night of outcomes", night, limit, NIGHT_BUDGET, f"{note}; limit: some sums of all as one statement"
        ),
    ]


def _year(month: date) -> list[date]:
    return [month_before(month, back) for back in reversed(range(MONTHS_SHOWN))]


def _month(organization_id: UUID, month: date, at: datetime) -> None:
    measure_month(organization_id=organization_id, month=month, by=system_membership(organization_id), at=at)


def _in_database(organization: Organization, month: date) -> float:
    with tenant(organization), CaptureQueriesContext(connection) as asked:
        editions = measured_months(organization.id, _year(month))
        dashboard(organization.id, month, editions, sees_money=True)
    return sum(float(query["time"]) for query in asked.captured_queries)


def _nights(organizations: Sequence[UUID], at: datetime) -> None:
    for organization_id in organizations:
        with tenant(organization_id):
            by = system_membership(organization_id)
            measure_months(organization_id=organization_id, by=by, at=at, today=at.date())


def _months_of_a_night(organization_id: UUID, at: datetime) -> list[date]:
    with tenant(organization_id):
        return [month for month, head in measured_months(organization_id).items() if head.frozen_at is None]


def _plain(months: Sequence[date]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(PLAIN, {"months": list(months)})
        cursor.execute("DROP TABLE bench_night")
