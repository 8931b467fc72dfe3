"""Holding a job's lease and telling its owner how far it is, while the job's own transaction is still open."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import TracebackType
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from bhi.jobs.models import Job, JobState
from bhi.tenancy.context import tenant

log = structlog.get_logger(__name__)

# A worker that was killed is noticed when its lease ends and the next re-scan looks: after 90 seconds at most.
LEASE = timedelta(seconds=60)
LOOK_SECONDS = 1.0


class Progress:
    """A thread on a connection of its own. It renews the lease every third of it, and writes progress each second.

    Most jobs end before its first look, and cost a thread and no connection.
    """

    def __init__(self, organization_id: UUID, job_id: UUID, token: UUID) -> None:
        self._job = (organization_id, job_id, token)
        self._told = self._written = (0, 0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="job-progress", daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def report(self, done: int, total: int) -> None:
        """`done` of `total`; costs nothing, so it may be called for every row."""
        self._told = (done, total)

    def _watch(self) -> None:
        renewed_at = time.monotonic()
        try:
            while not self._over.wait(LOOK_SECONDS):
                is_due = time.monotonic() - renewed_at >= LEASE.total_seconds() / 3
                if is_due or self._told != self._written:
                    renewed_at = time.monotonic()
                    self._write()
        finally:
            connection.close()

    def _write(self) -> None:
        organization_id, job_id, token = self._job
        done, total = told = self._told
        mine = Job.objects.filter(organization_id=organization_id, id=job_id, lease_token=token, state=JobState.RUNNING)
        try:
            with tenant(organization_id):
                mine.update(progress_done=done, progress_total=total, lease_until=timezone.now() + LEASE)
        except DatabaseError as fault:
            connection.close()
            log.warning("job.lease_not_renewed", job_id=str(job_id), error=type(fault).__name__)
        else:
            self._written = told
