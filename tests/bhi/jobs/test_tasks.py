"""What the broker carries, and what beat rings for."""

import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from bhi.celery import app
from bhi.jobs import operations, registry, tasks
from bhi.jobs.models import Job
from bhi.jobs.operations import queue
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW, UserFactory


def test_beat_rings_for_tasks_that_exist():
    app.loader.import_default_modules()
    rung = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert rung == {"bhi.rescan", "bhi.queue_periodic", "bhi.forget_sessions"}
    assert rung | {"bhi.run_job"} == {name for name in app.tasks if name.startswith("bhi.")}


def test_the_broker_is_told_ids_only(in_tenant, kinds, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: sent.append(args))
    monkeypatch.setattr("bhi.jobs.doorbell.is_silent", lambda: False)
    with django_capture_on_commit_callbacks(execute=True):
        job_id = queue("work", organization_id=in_tenant.id, key="Quuxworth", at=NOW, arguments={"name": "Zebediah"})
    assert sent == [(str(in_tenant.id), str(job_id))]


@time_machine.travel(NOW, tick=False)
def test_a_task_runs_its_job_now(organization, kinds, rings):
    kinds.noted("work")
    with tenant(organization):
        job_id = queue("work", organization_id=organization.id, key="k", at=NOW)
    tasks.run_job(str(organization.id), str(job_id))
    assert [run.at for run in kinds.runs] == [NOW]


@time_machine.travel(NOW, tick=False)
def test_periods_are_those_of_now(organization, kinds, rings, monkeypatch):
    registry.repeats("sweep", registry.nightly)
    tasks.queue_periodic()
    with tenant(organization):
        assert Job.objects.get().key == "2026-03-02"
    asked = []
    monkeypatch.setattr(operations, "rescan", lambda *, at: asked.append(at))
    tasks.rescan()
    assert asked == [NOW]


def test_sessions_that_have_ended_are_forgotten(db):
    with time_machine.travel(NOW):
        old = Client()
        old.force_login(UserFactory())
    fresh = Client()
    fresh.force_login(UserFactory())
    tasks.forget_sessions()
    assert list(Session.objects.values_list("session_key", flat=True)) == [fresh.session.session_key]
