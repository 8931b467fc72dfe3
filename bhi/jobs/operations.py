"""Queueing, claiming and finishing jobs. Postgres is the only truth about them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F, Q

from bhi.jobs import registry
from bhi.jobs.doorbell import ring
from bhi.jobs.models import Job, JobState
from bhi.jobs.progress import LEASE, Progress
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Organization
from bhi.watching.errors import report
from bhi.watching.figures import JOB_RUNS, JOB_SECONDS

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5
RESCAN_BATCH = 500
RESCAN_RING_SECONDS = 60
JOB_TIMEOUT = "300s"  # Celery's own limit; what a request may take is far less

# A row already queued is locked, not left alone: a worker that would claim it waits for this transaction, and
# so sees what it wrote. DO NOTHING would let it run just before the commit, and the change would be missed.
# New work does not wait for the delay of an earlier failure.
_QUEUE = """
    INSERT INTO jobs_job (id, organization_id, kind, key, arguments, state, owner_id, queued_at, run_after, attempts,
                          error, progress_done, progress_total)
    VALUES (%s, %s, %s, %s, %s, 'queued', %s, %s, %s, 0, '', 0, 0)
    ON CONFLICT (organization_id, kind, key) WHERE state = 'queued' DO UPDATE
        SET queued_at = EXCLUDED.queued_at, run_after = least(jobs_job.run_after, EXCLUDED.run_after)
    RETURNING id
"""

_DUE = """
    SELECT id, organization_id FROM jobs_job
    WHERE (state = 'queued' AND run_after <= %(at)s) OR (state = 'running' AND lease_until < %(at)s)
    ORDER BY run_after LIMIT %(most)s
"""


class LeaseLost(RuntimeError):
    """Another worker took this job over while it ran; what this one did is rolled back."""


@dataclass(frozen=True)
class Claimed:
    """A job that this worker holds for as long as the row carries `token`."""

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
    values: list[Any] = [
        uuid7(),
        organization_id,
        kind,
        key,
        json.dumps(dict(arguments or {}), default=str),
        owner.id if owner else None,
        at,
        run_after or at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, values)
        job_id = UUID(str(cursor.fetchone()[0]))
    _ring_after_commit(organization_id, job_id)
    return job_id


def announce(fact: str, *, organization_id: UUID, at: datetime, **ids: Any) -> None:
    """Tell the apps above that something became so; those that subscribed queue their jobs.

    Jobs are queued in order of kind and key, so that two writers who announce the same things lock their rows in
    the same order.
    """
    works = [(kind, work) for kind, work_of in registry.subscriptions_of(fact) for work in work_of(ids)]
    for kind, work in sorted(works, key=lambda pair: (pair[0], pair[1].key)):
        queue(kind, organization_id=organization_id, key=work.key, arguments=work.arguments, at=at)


def run(*, organization_id: UUID, job_id: UUID, at: datetime) -> JobState | None:
    """Claim one job and run it; returns what became of it.

    None when it is not there to be claimed: done, running elsewhere, or not yet due.
    """
    claimed = _claim(organization_id=organization_id, job_id=job_id, at=at)
    if claimed is None:
        return None
    job, began = claimed.job, time.perf_counter()
    if job.attempts > MOST_ATTEMPTS:
        return _counted(job, _give_up(claimed, at=at))
    try:
        _perform(claimed, at=at)
    except Exception as fault:  # noqa: BLE001 - whatever it was, the row must say so
        log.warning("job.failed", job_id=str(job_id), kind=job.kind, attempt=job.attempts, error=type(fault).__name__)
        report(fault, kind=job.kind, job_id=str(job_id))
        return _counted(job, _give_back(claimed, fault, at=at))
    JOB_SECONDS.labels(job.kind).observe(time.perf_counter() - began)
    return _counted(job, JobState.DONE)


def rescan(*, at: datetime) -> int:
    """Ring for every job that is due but was never started, or whose worker has gone. Returns how many were rung.

    Reads ids across organizations with the maintenance role, which may see nothing else of them. These rings
    expire, because the next re-scan repeats them: a backlog does not pile up messages.
    """
    with connections["maintenance"].cursor() as cursor:
        cursor.execute(_DUE, {"at": at, "most": RESCAN_BATCH})
        due = cursor.fetchall()
    for rung, (job_id, organization_id) in enumerate(due):
        if not ring(organization_id=organization_id, job_id=job_id, expires=RESCAN_RING_SECONDS):
            return rung
    return len(due)


def queue_periodic(*, at: datetime) -> int:
    """Queue each repeating job of each organization once per period, however often and late this is called."""
    organizations = Organization.objects.values_list("id", flat=True)
    return sum(_queue_periods_of(organization_id, at=at) for organization_id in organizations)


def retry_dead(*, organization_id: UUID, job_id: UUID, at: datetime) -> bool:
    """Give a job that failed for good another five attempts. False when it is not one.

    Where a newer one already waits under its key, that one does the work and the dead one is closed.
    """
    with tenant(organization_id):
        dead = Job.objects.filter(organization_id=organization_id, id=job_id, state=JobState.DEAD)
        revived = _requeue(dead, at=at, attempts=0, run_after=at, error="", finished_at=None)
        if revived == JobState.QUEUED:
            _ring_after_commit(organization_id, job_id)
    return revived is not None


def _ring_after_commit(organization_id: UUID, job_id: UUID) -> None:
    """Robust: what was saved is saved. A lambda, because Django's report of a robust failure needs a named function."""
    transaction.on_commit(lambda: ring(organization_id=organization_id, job_id=job_id), robust=True)


