"""The only way a tenant table refers to another tenant table."""

from __future__ import annotations

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey):
    """A foreign key whose database constraint is a TenantFK of the table's `tenant_wall`.

    It has no constraint and no index of its own: both would leave out the organization. Deleting a row that
    something points at is refused.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs["db_index"] = False
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)
