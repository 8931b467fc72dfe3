"""`./dev test`: every check and test, on servers of its own, with a plain account of what failed."""

import os
import secrets
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from bhi.local import database, debian, installing, postgres_tls, servers
from bhi.local.children import Ended, endable, ignore_endings
from bhi.local.errors import SetupError
from bhi.local.lock import locked
from bhi.local.places import DATABASE, ROLES, Cluster, Places
from bhi.local.saying import say

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
Check = tuple[str, tuple[str, ...]]
CHECKS: tuple[Check, ...] = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("import contracts", ("-c", LINT_IMPORTS)),
    ("migrations are complete", ("manage.py", "makemigrations", "--check", "--dry-run")),
    ("manage.py check", ("manage.py", "check")),
)
# A minute of one core, which the tests that talk with a browser or a database leave free at times.
BESIDE = ("mypy", ("-m", "mypy"))
# Whoever is through takes over half of what the other has left: the journeys are long, and all of one process.
PYTEST = ("-m", "pytest", "-n", "2", "--dist", "worksteal")
BATTERY = "tests/battery"
WITH_TLS = "tests/battery/tls"
# The suite without browsers, which ask nothing more of a database than the pages' own tests do.
WHOLE = ("tests", f"--ignore-glob={BATTERY}/test_*.py", "--ignore=tests/journeys")
# What Postgres itself enforces: another version of it must do the same. The battery's part of the whole.
ON_DEBIANS_POSTGRES = (
    *(WITH_TLS, "tests/walls", "tests/bhi/jobs", "tests/bhi/backups", "tests/bhi/audit"),
    *("tests/caseload/test_races.py", "tests/billing/test_closing_races.py"),
    *("tests/billing/test_claim_states.py", "tests/billing/test_service_months.py"),
)
# On a server that is not ours. The tests' own databases are copies beside it.
TEST_DATABASE = "bhi_tests"
HOLDS_AN_INSTALLATION = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as admin:
    print(*admin.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [os.environ["DATABASE"]]).fetchone())
"""


@dataclass(frozen=True)
class Outcome:
    """How one step went."""

    name: str
    code: int
    seconds: float


@dataclass(frozen=True)
class Count:
    """What pytest counted."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def test(places: Places, arguments: Sequence[str]) -> int:
    """Run every check and test; with arguments, only pytest, which is given them."""
    checks = () if arguments else CHECKS
    beside = None if arguments else BESIDE
    return judged(places, checks, (*PYTEST, f"--ignore={BATTERY}", *arguments), beside)


def battery(places: Places, arguments: Sequence[str]) -> int:
    """Run what takes longer: full matrices, fault runs, large populations; and the walls on Debian's Postgres with TLS.

    With --postgres15 the whole suite there but for the browsers' journeys, or those tests that are named after it.
    """
    if arguments[:1] == ["--postgres15"]:
        return on_debians_postgres(places, arguments[1:] or WHOLE)
    if arguments:
        return judged(places, (), (*PYTEST, *arguments))
    code = judged(places, (), (*PYTEST, BATTERY, f"--ignore={WITH_TLS}"))
    if postgres_tls.installed() is None:
        say("There is no Postgres of Debian's here: the walls were not tried on it")
        return code
    return on_debians_postgres(places, ON_DEBIANS_POSTGRES) or code


def on_debians_postgres(places: Places, arguments: Sequence[str]) -> int:
    """Tests on another version of Postgres, over TLS with a verified certificate."""
    installing.ensure(places, "test")
    with endable(), postgres_tls.tls_server(places) as admin:
        return judged(places, (), (*PYTEST, *arguments), admin=admin)


def bench(places: Places, arguments: Sequence[str]) -> int:
    """Measure on a passing cluster with the disk's promises kept; the command makes its own database there."""
    installing.ensure(places, "local")
    cluster = places.passing("bench", is_durable=True)
    with endable(), passing_servers(places, cluster, os.environ) as environ:
        try:
            return step(places, "bench", ("manage.py", "bench", *arguments), environ).code
        except Ended:
            return 130


def judged(
    places: Places, checks: Sequence[Check], tests: Sequence[str], beside: Check | None = None, *, admin: str = ""
) -> int:
    """Set up, run the checks and then pytest, each whatever the others said, and one check beside them all; 0 only
    when all went well. `admin` is the administrator's URL of a server to use in place of an embedded one."""
    given = {**os.environ, "DATABASE_ADMIN_URL": admin} if admin else os.environ
    browser = debian.chromium(os.environ)
    if not debian.ensure_pango():
        raise SetupError(debian.PANGO_MISSING)
    installing.ensure(places, "test")
    cluster = places.passing("test")
    with endable():
        try:
            with passing_servers(places, cluster, given) as environ:
                environ["BHI_CHROMIUM"] = browser
                report = cluster.folder / "pytest.xml"
                with meanwhile(places, beside, environ, cluster.folder / "beside.log") as ended:
                    outcomes = [step(places, name, command, environ) for name, command in checks]
                    outcomes.append(step(places, "pytest", (*tests, f"--junitxml={report}"), environ))
                    outcomes += ended()
                count, kinds = counted(report), of_each_kind(report)
        except Ended:
            return 130
    return conclude(outcomes, count, kinds)


