"""A migrated database for one run, on the server that the environment names; dropped at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql

from bhi.tenancy import roles

PREFIX = "bhi_bench"


@contextmanager
def scratch_database() -> Iterator[str]:
    """A new database with all tables, and every connection of this process in it. Yields its name.

    Its advisory lock tells a later run whether it was left by one that was killed.
    """
    name = f"{PREFIX}_{os.getpid()}"
    with _administrator("postgres") as admin:
        _drop_left(admin)
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        try:
            roles.create_database(admin_url(), name)
            with pointed_at(name):
                call_command("migrate", skip_checks=True, verbosity=0)
                yield name
        finally:
            _drop(admin, name)


@contextmanager
def pointed_at(name: str) -> Iterator[str]:
    """Every alias of this process in that database, each in its role, and back at the end."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    try:
        _point(dict.fromkeys(connections, name))
        yield name
    finally:
        _point(before)


def admin_url() -> str:
    """The administrator's address. CommandError where none is named."""
    url = settings.ENVIRONMENT.database_admin_url
    if not url:
        raise CommandError("bench makes a database of its own: set DATABASE_ADMIN_URL.")
    return str(url)


@contextmanager
def loading(name: str) -> Iterator[psycopg.Connection]:
    """A connection that writes invented rows by the million: foreign keys and triggers off, walls passed.

    What it writes is right by construction; unique and exclusion constraints hold all the same.
    """
    with _administrator(name) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("SET synchronous_commit = off")
        yield admin


def _administrator(database: str) -> psycopg.Connection:
    return psycopg.connect(admin_url(), dbname=database, autocommit=True)


def _point(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _drop_left(admin: psycopg.Connection) -> None:
    for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}\\_%"]).fetchall():
        if admin.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone() == (True,):
            _drop(admin, name)
            admin.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
