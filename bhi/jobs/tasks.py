"""What the broker carries: ids. Each task makes one call."""

from __future__ import annotations

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from bhi.celery import app
from bhi.jobs import operations


@app.task(name="bhi.run_job")  # type: ignore[untyped-decorator]
def run_job(organization_id: str, job_id: str) -> None:
    operations.run(organization_id=UUID(organization_id), job_id=UUID(job_id), at=timezone.now())


@app.task(name="bhi.rescan")  # type: ignore[untyped-decorator]
def rescan() -> None:
    operations.rescan(at=timezone.now())


@app.task(name="bhi.queue_periodic")  # type: ignore[untyped-decorator]
def queue_periodic() -> None:
    operations.queue_periodic(at=timezone.now())


@app.task(name="bhi.forget_sessions")  # type: ignore[untyped-decorator]
def forget_sessions() -> None:
    """Sessions that have ended hold what their people last searched for."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
