"""Deciding how a clinic works. What was so before stays in the table's history, with who made it so and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Clinic, Membership
from registry.models import ClinicProtocol

# Anything else of the row is its own business: which clinic, who changed it, when.
SETTABLE = frozenset({
    *("program", "first_attempt_days", "panel_limit", "interim_contact_days"),
    *("open_weekdays", "opens_at", "closes_at", "outside_hours", "link_days"),
    *("crisis_text", "crisis_text_es", "read_within", "read_within_es"),
})  # fmt: skip


class ProtocolChanged(DomainError):
    """Somebody set the clinic's limits after they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody changed these settings meanwhile. Look at theirs, then save yours again.")


@transaction.atomic
def set_protocol(
    *, by: Membership, at: datetime, clinic: Clinic, seen: datetime | None = None, is_seen: bool = False, **changes: Any
) -> ClinicProtocol:
    """Set some of a clinic's limits, hours or texts; those not named stay as they are.

    With `is_seen`, `seen` is when the settings that the person looked at were made (None: never): raises
    ProtocolChanged where they are others by now. TypeError for a name that is no setting. Nothing is written
    when everything is so already.
    """
    if unknown := set(changes) - SETTABLE:
        raise TypeError(f"no settings of a clinic: {sorted(unknown)}")
    made = {"organization_id": by.organization_id, "clinic": clinic}
    fresh = {**changes, "changed_at": at, "changed_by": by}
    row, is_new = ClinicProtocol.objects.select_for_update().get_or_create(**made, defaults=fresh)
    if is_seen and seen != (None if is_new else row.changed_at):
        raise ProtocolChanged
    changed = sorted(changes) if is_new else sorted(name for name in changes if getattr(row, name) != changes[name])
    if not changed:
        return row
    if not is_new:
        for name in changed:
            setattr(row, name, changes[name])
        row.changed_at, row.changed_by = at, by
        row.save(update_fields=[*changed, "changed_at", "changed_by"])
    record("protocol.set", by=by, at=at, object_id=row.id, fields=changed)
    return row
