"""The commands of `./dev`."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bhi.local import database, installing, servers, testing, up
from bhi.local.errors import SetupError
from bhi.local.lock import locked
from bhi.local.places import Places
from bhi.local.saying import say

HELP = """\
./dev up [--port N]      set up what is missing and run everything; Ctrl-C stops it
./dev test               every check and test; ./dev test PATH -k WORD … gives its arguments to pytest
./dev manage COMMAND …   one of Django's or the product's commands; ./dev manage help lists them
./dev down               stop what runs in this checkout
./dev reset [--yes]      stop, and delete the embedded database with everything in it
./dev bench              measure against the budgets
./dev battery            what takes longer than ./dev test: fault runs, long machines, a restore drill, Debian's
                         Postgres with TLS where present; prints its figures (--postgres15: the suite there)
./dev servers            start only the servers; eval "$(./dev servers)" sets their addresses in a shell
./dev lock [--upgrade]   compile pyproject.toml into the pinned, hashed requirements
"""
# Commands that bring the database to where it should be, or that need nothing in it.
NEEDS_NO_TABLES = frozenset({"migrate", "makemigrations", "showmigrations", "create_roles", "check", "help", "bench"})


def run(arguments: Sequence[str]) -> int:
    """Carry out one command; the exit code tells how it went."""
    places = Places(Path(__file__).resolve().parents[2])
    name, *rest = arguments or ["help"]
    command = COMMANDS.get(name)
    if command is None:
        sys.stderr.write(f"There is no ./dev {name}.\n\n{HELP}")
        return 2
    # What is installed must be readable by the servers' own user; what is private says so itself.
    os.umask(0o022)
    try:
        return command(places, rest)
    except SetupError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def print_help(_: Places, __: Sequence[str]) -> int:
    """Say what ./dev can do."""
    sys.stdout.write(HELP)
    return 0


def print_servers(places: Places, _: Sequence[str]) -> int:
    """Start the servers and print what a shell needs to use them."""
    installing.ensure(places, "local")
    environ: dict[str, str] = {"PATH": os.environ.get("PATH", os.defpath)}
    servers.supply(places, environ)
    for name, value in environ.items():
        if name != "PATH":
            print(f"export {name}={shlex.quote(value)}")
    return 0


def manage(places: Places, arguments: Sequence[str]) -> int:
    """Run a management command in place of this process, setting up first where nothing was set up."""
    installing.ensure(places, "local")
    environ = dict(os.environ)
    servers.supply(places, environ)
    if servers.is_embedded(places, environ) and not NEEDS_NO_TABLES.intersection(arguments[:1]):
        set_up_once(places, environ)
    os.execve(places.python, [str(places.python), str(places.root / "manage.py"), *arguments], environ)


def set_up_once(places: Places, environ: dict[str, str]) -> None:
    """Migrate and load the demonstration in a database where nothing ever was."""
    with locked(places.lock):
        if not database.is_migrated(servers.prepared(places, places.own).postgres):
            database.migrate(places, environ)
            database.load_demonstration(places, environ)


def down(places: Places, _: Sequence[str]) -> int:
    """Stop `./dev up` and the servers of this checkout."""
    was_up = up.end_running(places)
    if not (stop_servers(places) or was_up):
        say("Nothing was running")
    return 0


def stop_servers(places: Places) -> bool:
    with locked(places.lock):
        found = servers.existing(places, places.own)
        return found is not None and servers.stop(found)


def reset(places: Places, arguments: Sequence[str]) -> int:
    """Stop everything and delete the embedded servers' data; the next start begins anew."""
    parser = argparse.ArgumentParser(prog="./dev reset", description=reset.__doc__)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    if not (parser.parse_args(arguments).yes or agreed(f"Delete the database in {places.local}?")):
        say("Nothing was deleted")
        return 1
    down(places, ())
    with locked(places.lock):
        found = servers.existing(places, places.own)
        if found is not None:
            servers.wipe(found)
        for data in (places.own.postgres_data, places.own.valkey_data):
            shutil.rmtree(data, ignore_errors=True)
        for kept in (places.sign_ins, places.demonstration):
            kept.unlink(missing_ok=True)
    say("Deleted. ./dev up begins anew")
    return 0


def agreed(question: str) -> bool:
    """Ask; without anyone to answer it is a no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} Type yes: ").strip() == "yes"


def lock(places: Places, arguments: Sequence[str]) -> int:
    """Compile the requirements."""
    return installing.lock(places, arguments)


COMMANDS: dict[str, Callable[[Places, Sequence[str]], int]] = {
    "up": up.up,
    "test": testing.test,
    "manage": manage,
    "down": down,
    "reset": reset,
    "bench": testing.bench,
    "battery": testing.battery,
    "servers": print_servers,
    "lock": lock,
    "help": print_help,
    "--help": print_help,
    "-h": print_help,
}
