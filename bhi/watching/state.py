"""Figures of what is kept rather than counted: jobs that wait, the audit's seals, the newest backup.

Read where the maintenance role is: beside the worker, never in web.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bhi.audit.models import AuditSeal
from bhi.backups.drill import backups_in
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization

_JOBS: Final = """
    SELECT kind, state, count(*),
           extract(epoch FROM %(at)s - least(%(at)s, min(run_after) FILTER (WHERE state = 'queued'))),
           count(*) FILTER (WHERE state = 'running' AND lease_until < %(at)s)
    FROM jobs_job WHERE state <> 'done' GROUP BY kind, state
"""
# Each organization is asked for its newest seal, so not at every scrape.
_SEALS_ASKED_EVERY: Final = 300.0


class State(Collector):
    """One reading at each scrape. With the database away there is one figure, which says so."""

    def __init__(self) -> None:
        self._seals: tuple[float, float | None] = (float("-inf"), None)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        at = timezone.now()
        try:
            found = [*_jobs(at), *self._sealed(at)]
        except DatabaseError:
            return [_one("bhi_database_up", "Whether Postgres answers", 0), *_backup(at)]
        finally:
            connections.close_all()
        return [_one("bhi_database_up", "Whether Postgres answers", 1), *found, *_backup(at)]

    def _sealed(self, at: datetime) -> list[Metric]:
        asked_at, age = self._seals
        if time.monotonic() - asked_at > _SEALS_ASKED_EVERY:
            age = _seal_age(at)
            self._seals = (time.monotonic(), age)
        text = "Since the end of the last sealed day of the organization whose audit was sealed longest ago"
        return [] if age is None else [_one("bhi_audit_seal_age_seconds", text, age)]


def _jobs(at: datetime) -> list[Metric]:
    counts = GaugeMetricFamily("bhi_jobs", "Jobs that are not done", labels=["kind", "state"])
    oldest = GaugeMetricFamily("bhi_job_oldest_due_seconds", "How long the oldest has been due", labels=["kind"])
    expired = GaugeMetricFamily("bhi_jobs_lease_expired", "Running, but their worker has gone", labels=["kind"])
    with connections["maintenance"].cursor() as cursor:
        cursor.execute(_JOBS, {"at": at})
        for kind, state, count, due, gone in cursor.fetchall():
            counts.add_metric([kind, state], count)
            if state == "queued":
                oldest.add_metric([kind], float(due))
            if state == "running":
                expired.add_metric([kind], gone)
    return [counts, oldest, expired]


def _seal_age(at: datetime) -> float | None:
    """None where nothing was ever sealed."""
    ages = []
    for organization in Organization.objects.values_list("id", flat=True):
        with tenant(organization):
            seals = AuditSeal.objects.filter(organization_id=organization)
            day = seals.order_by("-number").values_list("day", flat=True).first()
        if day is not None:
            ages.append((at - datetime.combine(day + timedelta(days=1), clock(), UTC)).total_seconds())
    return max(ages, default=None)


def _backup(at: datetime) -> list[Metric]:
    """None where no folder is named; where it is empty, the age is that of the epoch, which alarms."""
    if not settings.BACKUPS:
        return []
    newest = max((path.stat().st_mtime for path in backups_in(settings.BACKUPS)), default=0.0)
    return [_one("bhi_backup_age_seconds", "Since the newest finished backup", at.timestamp() - newest)]


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
