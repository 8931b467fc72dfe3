"""Bringing a database to where the product can use it: roles, migrations, the demonstration once."""

import json
import subprocess
import sys
from collections.abc import Mapping

from bhi.local import postgres
from bhi.local.errors import SetupError
from bhi.local.places import DATABASE, ROLES, Places
from bhi.local.postgres import Postgres
from bhi.local.saying import say

OWNER = ROLES["DATABASE_OWNER_URL"]
# Tells a manage.py that its caller has started the servers and may hold the lock.
SUPPLIED = "BHI_LOCAL_SUPPLIED"


def has_roles(server: Postgres) -> bool:
    """Whether create_roles has run: the database then belongs to its owner role."""
    sql = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    return postgres.ask(server, sql, database=DATABASE) == OWNER


def make_roles(places: Places, server: Postgres, environ: Mapping[str, str]) -> None:
    """Make the database and its roles, unless that was done."""
    if not has_roles(server):
        say("Making the database and its roles")
        manage(places, environ, "create_roles")


def put_roles_right(places: Places, environ: Mapping[str, str]) -> None:
    """Make the roles, or change those of an earlier version to what this one wants."""
    manage(places, environ, "create_roles")


def is_migrated(server: Postgres) -> bool:
    """Whether migrations ever ran here."""
    return postgres.ask(server, "SELECT to_regclass('public.django_migrations') IS NOT NULL", database=DATABASE) == "t"


def migrate(places: Places, environ: Mapping[str, str]) -> None:
    """Bring the tables up to date."""
    say("Bringing the database up to date")
    manage(places, environ, "migrate", "--verbosity", "0")


def load_demonstration(places: Places, environ: Mapping[str, str]) -> None:
    """Load the demonstration organization and keep its sign-ins for printing; nothing when that was done."""
    if places.sign_ins.exists():
        return
    say("Loading the demonstration organization")
    printed = manage(places, environ, "load_demonstration", "--json")
    places.sign_ins.touch(mode=0o600)
    places.sign_ins.write_text(printed, encoding="utf-8")


def sign_ins(places: Places) -> list[dict[str, str]]:
    """One sign-in per role of the demonstration; none where it was not loaded."""
    if not places.sign_ins.exists():
        return []
    found: list[dict[str, str]] = json.loads(places.sign_ins.read_text(encoding="utf-8"))["sign_ins"]
    return found


def manage(places: Places, environ: Mapping[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed. Raises SetupError when it fails."""
    done = subprocess.run(
        [places.python, "manage.py", *arguments],
        cwd=places.root, env={**environ, SUPPLIED: "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise SetupError(f"manage.py {arguments[0]} failed; the lines above say why.")
    return done.stdout
