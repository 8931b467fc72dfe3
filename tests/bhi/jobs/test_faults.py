"""Faults done for real: a worker and a beat of the product, a Valkey of their own, and what kills them.

After each, every job is done and left exactly one mark.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings
from django.db import connections
from django.utils import timezone
from kombu import pools

from bhi.audit.models import AuditEvent
from bhi.jobs import doorbell
from bhi.jobs.models import Job
from bhi.jobs.operations import queue
from bhi.local.places import Places
from bhi.local.servers import packages, valkey_binary
from bhi.tenancy.context import tenant
from tests.factories.tenancy import SystemMembershipFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 120


def _until(is_so, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {patience} s for: {what}"
        time.sleep(0.02)


class Installation:
    """Valkey, worker and beat as processes, against this test process's database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gate = folder / "gate"
        self.gate.mkdir()
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{quote(str(self.socket))}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start_valkey(self) -> None:
        binary = valkey_binary(packages(Places(ROOT).python))
        options = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "", "--appendonly", "no"]
        self._start("valkey", [binary, *options])
        _until(self._valkey_answers, "Valkey answers")

    def _valkey_answers(self) -> bool:
        with suppress(redis.RedisError, OSError):
            return self.redis().ping()
        return False

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def start_worker(self) -> None:
        self._start("worker", self._celery("worker", "--concurrency", "2", "--without-gossip", "--without-mingle"))

    def start_beat(self) -> None:
        self._start("beat", self._celery("beat", "--schedule", str(self.folder / "schedule")))

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def log_of(self, name: str) -> list[dict]:
        """The lines of a process; one that is no JSON fails the test."""
        return [json.loads(line) for line in (self.folder / f"{name}.log").read_text().splitlines()]

    def close_gate(self) -> None:
        for file in self.gate.iterdir():
            file.unlink()

    def open_gate(self) -> None:
        (self.gate / "open").touch()

    def at_the_gate(self) -> list[int]:
        """The worker processes whose jobs wait."""
        return [int(file.read_text() or 0) for file in self.gate.glob("*.pid")]

    def _celery(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "celery", "--quiet", "-A", "tests.bhi.jobs.worker_app", *arguments]

    def _start(self, name: str, command: list) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environ(), stdout=log, stderr=log, start_new_session=True
            )

    def _environ(self) -> dict[str, str]:
        database = connections["default"].settings_dict["NAME"]
        urls = ("DATABASE_URL", "DATABASE_MAINTENANCE_URL")
        named = {name: _of_database(os.environ[name], database) for name in urls}
        quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
        return {**os.environ, **named, **quiet, "REDIS_URL": self.url, "BHI_TEST_GATE": str(self.gate)}


def _of_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="module")
def running(tmp_path_factory, django_db_setup):
    installation = Installation(tmp_path_factory.mktemp("f"))
    try:
        installation.start_valkey()
        installation.start_worker()
        installation.start_beat()
        yield installation
    finally:
        installation.end()


@pytest.fixture
def installation(running, monkeypatch):
    """With the bell of this process ringing there too."""
    from bhi.celery import app

    running.close_gate()
    monkeypatch.setattr(settings, "REDIS_URL", running.url)
    monkeypatch.setattr(doorbell, "_last_look", (float("-inf"), False))
    monkeypatch.setattr(app.conf, "broker_url", "redis+socket://" + running.url.removeprefix("unix://"))
    _forget_connections(app)
    yield running
    _forget_connections(app)


def _forget_connections(app):
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture
def marked(organization):
    """Waits until these jobs are done, and returns how often each left its mark."""
    SystemMembershipFactory(organization=organization)

    def wait(jobs):
        def states():
            with tenant(organization):
                return Counter(Job.objects.values_list("state", flat=True))

        _until(lambda: states() == {"done": len(jobs)}, f"{len(jobs)} jobs are done")
        with tenant(organization):
            return Counter(AuditEvent.objects.values_list("object_id", flat=True))

    return wait


def _queue(organization, count):
    with tenant(organization):
        return [_queue_one(organization, "mark", str(number)) for number in range(count)]


def _queue_one(organization, kind, key):
    return queue(kind, organization_id=organization.id, key=key, at=timezone.now())


def _exactly_once(jobs):
    return Counter(jobs)


def test_a_killed_worker_child_costs_no_job_and_doubles_none(installation, organization, marked):
    jobs = _queue(organization, 6)
    _until(lambda: len(installation.at_the_gate()) == 2, "two jobs run")
    os.kill(installation.at_the_gate()[0], signal.SIGKILL)
    installation.open_gate()
    assert marked(jobs) == _exactly_once(jobs)
    with tenant(organization):
        assert sorted(Job.objects.values_list("attempts", flat=True)) == [1, 1, 1, 1, 1, 2]


def test_a_killed_worker_costs_no_job_and_doubles_none(installation, organization, marked):
    jobs = _queue(organization, 6)
    _until(lambda: len(installation.at_the_gate()) == 2, "two jobs run")
    installation.kill("worker")
    installation.open_gate()
    installation.start_worker()
    assert marked(jobs) == _exactly_once(jobs)
    with tenant(organization):
        assert sorted(Job.objects.values_list("attempts", flat=True)) == [1, 1, 1, 1, 2, 2]


def test_an_emptied_broker_costs_no_job_and_doubles_none(installation, organization, marked):
    jobs = _queue(organization, 20)
    _until(lambda: len(installation.at_the_gate()) == 2, "two jobs run")
    broker = installation.redis()
    assert broker.llen("bhi") > 0
    broker.flushall()
    installation.open_gate()
    assert marked(jobs) == _exactly_once(jobs)


def test_a_broker_that_is_away_delays_and_loses_nothing(installation, organization, marked):
    installation.open_gate()
    installation.kill("valkey")
    began = time.monotonic()
    jobs = _queue(organization, 5)
    assert time.monotonic() - began < 0.5
    assert doorbell.is_silent() is True
    with tenant(organization):
        assert [job.state for job in Job.objects.all()] == ["queued"] * 5
    installation.start_valkey()
    assert marked(jobs) == _exactly_once(jobs)


def test_a_workers_log_says_what_failed_and_never_about_whom(installation, organization):
    """A job whose exception names somebody, and a message that no task can read."""
    from bhi.jobs.tasks import run_job

    with tenant(organization):
        job_id = _queue_one(organization, "fail", "Zebediah-Quux")
    run_job.apply_async(("Zebediah Quux", "MRN-10482"))

    def failures():
        return [line for line in installation.log_of("worker") if line["level"] in ("warning", "error")]

    def said():
        return {(line["event"], line.get("error")) for line in failures()}

    _until(lambda: {("job.failed", "ValueError"), ("library", "ValueError")} <= said(), "both failures are logged")
    (failed,) = [line for line in failures() if line["event"] == "job.failed"]
    assert (failed["job_id"], failed["kind"], failed["attempt"]) == (str(job_id), "fail", 1)
    written = "".join(file.read_text() for file in installation.folder.glob("*.log"))
    assert [name for name in ("Zebediah", "Quux", "10482") if name in written] == []
