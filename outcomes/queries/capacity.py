"""An organization's own work, from its last measured months: what a plan of capacity begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, Sum

from outcomes.models import MeasuredEpisode, MeasuredMonth
from outcomes.queries.posts import full_time_posts
from outcomes.rules.capacity import own_minutes
from outcomes.rules.months import last_day_of

MONTHS: Final = 3
"""Averages rest on the last three months that are over."""

# Work of care managers and clinical staff by the day on which it began. Attempts and reviews are apart whenever they
# were; of the rest, what was done up to the day of the first contact is the initial work, also that of the two months
# before, and what came later is follow-up. Held entries count nowhere; chronic care management is another program's.
# First contacts and entries are put one under the other, so that nothing is joined by what Postgres knows nothing of.
_WORK: Final = """
WITH listed AS (
  SELECT episode_id, first_contact_on AS first_on, NULL AS activity, NULL::date AS day, NULL::numeric AS seconds
    FROM outcomes_measuredepisode
   WHERE organization_id = %(organization)s AND measured_id = ANY(%(editions)s) AND first_contact_on IS NOT NULL
   UNION ALL
  SELECT x.episode_id, NULL, x.activity, coalesce(x."on", (lower(x.span) AT TIME ZONE c.time_zone)::date),
         coalesce(x.seconds, extract(epoch FROM upper(x.span) - lower(x.span)))
    FROM caseload_timeentry x
    JOIN registry_episode e ON e.organization_id = x.organization_id AND e.id = x.episode_id
    JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
   WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND NOT x.held AND x.service <> 'ccm'
     AND x.role IN ('care_manager', 'clinical_staff')
     AND (x."on" >= %(before)s OR upper(x.span) > (%(before)s::date - 1)::timestamp AT TIME ZONE 'UTC')
), worked AS MATERIALIZED (
  SELECT episode_id, activity, day, seconds, min(first_on) OVER (PARTITION BY episode_id) AS first_on FROM listed
), sorted AS (
  SELECT CASE WHEN activity = 'case_review' THEN 'review'
              WHEN activity IN ('outreach_attempt', 'no_show') THEN 'attempt'
              WHEN first_on >= %(first)s AND day <= first_on THEN 'initial'
              ELSE 'follow_up' END AS kind, day, seconds
    FROM worked
   WHERE day BETWEEN %(before)s AND %(last)s
)
SELECT kind, floor(sum(seconds))::bigint, count(*)
  FROM sorted
 WHERE day >= %(first)s OR kind = 'initial'
 GROUP BY kind
UNION ALL
SELECT 'firsts', 0, count(DISTINCT episode_id)
  FROM worked
 WHERE activity IS NULL AND first_on BETWEEN %(first)s AND %(last)s
"""
_DAYS_BEFORE: Final = 60


@dataclass(frozen=True, slots=True)
class Average:
    """Minutes that a piece of work takes, on how many of them it rests; None of too few."""

    minutes: Decimal | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWork:
    """What happened in some months, the oldest first. `active` are those enrolled on the last one's last day,
    `carried` patients' months. `posts` None: nobody said how much of a post anybody works; `seats` said it.
    `contacts` are those after a patient's first, which is part of the work for a new patient.
    """

    months: tuple[date, ...] = ()
    posts: Decimal | None = None
    seats: int = 0
    active: int = 0
    carried: int = 0
    on_medicaid: int = 0
    new: int = 0
    left: int = 0
    contacts: int = 0
    attempts: int = 0
    initial: Average = Average(None, 0)
    contact: Average = Average(None, 0)
    attempt: Average = Average(None, 0)


def own_work(organization_id: UUID, editions: Mapping[date, MeasuredMonth], today: date) -> OwnWork:
    """From the last months that are over, else from the last one measured; `editions` are the newest of each month.

    Three statements.
    """
    over = sorted(month for month in editions if last_day_of(month) < today)
    months = tuple(over[-MONTHS:] or sorted(editions)[-1:])
    present = today.replace(day=1)
    posts = full_time_posts(organization_id, [present])[present]
    whole = sum(posts.values(), Decimal(0)) if posts else None
    if not months:
        return OwnWork(posts=whole, seats=len(posts))
    sums = _sums(organization_id, [editions[month] for month in months])
    last = sums[months[-1]]
    added = {name: sum(one[name] or 0 for one in sums.values()) for name in ("new", "left", "contacts", "attempts")}
    spent = _spent(organization_id, [editions[month].id for month in months], months)
    firsts = spent["firsts"][1]
    added["contacts"] = max(0, added["contacts"] - firsts)
    return OwnWork(
        months=months,
        posts=whole,
        seats=len(posts),
        active=last["active"],
        on_medicaid=last["on_medicaid"],
        carried=sum(one["carried"] for one in sums.values()),
        **added,
        initial=_average(spent["initial"][0], firsts),
        contact=_average(spent["follow_up"][0], added["contacts"]),
        attempt=_average(*spent["attempt"]),
    )


def _sums(organization_id: UUID, editions: Sequence[MeasuredMonth]) -> dict[date, dict[str, Any]]:
    month_of = {one.id: one.month for one in editions}
    rows = MeasuredEpisode.objects.filter(organization_id=organization_id, measured_id__in=list(month_of))
    found = rows.filter(is_in_month=True).order_by().values("measured_id").annotate(
        carried=Count("id"),
        active=Count("id", filter=Q(ended_on__isnull=True)),
        on_medicaid=Count("id", filter=Q(ended_on__isnull=True, is_medicaid=True)),
        new=Count("id", filter=Q(enrolled_on__gte=F("measured__month"))),
        left=Count("id", filter=Q(ended_on__isnull=False)),
        contacts=Sum("contacts"),
        attempts=Sum("attempts"),
    )  # fmt: skip
    nobody = dict.fromkeys(("carried", "active", "on_medicaid", "new", "left", "contacts", "attempts"), 0)
    counted: dict[date, dict[str, Any]] = {month_of[row["measured_id"]]: dict(row) for row in found}
    return {month: counted.get(month, nobody) for month in month_of.values()}


def _spent(organization_id: UUID, editions: Sequence[UUID], months: Sequence[date]) -> dict[str, tuple[int, int]]:
    values: dict[str, Any] = {
        "organization": organization_id,
        "editions": list(editions),
        "first": months[0],
        "last": last_day_of(months[-1]),
        "before": date.fromordinal(months[0].toordinal() - _DAYS_BEFORE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WORK, values)
        found = {kind: (seconds, count) for kind, seconds, count in cursor.fetchall()}
    return dict.fromkeys(("initial", "follow_up", "attempt", "review"), (0, 0)) | found


def _average(seconds: int, count: int) -> Average:
    return Average(own_minutes(seconds, count), count)
