"""Ringing the broker. It carries ids only, never waits long, and may fail: the re-scan finds what it missed."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 0.3
REMEMBER_SECONDS = 5.0

_last_look: tuple[float, bool] = (float("-inf"), False)


def is_silent() -> bool:
    """Whether the broker cannot be reached, as last looked at within five seconds."""
    looked_at, silent = _last_look
    if time.monotonic() - looked_at <= REMEMBER_SECONDS:
        return silent
    _remember(silent=silent)  # while this thread looks, the others go by what was last known
    silent = not _answers()
    _remember(silent=silent)
    return silent


def ring(*, organization_id: UUID, job_id: UUID, expires: int | None = None) -> bool:
    """Tell a worker that a job waits. False when nobody could be told; the job is safe in its row.

    A ring not heard within `expires` seconds is dropped.
    """
    from bhi.jobs.tasks import run_job

    if is_silent():
        return False
    try:
        run_job.apply_async((str(organization_id), str(job_id)), retry=False, expires=expires)
    except (OperationalError, RedisError, OSError) as fault:
        log.warning("doorbell.silent", error=type(fault).__name__, job_id=str(job_id))
        _remember(silent=True)
        return False
    return True


def _remember(*, silent: bool) -> None:
    global _last_look  # noqa: PLW0603 - one process, one memory of the last look
    _last_look = (time.monotonic(), silent)


def _answers() -> bool:
    if not settings.REDIS_URL:
        return False
    client = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()
