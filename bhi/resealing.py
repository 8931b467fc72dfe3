"""Sealing everything anew with the newest key, so that an older one can be taken away.

Run as the owner of the tables, who alone may write in histories. What a key sealed is known by how it begins, so a
run that was broken off goes on where it stopped, and one that finds nothing is the proof that older keys are spare.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connections, transaction

from bhi.accounts.mfa_secrets import resealed as factor_resealed
from bhi.accounts.mfa_secrets import secrets_of
from bhi.files.models import StoredFile
from bhi.files.operations import bound_to as file_bound_to
from bhi.sealing import (
    SealBroken,
    SealedTextField,
    is_newest,
    newest_prefix,
    place,
    seal,
    seal_text,
    unseal,
    unseal_text,
)

OWNER: Final = "owner"
CHUNK: Final = 50
# Files are up to 25 MB each, and a chunk is held in memory.
CHUNK_OF_FILES: Final = 4


@dataclass(frozen=True)
class Column:
    """A column of sealed bytes; `key` finds the row again, in histories another column than the sealed row's id."""

    table: str
    name: str
    key: str
    chunk: int
    bound_to: Callable[[UUID, UUID], str]  # of organization and row


@dataclass(frozen=True)
class Step:
    """What one transaction did: `broken` are rows that no key opens."""

    resealed: int
    broken: int
    last: Any


def sealed_columns() -> Iterator[Column]:
    """Every column of sealed bytes, histories included."""
    yield Column(StoredFile._meta.db_table, "sealed", "id", CHUNK_OF_FILES, file_bound_to)
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedTextField):
                name, key = str(field.column), str(model._meta.pk.column)
                yield Column(model._meta.db_table, name, key, CHUNK, _binder(model, name))


def waiting(column: Column, organization_id: UUID | None) -> int:
    """How many values of a column an older key sealed."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_from(column, organization_id)}", _asked(organization_id))  # noqa: S608
        return int(cursor.fetchone()[0])


def reseal_some(column: Column, organization_id: UUID | None, after: Any) -> Step | None:
    """One chunk of a column in one transaction, the rows after `after`; None when there are no more."""
    connection = connections[OWNER]
    where = f"{_from(column, organization_id)}{f' AND {column.key} > %s' if after is not None else ''}"
    asked = [*_asked(organization_id), *([after] if after is not None else [])]
    with transaction.atomic(using=OWNER), connection.cursor() as cursor:
        without_triggers(cursor, column.table)
        cursor.execute(
            f"SELECT {column.key}, organization_id, id, {column.name} FROM {where} "  # noqa: S608 -- names of models
            f"ORDER BY {column.key} LIMIT {column.chunk} FOR UPDATE",
            asked,
        )
        rows = cursor.fetchall()
        broken = sum(not _reseal(cursor, column, *row) for row in rows)
    return Step(len(rows) - broken, broken, rows[-1][0]) if rows else None


def reseal_factors() -> tuple[int, int]:
    """The secrets of second factors, which belong to people and no organization: how many, and how many stay shut."""
    resealed = broken = 0
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, data::text FROM mfa_authenticator WHERE type <> 'webauthn' ORDER BY id FOR UPDATE"
        )
        for row_id, user_id, text in cursor.fetchall():
            data = json.loads(text)
            if all(map(is_newest, secrets_of(data))):
                continue
            try:
                kept = json.dumps(factor_resealed(data, user_id))
            except SealBroken:
                broken += 1
                continue
            cursor.execute("UPDATE mfa_authenticator SET data = %s WHERE id = %s", [kept, row_id])
            resealed += 1
    return resealed, broken


def sealed_json() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Tables whose rows hold one sealed text inside JSON: table, column, path (`sealed_json` of their models)."""
    for model in apps.get_models():
        if found := getattr(model, "sealed_json", None):
            yield model._meta.db_table, *found


def reseal_json(
    table: str, column: str, path: tuple[str, ...], organization_id: UUID | None = None, alias: str = OWNER
) -> tuple[int, int]:
    """Seal those texts anew, open ones too: how many, and how many stay shut. One transaction; texts are short."""
    resealed = broken = 0
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        without_triggers(cursor, table)
        only = "" if organization_id is None else " AND organization_id = %s"
        cursor.execute(
            f"SELECT id, organization_id, {column} #>> %s FROM {table} WHERE {column} #>> %s IS NOT NULL{only}",  # noqa: S608
            [list(path), list(path), *([organization_id] if organization_id else [])],
        )
        for row_id, organization, text in cursor.fetchall():
            if is_newest(text):
                continue
            bound = place(organization, table, column, row_id)
            try:
                kept = seal_text(unseal_text(text, bound_to=bound), bound_to=bound)
            except SealBroken:
                broken += 1
                continue
            cursor.execute(
                f"UPDATE {table} SET {column} = jsonb_set({column}, %s, to_jsonb(%s::text)) WHERE id = %s",  # noqa: S608
                [list(path), kept, row_id],
            )
            resealed += 1
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
    return resealed, broken


def _reseal(cursor: Any, column: Column, key: Any, organization_id: UUID, row_id: UUID, sealed: bytes) -> bool:
    bound = column.bound_to(organization_id, row_id)
    try:
        content = unseal(bytes(sealed), bound_to=bound)
    except SealBroken:
        return False
    cursor.execute(
        f"UPDATE {column.table} SET {column.name} = %s WHERE {column.key} = %s",  # noqa: S608 -- names of models
        [seal(content, bound_to=bound), key],
    )
    return True


def _from(column: Column, organization_id: UUID | None) -> str:
    rows = f"{column.table} WHERE {column.name} <> ''::bytea AND substring({column.name} FROM 1 FOR %s) <> %s"
    return rows if organization_id is None else f"{rows} AND organization_id = %s"


def _asked(organization_id: UUID | None) -> list[Any]:
    prefix = newest_prefix()
    return [len(prefix), prefix, *([organization_id] if organization_id else [])]


def without_triggers(cursor: Any, table: str) -> None:
    """Another key is no change of a row: no history is written of it, and an append-only history takes it."""
    cursor.execute(
        "SELECT set_config('pgtrigger.ignore', "
        "(SELECT coalesce(array_agg(tgname)::text, '{}') FROM pg_trigger WHERE tgrelid = %s::regclass"
        " AND NOT tgisinternal), true)",
        [table],
    )


def _binder(model: Any, column: str) -> Callable[[UUID, UUID], str]:
    table = getattr(model, "pgh_tracked_model", model)._meta.db_table
    return lambda organization_id, row_id: place(organization_id, table, column, row_id)
