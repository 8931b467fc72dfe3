"""Redis away: pages work, quickly, and say what is late. Postgres away: what is asked says so, and nothing hangs."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import OperationalError, connection

from bhi.jobs import doorbell
from bhi.jobs.models import Job
from bhi.jobs.operations import queue
from bhi.tenancy.context import tenant
from bhi.tenancy.roles import OWNER
from tests.factories.tenancy import NOW

ROOT = Path(__file__).resolve().parents[3]
BANNER = b"Background work is delayed"
PATIENCE = 30
# One look takes at most 0.3 s; who waits for an answer or tries again takes several.
QUICK = 1


class TestRedisAway:
    @pytest.fixture(params=["a closed socket", "a silent port", "nothing"])
    def _away(self, request, settings, monkeypatch, tmp_path):
        """Nobody listens, somebody listens and never answers, or no address is set."""
        monkeypatch.setattr(doorbell, "_last_look", (float("-inf"), False))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            settings.REDIS_URL = {
                "a closed socket": f"unix://{tmp_path}/gone.sock",
                "a silent port": f"redis://127.0.0.1:{port}/0",
                "nothing": "",
            }[request.param]
            yield

    @pytest.mark.usefixtures("_away")
    def test_pages_are_quick_and_say_what_is_late(self, client_for):
        client = client_for("billing")
        client.get("/o/lakeside/billing/batches/")  # templates are read
        doorbell._last_look = (float("-inf"), False)
        began = time.monotonic()
        answer = client.get("/o/lakeside/billing/batches/")
        assert time.monotonic() - began < QUICK
        assert answer.status_code == 200
        assert BANNER in answer.content
        assert client.get("/readyz").status_code == 200

    @pytest.mark.usefixtures("_away")
    @pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
    def test_what_is_saved_is_saved_and_its_job_waits(self, organization):
        began = time.monotonic()
        with tenant(organization):
            for key in "abcdefgh":
                queue("work", organization_id=organization.id, key=key, at=NOW)
        assert time.monotonic() - began < QUICK
        with tenant(organization):
            assert Job.objects.filter(state="queued").count() == 8

    def test_a_ring_that_fails_is_remembered(self, settings, monkeypatch):
        from kombu.exceptions import OperationalError as Unreachable

        from bhi.jobs.tasks import run_job
        from bhi.tenancy.ids import uuid7

        def unreachable(*_, **__):
            raise Unreachable

        monkeypatch.setattr(doorbell, "_last_look", (time.monotonic(), False))
        monkeypatch.setattr(run_job, "apply_async", unreachable)
        assert doorbell.ring(organization_id=uuid7(), job_id=uuid7()) is False
        assert doorbell.is_silent() is True

    def test_it_is_asked_once_in_five_seconds(self, monkeypatch):
        asked = []
        monkeypatch.setattr(doorbell, "_answers", lambda: bool(asked.append("?")) or True)
        monkeypatch.setattr(doorbell, "_last_look", (float("-inf"), False))
        assert [doorbell.is_silent() for _ in range(10)] == [False] * 10
        assert asked == ["?"]

    def test_there_is_no_banner_while_it_answers(self, client_for, monkeypatch):
        monkeypatch.setattr(doorbell, "_last_look", (time.monotonic(), False))
        assert BANNER not in client_for("billing").get("/o/lakeside/billing/batches/").content


@contextmanager
def postgres_away():
    """What a request meets when no connection is to be had."""

    def refuse(*_):
        raise OperationalError("connection to server failed: no password for Zebediah")

    patch = pytest.MonkeyPatch()
    patch.setattr(connection, "cursor", refuse)
    patch.setattr(connection, "ensure_connection", refuse)
    try:
        yield
    finally:
        patch.undo()


class TestPostgresAway:
    @pytest.fixture
    def client(self, client_for):
        client = client_for("billing")
        client.raise_request_exception = False
        return client

    @pytest.mark.parametrize("path", ["/", "/o/lakeside/", "/o/lakeside/billing/batches/"])
    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
    def test_pages_say_try_again(self, client, db, path, headers):
        with postgres_away():
            answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert b"Try again" in answer.content
        assert b"Zebediah" not in answer.content

    def test_a_save_is_refused_too(self, client, db):
        with postgres_away():
            answer = client.post("/o/lakeside/billing/months/2026-02/batches/new/", headers={"HX-Request": "true"})
        assert answer.status_code == 503

    def test_probes(self, client, db):
        with postgres_away():
            ready, alive = client.get("/readyz"), client.get("/healthz")
        assert (ready.status_code, ready.json()) == (503, {"ok": False, "database": "unreachable"})
        assert (alive.status_code, alive.json()) == (200, {"ok": True})


class TestReady:
    def test_with_everything_in_place(self, client, db):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            200,
            {"ok": True, "database": "ready", "faults": [], "migrations_waiting": 0},
        )

    def test_not_with_migrations_waiting(self, client, db, monkeypatch):
        monkeypatch.setattr("bhi.web.views.migrations_waiting", lambda: 2)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["migrations_waiting"]) == (503, 2)

    def test_not_with_a_role_that_could_bypass(self, client, db, monkeypatch):
        monkeypatch.setattr("bhi.web.views.role_faults", lambda: ["has BYPASSRLS"])
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["faults"]) == (503, ["has BYPASSRLS"])


def test_any_other_fault_is_ours_and_tells_nothing(client, monkeypatch, db):
    def fail(*_):
        raise ValueError("Zebediah Quuxworth")

    monkeypatch.setattr("bhi.web.views.role_faults", fail)
    client.raise_request_exception = False
    answer = client.get("/readyz")
    assert answer.status_code == 500
    assert b"Something went wrong on our side" in answer.content
    assert b"Zebediah" not in answer.content


@contextmanager
def web(tmp_path, **environ):
    """The web process as it is run: gunicorn, with its pool and its log."""
    listener = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "gunicorn", "bhi.wsgi:application", "--config", "python:bhi.web.gunicorn"]
    options = ["--bind", f"fd://{listener.fileno()}", "--workers", "1", "--threads", "4", "--no-control-socket"]
    log = (tmp_path / "web.log").open("wb")
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, **environ},
        pass_fds=[listener.fileno()],
        stdout=log,
        stderr=log,
    )
    try:
        yield process, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        listener.close()
        log.close()


def _ask(address):
    """(status, body) of a real request."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_a_web_process_starts_without_postgres_and_says_so(tmp_path):
    """Nobody listens at the socket: the pool, the session and the probe each meet that in their own way."""
    nowhere = f"postgresql://bhi_app@/bhi?host={quote(str(tmp_path), safe='')}&port=5999"
    with web(tmp_path, DATABASE_URL=nowhere) as (_, address):
        assert _ask(f"{address}/healthz") == (200, '{"ok": true}')
        status, body = _ask(f"{address}/readyz")
        assert (status, json.loads(body)) == (503, {"ok": False, "database": "unreachable"})
        request = urllib.request.Request(f"{address}/o/lakeside/", headers={"Cookie": "sessionid=" + "a" * 32})
        status, body = _ask(request)
    assert status == 503
    assert "We cannot reach our records right now" in body
    lines = [json.loads(line) for line in (tmp_path / "web.log").read_text().splitlines() if line.startswith("{")]
    statuses = [(line["view"], line["status"]) for line in lines if line["event"] == "request"]
    assert statuses == [("healthz", 200), ("readyz", 503), (None, 503)]
    assert str(tmp_path) not in json.dumps(lines)


def test_a_web_process_does_not_serve_with_a_role_that_could_bypass(tmp_path):
    owner = os.environ["DATABASE_OWNER_URL"]
    with web(tmp_path, DATABASE_URL=owner) as (process, _):
        assert process.wait(PATIENCE) != 0
    assert f"The database role {OWNER}" in (tmp_path / "web.log").read_text()


def test_a_worker_does_not_start_with_a_role_that_could_bypass():
    done = subprocess.run(
        [sys.executable, "-m", "celery", "--quiet", "-A", "bhi.celery", "worker", "--concurrency", "1"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": os.environ["DATABASE_OWNER_URL"]},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode != 0
    assert f"The database role {OWNER}" in done.stderr.decode()
