"""Work to be done after a transaction, as rows: Postgres is the truth, the broker only a doorbell."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.base import TenantModel
from bhi.tenancy.constraints import tenant_wall
from bhi.tenancy.fields import TenantForeignKey


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DEAD = "dead", "Failed for good"


class Job(TenantModel):
    """One idempotent piece of work of one organization.

    `key` is unique among rows not yet started, so that a change during a run queues one more run.
    """

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict, help_text="Ids and months only")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    owner = TenantForeignKey("tenancy.Membership", null=True)
    queued_at = models.DateTimeField()
    run_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True, help_text="The exception's class, never its words")
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            *tenant_wall("jobs_job", "owner"),
            models.UniqueConstraint(
                fields=["organization", "kind", "key"],
                condition=Q(state="queued"),
                name="jobs_job_once_queued",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "state", "run_after"],
                condition=Q(state__in=["queued", "running"]),
                name="jobs_job_to_do",
            )
        ]
