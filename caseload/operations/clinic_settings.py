"""A clinic's own settings, one row at most: kept when nobody was faster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from bhi.errors import DomainError
from bhi.tenancy.models import Clinic, Membership
from caseload.models import ReviewProtocol, WorkProtocol

Settings = TypeVar("Settings", WorkProtocol, ReviewProtocol)


class SettingsMoved(DomainError):
    """Somebody set the clinic's settings after they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody changed these settings meanwhile. Look at theirs, then save yours again.")


def keep_settings(
    model: type[Settings],
    clinic: Clinic,
    wanted: Mapping[str, Any],
    *,
    by: Membership,
    at: datetime,
    seen: datetime | None,
) -> tuple[Settings, list[str]]:
    """The clinic's row with what is wanted, and the names of what that changed; nothing is written where none did.

    `seen` is when the row had been changed as it was shown, None for never. Raises SettingsMoved.
    """
    fresh = {**wanted, "changed_at": at, "changed_by": by}
    row, is_new = model._default_manager.select_for_update().get_or_create(
        organization_id=by.organization_id, clinic=clinic, defaults=fresh
    )
    if seen != (None if is_new else row.changed_at):
        raise SettingsMoved
    changed = sorted(name for name in wanted if is_new or getattr(row, name) != wanted[name])
    if changed and not is_new:
        for name, value in fresh.items():
            setattr(row, name, value)
        row.save(update_fields=list(fresh))
    return row, changed