def _queue_periods_of(organization_id: UUID, *, at: datetime) -> int:
    """Under a lock per organization: of two beats, the second sees what the first queued, even if it ran already."""
    with tenant(organization_id):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"periodic {organization_id}"])
        periods = [(kind, period_of(at)) for kind, period_of in registry.periodic_kinds()]
        missing = [
            (kind, period) for kind, period in periods if period and not _is_known(organization_id, kind, period)
        ]
        for kind, period in missing:
            queue(kind, organization_id=organization_id, key=period, at=at)
    return len(missing)


def _is_known(organization_id: UUID, kind: str, key: str) -> bool:
    return Job.objects.filter(organization_id=organization_id, kind=kind, key=key).exists()


def _counted(job: Job, outcome: JobState | None) -> JobState | None:
    """Queued again is "failed" to whoever watches; None is a run whose lease another worker had taken."""
    words = {JobState.QUEUED: "failed", None: "lost"}
    JOB_RUNS.labels(job.kind, words.get(outcome, str(outcome))).inc()
    return outcome


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
    handler = registry.handler_of(job.kind)
    with Progress(job.organization_id, job.id, claimed.token) as progress, tenant(job.organization_id):
        _allow_minutes()
        handler(registry.Run(job.id, job.organization_id, job.arguments, job.owner_id, at, progress.report))
        _finish(claimed, at=at)


def _allow_minutes() -> None:
    """The role's limits are those of a request; a job's are its own, for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), "
            "set_config('idle_in_transaction_session_timeout', %s, true)",
            [JOB_TIMEOUT, JOB_TIMEOUT],
        )


def _finish(claimed: Claimed, *, at: datetime) -> None:
    finished = _mine(claimed).update(state=JobState.DONE, finished_at=at, lease_until=None, error="")
    if not finished:
        raise LeaseLost


def _give_back(claimed: Claimed, fault: Exception, *, at: datetime) -> JobState | None:
    """Back into the queue with a growing delay, or a dead letter after five attempts. None when it is not ours."""
    attempts, error = claimed.job.attempts, type(fault).__name__[:200]
    if attempts >= MOST_ATTEMPTS:
        return _give_up(claimed, at=at, error=error)
    delay = timedelta(seconds=10 * 3 ** (attempts - 1))
    with tenant(claimed.job.organization_id):
        return _requeue(_mine(claimed), at=at, run_after=at + delay, lease_until=None, error=error)


def _give_up(claimed: Claimed, *, at: datetime, error: str = "WorkerLost") -> JobState | None:
    """A dead letter. Without a fault of its own, each worker that took it went away without a word."""
    log.error("job.dead", job_id=str(claimed.job.id), kind=claimed.job.kind, error=error)
    with tenant(claimed.job.organization_id):
        buried = _mine(claimed).update(state=JobState.DEAD, lease_until=None, error=error, finished_at=at)
    return JobState.DEAD if buried else None


def _requeue(jobs: Any, *, at: datetime, **changes: Any) -> JobState | None:
    """Queue the one job of a queryset again, unless a newer one waits under its key and will do the work."""
    try:
        with transaction.atomic():
            return JobState.QUEUED if jobs.update(state=JobState.QUEUED, **changes) else None
    except IntegrityError:
        jobs.update(state=JobState.DONE, lease_until=None, finished_at=at, error="Superseded")
        return JobState.DONE


def _mine(claimed: Claimed) -> Any:
    job = claimed.job
    return Job.objects.filter(
        organization_id=job.organization_id,
        id=job.id,
        state=JobState.RUNNING,
        lease_token=claimed.token,
    )
