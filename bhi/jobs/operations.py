"""Queueing, claiming and finishing jobs. Postgres is the only truth about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F, Q

from bhi.jobs import registry
from bhi.jobs.doorbell import ring
from bhi.jobs.models import Job, JobState
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Organization

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 5
RESCAN_BATCH = 500


# A row already queued is locked, not left alone: a worker that would claim it waits for this transaction, and
# so sees what it wrote. DO NOTHING would let it run just before the commit, and the change would be missed.
_QUEUE = """
    INSERT INTO jobs_job (id, organization_id, kind, key, arguments, state, owner_id, queued_at, run_after, attempts,
                          error, progress_done, progress_total)
    VALUES (%s, %s, %s, %s, %s, 'queued', %s, %s, %s, 0, '', 0, 0)
    ON CONFLICT (organization_id, kind, key) WHERE state = 'queued' DO UPDATE SET queued_at = EXCLUDED.queued_at
    RETURNING id
"""


class LeaseLost(RuntimeError):
    """Another worker took this job over while it ran; what this one did is rolled back."""


@dataclass(frozen=True)
class Claimed:
    job: Job
    token: UUID


def queue(
    kind: str,
    *,
    organization_id: UUID,
    key: str,
    at: datetime,
    arguments: Mapping[str, Any] | None = None,
    owner: Membership | None = None,
    run_after: datetime | None = None,
) -> UUID:
    """Queue a job in the present transaction and ring after it commits. One already queued under `key` is enough.

    Returns the id of the queued job. Arguments are ids and months: they are shown to operators.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            [
                uuid7(),
                organization_id,
                kind,
                key,
                json.dumps(dict(arguments or {}), default=str),
                owner.id if owner else None,
                at,
                run_after or at,
            ],
        )
        (job_id,) = cursor.fetchone()
    transaction.on_commit(partial(ring, organization_id=organization_id, job_id=job_id), robust=True)
    return UUID(str(job_id))


def announce(fact: str, *, organization_id: UUID, at: datetime, **ids: Any) -> None:
    """Tell the apps above that something became so; those that subscribed queue their jobs."""
    for kind, work_of in registry.subscriptions_of(fact):
        for work in work_of(ids):
            queue(kind, organization_id=organization_id, key=work.key, arguments=work.arguments, at=at)


def run(*, organization_id: UUID, job_id: UUID, at: datetime) -> JobState | None:
    """Claim one job and run it. None when it is not there to be claimed: done, running elsewhere, not yet due."""
    claimed = _claim(organization_id=organization_id, job_id=job_id, at=at)
    if claimed is None:
        return None
    try:
        _perform(claimed, at=at)
    except Exception as fault:  # noqa: BLE001 - whatever it was, the row must say so
        log.warning(
            "job.failed",
            job_id=str(job_id),
            kind=claimed.job.kind,
            attempt=claimed.job.attempts,
            error=type(fault).__name__,
        )
        return _give_back(claimed, fault, at=at)
    return JobState.DONE


def rescan(*, at: datetime) -> int:
    """Ring for every job that is due but was never started, or whose worker has gone. Returns how many.

    Reads ids across organizations with the maintenance role, which may see nothing else of them.
    """
    with connections["maintenance"].cursor() as cursor:
        cursor.execute(
            "SELECT id, organization_id FROM jobs_job WHERE (state = 'queued' AND run_after <= %s) "
            "OR (state = 'running' AND lease_until < %s) ORDER BY run_after LIMIT %s",
            [at, at, RESCAN_BATCH],
        )
        due = cursor.fetchall()
    for job_id, organization_id in due:
        if not ring(organization_id=organization_id, job_id=job_id):
            break
    return len(due)


def queue_periodic(*, at: datetime) -> int:
    """Queue each repeating job of each organization once per period, however often and late this is called."""
    queued = 0
    for organization_id in Organization.objects.values_list("id", flat=True):
        with tenant(organization_id):
            for kind, period_of in registry.periodic_kinds():
                period = period_of(at)
                if period and not Job.objects.filter(organization_id=organization_id, kind=kind, key=period).exists():
                    queue(kind, organization_id=organization_id, key=period, at=at)
                    queued += 1
    return queued


def retry_dead(*, organization_id: UUID, job_id: UUID, at: datetime) -> bool:
    """Give a job that failed for good another five attempts. False when it is not one."""
    with tenant(organization_id):
        revived = Job.objects.filter(organization_id=organization_id, id=job_id, state=JobState.DEAD).update(
            state=JobState.QUEUED, attempts=0, run_after=at, error="", finished_at=None
        )
        if revived:
            transaction.on_commit(partial(ring, organization_id=organization_id, job_id=job_id), robust=True)
    return bool(revived)


def _claim(*, organization_id: UUID, job_id: UUID, at: datetime) -> Claimed | None:
    """Compare and swap: of any number of workers, one gets it."""
    token = uuid7()
    due = Q(state=JobState.QUEUED, run_after__lte=at) | Q(state=JobState.RUNNING, lease_until__lt=at)
    with tenant(organization_id):
        taken = Job.objects.filter(due, organization_id=organization_id, id=job_id).update(
            state=JobState.RUNNING, attempts=F("attempts") + 1, lease_until=at + LEASE, lease_token=token
        )
        if not taken:
            return None
        return Claimed(Job.objects.get(organization_id=organization_id, id=job_id), token)


def _perform(claimed: Claimed, *, at: datetime) -> None:
    """The handler and the mark that it is done are one transaction: both hold, or neither."""
    job = claimed.job
    from bhi.jobs.progress import Progress

    with Progress(job.organization_id, job.id, claimed.token) as progress, tenant(job.organization_id):
        registry.handler_of(job.kind)(
            registry.Run(job.id, job.organization_id, job.arguments, job.owner_id, at, progress.report)  # type: ignore[attr-defined]
        )
        _finish(claimed, at=at)


def _finish(claimed: Claimed, *, at: datetime) -> None:
    finished = _mine(claimed).update(state=JobState.DONE, finished_at=at, lease_until=None, error="")
    if not finished:
        raise LeaseLost


def _give_back(claimed: Claimed, fault: Exception, *, at: datetime) -> JobState:
    """Back into the queue with a growing delay, or a dead letter after five attempts."""
    job = claimed.job
    is_dead = job.attempts >= MOST_ATTEMPTS
    state = JobState.DEAD if is_dead else JobState.QUEUED
    delay = timedelta(seconds=10 * 3 ** (job.attempts - 1))
    with tenant(job.organization_id):
        try:
            with transaction.atomic():
                _mine(claimed).update(
                    state=state,
                    run_after=at + delay,
                    lease_until=None,
                    error=type(fault).__name__[:200],
                    finished_at=at if is_dead else None,
                )
        except IntegrityError:  # a newer one waits under the same key and will do the work
            _mine(claimed).update(state=JobState.DONE, lease_until=None, finished_at=at, error="Superseded")
            state = JobState.DONE
    return state


def _mine(claimed: Claimed) -> Any:
    job = claimed.job
    return Job.objects.filter(organization_id=job.organization_id, id=job.id, lease_token=claimed.token)
