"""Databases for tests: one migrated template per state of the migrations, one quick copy per test process.

Everything here speaks to the server as its administrator or as the owner role; tests themselves run as bhi_app.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from bhi.tenancy import roles

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "bhi_test"
TEMPLATES_KEPT = 4
# Rows that migrations write, and what is looked up once per process.
NEVER_EMPTIED = ("django_migrations", "django_content_type", "auth_permission")


def admin_url() -> str:
    return os.environ["DATABASE_ADMIN_URL"]


def owner_url() -> str:
    return os.environ["DATABASE_OWNER_URL"]


@contextmanager
def test_database(worker: str) -> Iterator[str]:
    """A migrated database of this process alone, dropped at the end."""
    name = f"{PREFIX}_{os.getpid()}_{worker}"
    with _administrator() as admin:
        # Held as long as the database is in use: what nobody holds was left by a run that was killed.
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        with _building(admin):
            template = _template(admin)
            _copy(admin, template, name)
        try:
            yield name
        finally:
            drop(name, admin)


@contextmanager
def scratch_copy(name: str) -> Iterator[str]:
    """Another migrated database, to be broken on purpose. Yields its name."""
    with _administrator() as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        with _building(admin):
            _copy(admin, _template(admin), name)
        try:
            yield name
        finally:
            drop(name, admin)


def drop(name: str, admin: psycopg.Connection) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def empty_tables(database: str) -> None:
    """What Django's flush does, as the administrator: the application's role may neither TRUNCATE nor delete facts.

    Only tables with rows are emptied, and without triggers: to truncate a hundred tables takes a second each time.
    """
    with psycopg.connect(admin_url(), dbname=database) as admin:
        tables = admin.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)",
            [list(NEVER_EMPTIED)],
        ).fetchall()
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
            for (name,) in tables
        )
        filled = admin.execute(asked).fetchall()
        admin.execute("SET LOCAL session_replication_role = replica")
        for (name,) in filled:
            admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def state_of_migrations() -> str:
    """Changes whenever a migrated database would."""
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("bhi/*/migrations/*.py")]
    files += [ROOT / "bhi" / "tenancy" / name for name in ("constraints.py", "roles.py", "history.py", "pool.py")]
    files += [ROOT / "requirements" / "test.txt", Path(__file__)]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _administrator() -> Iterator[psycopg.Connection]:
    with psycopg.connect(admin_url(), dbname="postgres", autocommit=True) as admin:
        yield admin


@contextmanager
def _building(admin: psycopg.Connection) -> Iterator[None]:
    """One process at a time makes databases, so that the template is built once."""
    admin.execute("SELECT pg_advisory_lock(hashtext('bhi tests: building'))")
    try:
        yield
    finally:
        admin.execute("SELECT pg_advisory_unlock(hashtext('bhi tests: building'))")


def _template(admin: psycopg.Connection) -> str:
    name = f"bhi_template_{state_of_migrations()}"
    finished = admin.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
    if finished != (True,):
        drop(name, admin)
        _clear_away(admin)
        _migrate(name)
        admin.execute(
            sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false").format(sql.Identifier(name))
        )
    return name


def _migrate(name: str) -> None:
    urls = settings.ENVIRONMENT
    passwords = {
        roles.OWNER: urls.database_owner_url,
        roles.APPLICATION: urls.database_url,
        roles.MAINTENANCE: urls.database_maintenance_url,
    }
    roles.create_roles(admin_url(), roles.passwords_of(passwords))
    roles.create_database(admin_url(), name)
    owner = connections["owner"]
    owner.close()
    owner.settings_dict["NAME"] = name
    call_command("migrate", skip_checks=True, verbosity=0)
    owner.close()


def _copy(admin: psycopg.Connection, template: str, name: str) -> None:
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template), "owner": sql.Identifier(roles.OWNER)}
    drop(name, admin)
    admin.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template} OWNER {owner}").format(**names))
    admin.execute(sql.SQL("ALTER DATABASE {name} SET synchronous_commit = off").format(**names))
    roles.create_database(admin_url(), name)


def _clear_away(admin: psycopg.Connection) -> None:
    """Drop what killed runs left, and all but the newest templates."""
    found = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}\\_%"]).fetchall()
    for (name,) in found:
        if admin.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone() == (True,):
            drop(name, admin)
            admin.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
    old = admin.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE 'bhi\\_template\\_%%' ORDER BY oid DESC OFFSET %s",
        [TEMPLATES_KEPT - 1],
    ).fetchall()
    for (name,) in old:
        admin.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
        drop(name, admin)
