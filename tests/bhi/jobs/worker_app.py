"""The product's worker and beat, in quicker time and with one kind of job that waits at a gate.

Run as `celery -A tests.bhi.jobs.worker_app`. BHI_TEST_GATE is a folder: a job that began leaves its process id there
and goes on once the file `open` is there.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

import django
from celery.signals import worker_init

from bhi.celery import app

django.setup()  # celery would do it later; the registry of kinds knows people

from bhi.jobs import registry  # noqa: E402

LEASE = timedelta(seconds=2)
GATE = Path(os.environ["BHI_TEST_GATE"])

app.conf.beat_schedule = {"rescan": {"task": "bhi.rescan", "schedule": 0.5, "options": {"expires": 5}}}


def leave_a_mark(run: registry.Run) -> None:
    """One audit event per run, in the job's transaction: a run that was cut off leaves none."""
    from bhi.accounts.queries import system_membership
    from bhi.audit.operations import record

    record("fault.effect", by=system_membership(run.organization_id), at=run.at, object_id=run.job_id)
    (GATE / f"{run.job_id}.pid").write_text(str(os.getpid()))
    while not (GATE / "open").exists():
        time.sleep(0.02)


def fail_with_a_name(_run: registry.Run) -> None:
    raise ValueError("Zebediah Quux was not refreshed")


registry.handles("mark", leave_a_mark)
registry.handles("fail", fail_with_a_name)


@worker_init.connect
def quicken(**_: object) -> None:
    """What takes a minute in the product takes two seconds here."""
    from bhi.jobs import operations, progress

    operations.LEASE = progress.LEASE = LEASE
    progress.LOOK_SECONDS = 0.2
