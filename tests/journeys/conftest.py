"""A browser before the real thing: gunicorn over the WSGI application, its own database, the demonstration in it.

The site lives as long as the tests, a browser as long as one module: its event loop must have ended before another
test uses Django's database in the same process. Journeys look into the database through psycopg, as the owner.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bhi.local.debian import find_chromium

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "cedar-only-for-journeys"
SECONDS_TO_START = 60
SECONDS_SIGNED_IN = 600  # before screens lock, and files and settings ask who it is
PATIENCE_MS = 10_000
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
NOWHERE_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
INNER = ("data:", "blob:", "about:")
ADMINISTRATION = ("DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DATABASE_MAINTENANCE_URL")
LOAD = """
import sys, django
django.setup()
from django.utils import timezone
from billing.operations.demonstration import load_demonstration
from outcomes.operations.demonstration import tell_outcomes
at = timezone.now()
assert load_demonstration(password=sys.argv[1], at=at)
assert tell_outcomes(at=at)
"""
PEOPLE = {
    "care_manager": "care.manager@demo.example",
    "psychiatric_consultant": "consultant@demo.example",
    "treating_clinician": "clinician@demo.example",
    "billing": "billing@demo.example",
    "clinic_lead": "lead@demo.example",
    "admin": "admin@demo.example",
}


@dataclass
class Site:
    """The running product. `states` are the cookies of those who have signed in, so that each does it once; `taken`
    are the patients whom journeys have had."""

    address: str
    database: str
    log: Path
    states: dict[str, object] = field(default_factory=dict)
    signed_in_at: dict[str, float] = field(default_factory=dict)
    taken: list[UUID] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        """A page of the demonstration organization."""
        return f"{self.address}/o/demo/{path}"

    def ask(self, query: str, *values: object) -> list[tuple]:
        """Rows, read or changed as the owner, of all organizations."""
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=self.database) as owner:
            return owner.execute(query, values or None).fetchall()


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, django_test_environment: None, django_db_blocker: Any
) -> Iterator[Site]:
    from tests import databases

    name = f"{databases.PREFIX}_{os.getpid()}_journeys"
    log = tmp_path_factory.mktemp("journeys") / "web.log"
    with ExitStack() as stack:
        with django_db_blocker.unblock():  # only while the template may have to be migrated
            stack.enter_context(databases.scratch_copy(name))
        environ = environment(name)
        subprocess.run([sys.executable, "-c", LOAD, PASSWORD], cwd=ROOT, env=environ, check=True)
        yield Site(stack.enter_context(serving(environ, log)), name, log)


def environment(database: str) -> dict[str, str]:
    """What the web process may know, with the journeys' database in place of the other."""
    known = {key: value for key, value in os.environ.items() if key not in ADMINISTRATION}
    url = urlsplit(known["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    return known | {
        "DATABASE_URL": url,
        "BHI_DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "bhi.settings",
        "BHI_LOCAL_SUPPLIED": "1",
    }


@contextmanager
def serving(environ: dict[str, str], log: Path) -> Iterator[str]:
    """Gunicorn as `./dev up` runs it, on a port that is free, until the journeys are over."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = (sys.executable, "-m", "gunicorn", "bhi.wsgi:application", "--bind", f"fd://{listener.fileno()}",
                   "--workers", "1", "--threads", "4", "--log-level", "warning", "--no-control-socket")  # fmt: skip
        web = subprocess.Popen(
            command, cwd=ROOT, env=environ, pass_fds=[listener.fileno()], stdout=output, stderr=output
        )
        try:
            wait_for(address, web, log)
            yield address
        finally:
            web.terminate()
            web.wait(timeout=20)


def wait_for(address: str, web: subprocess.Popen[bytes], log: Path) -> None:
    """The socket takes connections from the first moment, so one request waits until the application answers."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and web.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=SECONDS_TO_START).close()
        except OSError:
            continue
        return
    raise AssertionError(f"The web process did not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = os.environ.get("BHI_CHROMIUM") or find_chromium(os.environ)
        assert program, "The journeys need Chromium or Chrome: apt-get install chromium, or set CHROME_PATH."
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, NOWHERE_ELSE])
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """What went wrong in a page that nobody saw: the console, faults of the script, answers of 500, other hosts."""

    address: str
    faults: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", lambda said: self._hear(said.type, said.text))
        context.on("weberror", lambda fault: self.faults.append(f"script: {fault.error}"))
        context.on(
            "response", lambda answer: answer.status >= 500 and self.faults.append(f"{answer.status} {answer.url}")
        )
        # Not by a route: with one, a browser keeps no stylesheet and asks for it with every page.
        context.on("request", lambda asked: self._only_here(asked.url))

    def excuse(self, *words: str) -> None:
        """Forget what this journey brought about on purpose, after making sure that it did."""
        assert any(words[0] in fault for fault in self.faults), f"nothing said {words[0]!r}: {self.faults}"
        self.faults = [fault for fault in self.faults if not any(word in fault for word in words)]

    def _hear(self, kind: str, text: str) -> None:
        # A page that is left while a request of it runs gives that request up: htmx says so, and nothing failed.
        if kind in {"error", "warning"} and not text.startswith(("htmx:sendAbort", "htmx:afterRequest")):
            self.faults.append(f"console: {text}")

    def _only_here(self, url: str) -> None:
        if not url.startswith((self.address, *INNER)):
            self.faults.append(f"another host: {url}")


@pytest.fixture
def watched(site: Site) -> Iterator[Watched]:
    found = Watched(site.address)
    yield found
    assert found.faults == []


Visitor = Callable[..., Page]


@pytest.fixture
def visitor(site: Site, browser: Browser, watched: Watched) -> Iterator[Visitor]:
    """`visitor("billing")`: a page of somebody who is signed in, with nothing open yet; `width` in pixels; without
    `scripts` as in a browser that runs none."""
    contexts: list[BrowserContext] = []

    def open_page(role: str | None = None, *, width: int = 1280, height: int = 900, scripts: bool = True) -> Page:
        is_fresh = time.monotonic() - site.signed_in_at.get(role or "", 0) < SECONDS_SIGNED_IN
        state = site.states.get(role) if role and is_fresh else None
        context = browser.new_context(
            viewport={"width": width, "height": height},
            storage_state=state,
            accept_downloads=True,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        watched.watch(context)
        contexts.append(context)
        page = context.new_page()
        if role and state is None:
            sign_in(site, page, role)
            site.states[role], site.signed_in_at[role] = context.storage_state(), time.monotonic()
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(site: Site, page: Page, role: str) -> None:
    """By the form, as anybody does."""
    page.goto(f"{site.address}/accounts/login/")
    page.get_by_label("E-mail").fill(PEOPLE[role])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)
