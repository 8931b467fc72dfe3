"""Which organization the present transaction works for.

Row-level security shows a connection only the rows of the organization that is set on it, for one transaction.
`tenant()` is the only place that sets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from bhi.errors import MonthClosed
from bhi.tenancy.models import Organization
from bhi.tenancy.pool import SETTING

# What the triggers of a closed month say; their message is the month (billing/0006).
CLOSED_SQLSTATE: Final = "BHI01"


def current_organization_id() -> UUID | None:
    """The organization that this transaction works for, or None outside `tenant()`."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting(%s, true), '')", [SETTING])
        (value,) = cursor.fetchone()
    return UUID(value) if value else None


@contextmanager
def tenant(organization: Organization | UUID) -> Iterator[UUID]:
    """One transaction (or savepoint) in which only this organization's rows exist.

    On success the organization set before is put back by hand, because a released savepoint keeps what was set
    inside it; on an exception the rollback does that. Nothing outlives the transaction, whatever the pool does.
    Raises MonthClosed in place of the database's error where a statement writes into a closed month.
    """
    organization_id = organization.id if isinstance(organization, Organization) else organization
    connection = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(), connection.execute_wrapper(_naming_closed_months):
        before = _swap(connection, str(organization_id))
        yield organization_id
        if not connection.needs_rollback:
            _swap(connection, before)


def _naming_closed_months(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """One place for every write: a trigger's refusal becomes a sentence that a page can show."""
    try:
        return execute(sql, params, many, context)
    except DatabaseError as fault:
        if getattr(fault.__cause__, "sqlstate", None) == CLOSED_SQLSTATE:
            raise MonthClosed(str(fault.__cause__.diag.message_primary)) from None  # type: ignore[union-attr]
        raise


def _swap(connection: object, value: str) -> str:
    """Set the organization for this transaction and return what was set before, in one round trip."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(
            "SELECT before, set_config(%s, %s, true) FROM (SELECT current_setting(%s, true) AS before OFFSET 0) AS was",
            [SETTING, value, SETTING],
        )
        before, _ = cursor.fetchone()
    return before or ""
