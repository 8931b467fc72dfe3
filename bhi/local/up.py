"""`./dev up`: the whole product on this machine until Ctrl-C."""

import argparse
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bhi.local import database, debian, installing, servers
from bhi.local.children import Children, Ended, endable, ignore_endings
from bhi.local.errors import SetupError
from bhi.local.lock import locked, open_lock, taken
from bhi.local.places import Places
from bhi.local.saying import say

FIRST_PORT = 8000
PORTS_TO_TRY = 100
SECONDS_FOR_WEB = 60
# Root's own machine, such as a container: Celery's lines about it would drown what matters.
CELERY_AS_ROOT = "ignore:You're running the worker with superuser privileges"
ADMINISTRATION = ("DATABASE_OWNER_URL", "DATABASE_ADMIN_URL")


def up(places: Places, arguments: Sequence[str]) -> int:
    """Set up what is missing, run web, worker and beat, and stop on Ctrl-C what this command started."""
    parser = argparse.ArgumentParser(prog="./dev up", description=up.__doc__)
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="the first web port to try (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    with endable(), only_one(places):
        try:
            installing.ensure(places, "local")
            if not debian.ensure_pango():
                say(f"{debian.PANGO_MISSING} Everything else works without them.")
            return run(places, chosen.port)
        except Ended:
            return 0


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Hold the mark of a running `./dev up`. Raises SetupError when this checkout is up already."""
    handle = open_lock(places.up_lock)
    try:
        if not taken(handle):
            raise SetupError("This checkout is up already in another terminal. Stop it with ./dev down.")
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode("ascii"))
        yield
    finally:
        os.close(handle)


def running_pid(places: Places) -> int | None:
    """The process id of the `./dev up` of this checkout; None when there is none."""
    handle = open_lock(places.up_lock)
    try:
        return None if taken(handle) else int(os.read(handle, 20) or 0) or None
    finally:
        os.close(handle)


def end_running(places: Places) -> bool:
    """Ask the `./dev up` of this checkout to stop, and wait for it. True when there was one."""
    pid = running_pid(places)
    if pid is None:
        return False
    say("Stopping ./dev up")
    os.kill(pid, signal.SIGTERM)
    with locked(places.up_lock, waiting="Waiting for it to end"):
        return True


def run(places: Places, port: int) -> int:
    """Start servers and processes, wait, and stop them in the opposite order."""
    environ = {"BHI_DEBUG": "1"} | os.environ
    with servers_for(places, environ):
        children = Children()
        try:
            set_up_database(places, environ)
            start_processes(places, children, environ, port)
            return watch(children)
        finally:
            ignore_endings()
            children.end()


@contextmanager
def servers_for(places: Places, environ: dict[str, str]) -> Iterator[None]:
    """Run the servers that the environment does not name; stop at the end those that this started."""
    with locked(places.lock):
        found, started = servers.supplied(places, environ)
    try:
        yield
    finally:
        ignore_endings()
        if found and (started.postgres or started.valkey):
            with locked(places.lock):
                servers.stop(found, started)


def set_up_database(places: Places, environ: Mapping[str, str]) -> None:
    """Migrate, and load the demonstration once, but never invented people into someone's own database."""
    if not environ.get("DATABASE_OWNER_URL"):
        say("DATABASE_OWNER_URL is not set: the database is used as it is, without migrating")
        return
    if environ.get("DATABASE_ADMIN_URL"):
        database.put_roles_right(places, environ)
    database.migrate(places, environ)
    if servers.is_embedded(places, environ):
        database.load_demonstration(places, environ)
    else:
        say("This is a database of your own: ./dev manage load_demonstration would load the demonstration")


def start_processes(places: Places, children: Children, environ: Mapping[str, str], port: int) -> None:
    """Start web, worker and beat, and print the address once it answers."""
    listener = listen(port)
    number = listener.getsockname()[1]
    if number != port:
        say(f"Port {port} is taken: using {number}")
    address = f"http://127.0.0.1:{number}/"
    environ = {"BHI_ADDRESS": address, **environ}
    say("Starting web, worker and beat")
    handle = listener.fileno()
    children.start("web", web_command(places, handle), folder=places.root, environ=web(environ), handles=[handle])
    listener.close()
    children.start("worker", worker_command(places), folder=places.root, environ=worker(environ))
    children.start("beat", beat_command(places), folder=places.root, environ=worker(environ))
    wait_for_web(children, address)
    announce(places, address)


def worker(environ: Mapping[str, str]) -> dict[str, str]:
    """What worker and beat may know: no role that makes or changes tables."""
    known = {name: value for name, value in environ.items() if name not in ADMINISTRATION}
    return {"PYTHONWARNINGS": CELERY_AS_ROOT} | known


def web(environ: Mapping[str, str]) -> dict[str, str]:
    """What web may know: the application's role alone."""
    known = {name: value for name, value in worker(environ).items() if name != "DATABASE_MAINTENANCE_URL"}
    return known | {"BHI_PROCESS": "web"}


def web_command(places: Places, handle: int) -> list[str]:
    """Gunicorn over a socket that is already bound, so that no one can take the port in between."""
    return [
        str(places.python), "-m", "gunicorn", "bhi.wsgi:application", "--bind", f"fd://{handle}",
        "--config", "python:bhi.web.gunicorn",
        "--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--log-level", "warning",
        "--no-control-socket",
    ]  # fmt: skip


def worker_command(places: Places) -> list[str]:
    options = ["--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    return [str(places.python), "-m", "celery", "--quiet", "-A", "bhi.celery", "worker", *options]


def beat_command(places: Places) -> list[str]:
    options = ["--loglevel", "WARNING", "--schedule", str(places.local / "beat-schedule")]
    return [str(places.python), "-m", "celery", "--quiet", "-A", "bhi.celery", "beat", *options]


def listen(first: int) -> socket.socket:
    """A socket bound to the first free port from `first` on, on this machine's own address only."""
    for port in range(first, min(first + PORTS_TO_TRY, 65536)):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # A port that our own last run left in TIME_WAIT is free.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", port))
            found.listen(128)
        except OSError:
            found.close()
        else:
            return found
    raise SetupError(f"No free port from {first} on. Name another with --port.")


def wait_for_web(children: Children, address: str) -> None:
    """Wait until web answers anything at all. Raises SetupError when it does not, or when a process dies."""
    deadline = time.monotonic() + SECONDS_FOR_WEB
    while time.monotonic() < deadline:
        fail_if_dead(children)
        if answers(address + "healthz"):
            return
        time.sleep(0.1)
    raise SetupError(f"Web did not answer within {SECONDS_FOR_WEB} seconds.")


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 -- our own address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def watch(children: Children) -> int:
    """Wait until a process ends by itself, which is a failure, or Ended is raised."""
    while True:
        fail_if_dead(children)
        time.sleep(0.3)


def fail_if_dead(children: Children) -> None:
    dead = children.first_dead()
    if dead is not None:
        raise SetupError(f"The {dead.name} process ended by itself (code {dead.process.returncode}); see above.")


def announce(places: Places, address: str) -> None:
    """Print the address and one sign-in per role."""
    lines = ["", f"  BHI is running at {address}", ""]
    found = database.sign_ins(places)
    if found:
        lines += ["  Sign in to the demonstration as:"]
        lines += [f"    {one['role']:<24}{one['email']:<36}{one['password']}" for one in found]
        lines += [""]
    lines += ["  Ctrl-C stops it.", ""]
    print("\n".join(lines), flush=True)
    sys.stdout.flush()
