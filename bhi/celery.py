"""The worker and beat. Beat only rings: what repeats is decided by rows, so two beats do no harm."""

import os
import tempfile

from billiard.util import get_logger  # type: ignore[import-untyped]
from celery import Celery
from celery.signals import setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bhi.settings")
if os.environ.get("BHI_METRICS_ADDRESS"):
    # Where the worker's processes add up what they counted. Read by prometheus_client as it is imported.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="bhi-metrics-"))

app = Celery("bhi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bhi.jobs"])
app.conf.beat_schedule = {
    "rescan": {"task": "bhi.rescan", "schedule": 30.0, "options": {"expires": 25}},
    "periodic": {"task": "bhi.queue_periodic", "schedule": 600.0, "options": {"expires": 500}},
    "sessions": {"task": "bhi.forget_sessions", "schedule": 3600.0, "options": {"expires": 3000}},
}


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_logs(**_: object) -> None:
    """Celery sets up no logging where this is connected; its own prints arguments and exceptions' words."""
    get_logger().propagate = True  # billiard's, about its processes


@worker_init.connect  # type: ignore[untyped-decorator]
def refuse_a_role_that_could_bypass(**_: object) -> None:
    """Celery logs and passes over a signal's ordinary exceptions, so this one ends the process by hand."""
    from bhi.tenancy.startup import RoleCouldBypass, refuse_if_role_could_bypass

    try:
        refuse_if_role_could_bypass()
    except RoleCouldBypass as refusal:
        raise SystemExit(str(refusal)) from None


@worker_init.connect  # type: ignore[untyped-decorator]
def answer_for_metrics(**_: object) -> None:
    """A process beside this worker says how jobs fare, where an address is set. Its pipe is kept: it ends with us."""
    from django.conf import settings

    if settings.METRICS_ADDRESS:
        from bhi.watching.serving import start_beside

        app.metrics = start_beside()
