"""What waits, what runs, and what failed for good; and another try for that."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bhi.jobs.operations import retry_dead
from bhi.jobs.queries import dead_jobs, job_counts


class Command(BaseCommand):
    help = "Counts jobs by kind and state; lists those that failed for good (--dead) and retries one (--retry ID)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--org", metavar="SLUG", help="only this organization's")
        parser.add_argument("--dead", action="store_true", help="list jobs that failed for good")
        parser.add_argument("--retry", metavar="ID", type=UUID, help="give one of them another five attempts")

    def handle(self, *args: Any, org: str | None, dead: bool, retry: UUID | None, **options: Any) -> None:
        if retry:
            self._retry(retry, org)
        elif dead:
            for job in dead_jobs(slug=org):
                self.stdout.write(f"{job.id}  {job.slug}  {job.kind}")
        else:
            for kind, state, count in job_counts(slug=org):
                self.stdout.write(f"{count:>8}  {state:<8} {kind}")

    def _retry(self, job_id: UUID, org: str | None) -> None:
        found = next((job for job in dead_jobs(slug=org) if job.id == job_id), None)
        if found is None or not retry_dead(organization_id=found.organization_id, job_id=job_id, at=timezone.now()):
            raise CommandError(f"No job {job_id} has failed for good. `manage.py jobs --dead` lists those that have.")
        self.stdout.write(f"{job_id} is queued again.")
