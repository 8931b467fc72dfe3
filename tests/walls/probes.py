"""Trying to get through the wall, table by table, in a database where two organizations have a row of everything.

Each probe runs in a savepoint of the administrator's transaction, so that a wall broken in it is probed too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from bhi.tenancy.catalogue_facts import ForeignKey, read_facts


@dataclass(frozen=True)
class TwoTenants:
    """The database to probe and its organizations."""

    connection: psycopg.Connection
    mine: UUID
    other: UUID


@contextmanager
def as_application(two: TwoTenants) -> Iterator[psycopg.Cursor]:
    """Behind the wall in `mine`; everything done is taken back."""
    with two.connection.transaction(force_rollback=True), two.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization_id', %s, true)", [str(two.mine)])
        cursor.execute("SET LOCAL ROLE bhi_app")
        yield cursor


def organizations_seen(two: TwoTenants, table: str) -> set[UUID]:
    """Whose rows a plain SELECT finds; right is `mine` and nobody else's."""
    with as_application(two) as cursor:
        cursor.execute(sql.SQL("SELECT DISTINCT organization_id FROM {}").format(sql.Identifier(table)))
        return {row[0] for row in cursor.fetchall()}


def answer_to_writing_for_another(two: TwoTenants, table: str) -> str | None:
    """What a row of `mine` copied to `other` is answered with; right is refused_by_policy()."""
    statement = sql.SQL(
        "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(x) || {change})).* "
        "FROM {table} x LIMIT 1"
    ).format(table=sql.Identifier(table), change=sql.Literal(f'{{"organization_id": "{two.other}"}}'))
    try:
        with as_application(two) as cursor:
            cursor.execute(statement)
    except psycopg.Error as refusal:
        return refusal.diag.message_primary
    return None


def refused_by_policy(table: str) -> str:
    return f'new row violates row-level security policy for table "{table}"'


def sqlstate_of_pointing_elsewhere(two: TwoTenants, key: ForeignKey) -> str | None:
    """What pointing one's row at another organization's is answered with; right is 23503.

    As the administrator, whom no policy stops: keys must hold whoever writes.
    """
    column = key.columns[-1]
    voided = sql.SQL(", voided_at = now()") if column == "voided_by_id" else sql.SQL("")
    foreign = sql.SQL("SELECT id FROM {} WHERE organization_id = %s LIMIT 1").format(sql.Identifier(key.target))
    statement = sql.SQL(
        "UPDATE {table} SET {column} = %s{voided} WHERE id = "
        "(SELECT id FROM {table} WHERE organization_id = %s ORDER BY id LIMIT 1)"
    ).format(table=sql.Identifier(key.table), column=sql.Identifier(column), voided=voided)
    try:
        with two.connection.transaction(force_rollback=True), two.connection.cursor() as cursor:
            (target,) = cursor.execute(foreign, [two.other]).fetchone() or (uuid4(),)
            _without_checks(cursor, key.table)
            cursor.execute(statement, [target, two.mine])
    except psycopg.Error as refusal:
        return refusal.sqlstate
    return None


def _without_checks(cursor: psycopg.Cursor, table: str) -> None:
    """A CHECK that ties the key to another column would answer before the key itself."""
    found = cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
    ).fetchall()
    for (name,) in found:
        cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))


def composite_keys(two: TwoTenants) -> list[ForeignKey]:
    with two.connection.cursor() as cursor:
        return [key for key in read_facts(cursor).foreign_keys if key.is_composite]
