"""Which organization the present transaction works for.

Row-level security shows a connection only the rows of the organization that is set on it, for one transaction.
`tenant()` is the only place that sets it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from bhi.errors import MonthClosed
from bhi.tenancy.models import Organization
from bhi.tenancy.pool import SETTING

# Where the triggers of the history look for what a change was part of.
HISTORY_SETTING: Final = "pghistory.context_metadata"
# What the triggers of a closed month say; their message is the month (billing/0006).
CLOSED_SQLSTATE: Final = "BHI01"


def current_organization_id() -> UUID | None:
    """The organization that this transaction works for, or None outside `tenant()`."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting(%s, true), '')", [SETTING])
        (value,) = cursor.fetchone()
    return UUID(value) if value else None


@contextmanager
def tenant(organization: Organization | UUID, *, history: Mapping[str, str] | None = None) -> Iterator[UUID]:
    """One transaction (or savepoint) in which only this organization's rows exist.

    `history` is what the rows of history that are written here say of their change: by which seat, in which request.
    It is set once, with the organization; the library that keeps the history would write it into every statement.

    On success what was set before is put back by hand, because a released savepoint keeps what was set inside it; on
    an exception the rollback does that. Nothing outlives the transaction, whatever the pool does.
    Raises MonthClosed in place of the database's error where a statement writes into a closed month.
    """
    organization_id = organization.id if isinstance(organization, Organization) else organization
    connection = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(), connection.execute_wrapper(_naming_closed_months):
        values = {SETTING: str(organization_id)}
        if history is not None:
            values |= {HISTORY_SETTING: json.dumps(dict(history), sort_keys=True)}
        before = swap_settings(connection, values)
        yield organization_id
        if not connection.needs_rollback:
            swap_settings(connection, before)


def _naming_closed_months(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """One place for every write: a trigger's refusal becomes a sentence that a page can show."""
    try:
        return execute(sql, params, many, context)
    except DatabaseError as fault:
        if getattr(fault.__cause__, "sqlstate", None) == CLOSED_SQLSTATE:
            raise MonthClosed(str(fault.__cause__.diag.message_primary)) from None  # type: ignore[union-attr]
        raise


_SET: Final = ", set_config(%s, %s, true)"


def swap_settings(connection: object, values: Mapping[str, str]) -> dict[str, str]:
    """Set what this transaction works for and return what was set before, in one round trip."""
    read = ", ".join(f"current_setting(%s, true) AS before{place}" for place in range(len(values)))
    asked = [part for name, value in values.items() for part in (name, value)]
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(
            f"SELECT was.*{_SET * len(values)} FROM (SELECT {read} OFFSET 0) AS was",  # noqa: S608 -- of constants
            [*asked, *values],
        )
        found = cursor.fetchone()
    return {name: before or "" for name, before in zip(values, found, strict=False)}
