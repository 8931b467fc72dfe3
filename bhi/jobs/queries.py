"""What a job's owner sees of it, and what an operator sees of all."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from bhi.errors import NotFound
from bhi.jobs import registry
from bhi.jobs.models import Job, JobState
from bhi.tenancy.models import Membership

_COUNTS = """
    SELECT j.kind, j.state, count(*) FROM jobs_job j JOIN tenancy_organization o ON o.id = j.organization_id
    WHERE %(slug)s::text IS NULL OR o.slug = %(slug)s GROUP BY j.kind, j.state ORDER BY j.kind, j.state
"""
_DEAD = """
    SELECT j.id, j.organization_id, o.slug, j.kind FROM jobs_job j
    JOIN tenancy_organization o ON o.id = j.organization_id
    WHERE j.state = 'dead' AND (%(slug)s::text IS NULL OR o.slug = %(slug)s) ORDER BY j.id
"""


@dataclass(frozen=True)
class JobProgress:
    """`done` of `total` (0 while unknown); `is_over` when nothing more will come."""

    id: UUID
    kind: str
    state: str
    label: str
    done: int
    total: int
    is_over: bool
    has_failed: bool
    will_retry: bool


@dataclass(frozen=True)
class DeadJob:
    """A job that failed for good: which one, whose, of which kind; never what it was about."""

    id: UUID
    organization_id: UUID
    slug: str
    kind: str


def job_progress(job_id: UUID, *, owner: Membership) -> JobProgress:
    """The owner's own job. `NotFound` for another person's: progress tells what somebody is doing."""
    job = Job.objects.filter(organization_id=owner.organization_id, id=job_id, owner=owner).first()
    if job is None:
        raise NotFound
    return JobProgress(
        id=job.id,
        kind=job.kind,
        state=job.state,
        label=registry.label_of(job.kind),
        done=job.progress_done,
        total=job.progress_total,
        is_over=job.state in (JobState.DONE, JobState.DEAD),
        has_failed=job.state == JobState.DEAD,
        will_retry=job.state == JobState.QUEUED and job.attempts > 0,
    )


def is_under_way(organization_id: UUID, job_id: UUID | None) -> bool:
    """Whether a job is waiting or running, also one whose worker was lost: it will be rung again. No job: no."""
    if job_id is None:
        return False
    going_on = (JobState.QUEUED, JobState.RUNNING)
    return Job.objects.filter(organization_id=organization_id, id=job_id, state__in=going_on).exists()


def job_counts(*, slug: str | None = None) -> list[tuple[str, str, int]]:
    """(kind, state, how many), of one organization or all. For operators: reads as the maintenance role."""
    with connections["maintenance"].cursor() as cursor:
        cursor.execute(_COUNTS, {"slug": slug})
        return [(kind, state, count) for kind, state, count in cursor.fetchall()]


def dead_jobs(*, slug: str | None = None) -> list[DeadJob]:
    """Jobs that failed for good, oldest first, of one organization or all. For operators, as the maintenance role."""
    with connections["maintenance"].cursor() as cursor:
        cursor.execute(_DEAD, {"slug": slug})
        return [DeadJob(*row) for row in cursor.fetchall()]
