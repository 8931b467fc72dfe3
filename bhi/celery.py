"""The worker and beat. Beat only rings: what repeats is decided by rows, so two beats do no harm."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bhi.settings")

app = Celery("bhi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bhi.jobs"])
app.conf.beat_schedule = {
    "rescan": {"task": "bhi.rescan", "schedule": 30.0, "options": {"expires": 25}},
    "periodic": {"task": "bhi.queue_periodic", "schedule": 600.0, "options": {"expires": 500}},
}


@worker_init.connect
def refuse_a_role_that_could_bypass(**_: object) -> None:
    from bhi.tenancy.startup import refuse_if_role_could_bypass

    refuse_if_role_could_bypass()