@contextmanager
def passing_servers(places: Places, cluster: Cluster, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Servers made for this run and removed after it, and the environment that leads to them.

    A DATABASE_ADMIN_URL to another server is used instead of an embedded Postgres.
    """
    admin = environ["DATABASE_ADMIN_URL"] if servers.names_its_own(places, environ, "DATABASE_ADMIN_URL") else None
    with locked(cluster.lock, waiting=f"Waiting for another run over {cluster.folder}"):
        with locked(places.lock):
            clear_away(places, cluster)
            found = servers.prepared(places, cluster)
        try:
            servers.start(found, with_postgres=not admin)
            named = servers.urls(found.sockets) | (urls_elsewhere(places, admin) if admin else {})
            yield ready(places, environ, named)
        finally:
            ignore_endings()
            servers.stop(found)
            servers.wipe(found)


def ready(places: Places, environ: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run, once its database and roles are made."""
    say("Making the database and its roles")
    development = {"BHI_SECRET_KEY": servers.secret_key(places), "BHI_DEBUG": "1"}
    full = {**environ, **development, **named}
    # Kept, or three processes compile and rewrite hundreds of files of tests anew: a quarter of a minute each.
    full.pop("PYTHONDONTWRITEBYTECODE", None)
    database.manage(places, full, "create_roles")
    return full


def clear_away(places: Places, cluster: Cluster) -> None:
    """End and remove what an earlier run left that was killed outright."""
    left = servers.existing(places, cluster)
    if left is not None:
        servers.stop(left)
        servers.wipe(left)
    shutil.rmtree(cluster.folder, ignore_errors=True)


def urls_elsewhere(places: Places, admin: str) -> dict[str, str]:
    """The roles' addresses on another server, which must not hold an installation.

    Roles belong to a whole server, and making them for a test gives them new passwords. Raises SetupError.
    """
    say("Using the server of DATABASE_ADMIN_URL")
    asked = {**os.environ, "DATABASE_ADMIN_URL": admin, "DATABASE": DATABASE}
    answer = subprocess.run(
        [places.python, "-c", HOLDS_AN_INSTALLATION], env=asked, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SetupError(f"DATABASE_ADMIN_URL cannot be used: {answer.stderr.strip().splitlines()[-1]}")
    if answer.stdout.strip() != "0":
        raise SetupError(
            f"The server of DATABASE_ADMIN_URL has a database {DATABASE}: an installation's, whose roles a test\n"
            "would change. Tests need a server of their own."
        )
    return urls_on(admin)


def urls_on(admin: str) -> dict[str, str]:
    """The roles' addresses on another server, with one new password that create_roles gives them."""
    parts = urlsplit(admin)
    password = secrets.token_urlsafe(24)
    place = parts.netloc.rpartition("@")[2]
    named = {
        variable: parts._replace(netloc=f"{role}:{quote(password)}@{place}", path=f"/{TEST_DATABASE}").geturl()
        for variable, role in ROLES.items()
    }
    return named | {"DATABASE_ADMIN_URL": admin}


def step(places: Places, name: str, command: Sequence[str], environ: Mapping[str, str]) -> Outcome:
    """Run one step with its output as it comes."""
    say(f"{name}")
    began = time.monotonic()
    done = subprocess.run([places.python, *command], cwd=places.root, env=environ, check=False)
    return Outcome(name, done.returncode, time.monotonic() - began)


@contextmanager
def meanwhile(
    places: Places, check: Check | None, environ: Mapping[str, str], log: Path
) -> Iterator[Callable[[], list[Outcome]]]:
    """Run a check beside what follows; call what is given to wait for it, hear what it said and have its outcome."""
    if check is None:
        yield list
        return
    name, command = check
    began = time.monotonic()
    with log.open("w+b") as output:
        process = subprocess.Popen(
            [places.python, *command], cwd=places.root, env=environ, stdout=output, stderr=output
        )

        def ended() -> list[Outcome]:
            code = process.wait()
            say(name)
            print(log.read_text(), end="", flush=True)
            return [Outcome(name, code, time.monotonic() - began)]

        try:
            yield ended
        finally:
            process.kill()
            process.wait()


def counted(report: Path) -> Count | None:
    """What pytest's own report counts; None when it wrote none."""
    try:
        suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 -- pytest wrote it a moment ago
    except (FileNotFoundError, ET.ParseError):
        return None
    total, failed, skipped = 0, 0, 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Count(total - failed - skipped, failed, skipped)


def of_each_kind(report: Path) -> dict[str, int]:
    """How many tests of the report stand in which part of tests/: what was proved, at a glance."""
    try:
        cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 -- pytest wrote it a moment ago
    except (FileNotFoundError, ET.ParseError):
        return {}
    parts = [case.get("classname", "").removeprefix("tests.").split(".") for case in cases]
    names = [" ".join(part[:2]) if part[0] == "walls" else part[0] for part in parts]
    return {name: names.count(name) for name in sorted(set(names))}


def conclude(outcomes: Sequence[Outcome], count: Count | None, kinds: Mapping[str, int] | None = None) -> int:
    """Print how each step went and what the tests were of, and pytest's count as the last line."""
    print()
    for one in outcomes:
        print(f"  {'ok    ' if one.code == 0 else 'FAILED'}  {one.name} ({one.seconds:.0f} s)")
    for name, number in (kinds or {}).items():
        print(f"  {number:>6,}  {name.replace(' test_', ': ').replace('_', ' ')}")
    if count is None:
        print("pytest did not finish; see above")
    else:
        print(f"\n{count}")
    sys.stdout.flush()
    return 1 if any(one.code for one in outcomes) or count is None else 0
