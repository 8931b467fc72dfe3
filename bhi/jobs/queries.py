"""What a job's owner sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bhi.errors import NotFound
from bhi.jobs.models import Job, JobState
from bhi.tenancy.models import Membership


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


def job_progress(job_id: UUID, *, owner: Membership) -> JobProgress:
    """The owner's own job. `NotFound` for another person's: progress tells what somebody is doing."""
    job = Job.objects.filter(organization_id=owner.organization_id, id=job_id, owner=owner).first()
    if job is None:
        raise NotFound
    return JobProgress(
        id=job.id,
        kind=job.kind,
        state=job.state,
        label=JobState(job.state).label,
        done=job.progress_done,
        total=job.progress_total,
        is_over=job.state in (JobState.DONE, JobState.DEAD),
        has_failed=job.state == JobState.DEAD,
        will_retry=job.state == JobState.QUEUED and job.attempts > 0,
    )
