"""Which organization the present transaction works for.

Row-level security shows a connection only the rows of the organization that is set on it, for one transaction.
`tenant()` is the only place that sets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from bhi.tenancy.models import Organization
from bhi.tenancy.pool import SETTING


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
    """
    organization_id = organization.id if isinstance(organization, Organization) else organization
    connection = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic():
        before = _swap(connection, str(organization_id))
        yield organization_id
        if not connection.needs_rollback:
            _swap(connection, before)


def _swap(connection: object, value: str) -> str:
    """Set the organization for this transaction and return what was set before, in one round trip."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(
            "SELECT before, set_config(%s, %s, true) FROM (SELECT current_setting(%s, true) AS before OFFSET 0) AS was",
            [SETTING, value, SETTING],
        )
        before, _ = cursor.fetchone()
    return before or ""
