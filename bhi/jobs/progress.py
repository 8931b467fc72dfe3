"""Telling a job's owner how far it is, while the job's own transaction is still open."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from types import TracebackType
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant

EVERY_SECONDS = 1.0
LEASE = timedelta(minutes=5)


class Progress:
    """Writes from a thread, on a connection of its own, at most once a second; that also renews the lease."""

    def __init__(self, organization_id: UUID, job_id: UUID, token: UUID) -> None:
        self._job = (organization_id, job_id, token)
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="progress")
        self._pending: Future[None] | None = None
        self._last = float("-inf")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True)

    def report(self, done: int, total: int) -> None:
        """`done` of `total`; cheap enough to be called for every row."""
        busy = self._pending is not None and not self._pending.done()
        if busy or time.monotonic() - self._last < EVERY_SECONDS:
            return
        self._last = time.monotonic()
        self._pending = self._threads.submit(self._write, done, total)

    def _write(self, done: int, total: int) -> None:
        organization_id, job_id, token = self._job
        try:
            with tenant(organization_id):
                Job.objects.filter(organization_id=organization_id, id=job_id, lease_token=token).update(
                    progress_done=done, progress_total=total, lease_until=timezone.now() + LEASE
                )
        finally:
            connection.close()
