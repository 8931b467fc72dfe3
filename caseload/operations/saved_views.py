"""A seat's own views of the caseload. They hold filters, never a search or anything else of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import SavedView
from caseload.operations.errors import TooManyViews

MOST_VIEWS = 20


@transaction.atomic
def save_view(*, by: Membership, at: datetime, name: str, choices: Mapping[str, str]) -> SavedView:
    """Keep filters and order under a name; a view of that name is replaced. Raises TooManyViews."""
    mine = SavedView.objects.filter(organization_id=by.organization_id, membership=by)
    if mine.exclude(name=name).count() >= MOST_VIEWS:
        raise TooManyViews
    kept: SavedView
    kept, _ = SavedView.objects.update_or_create(
        organization_id=by.organization_id,
        membership=by,
        name=name,
        defaults={"choices": dict(choices), "saved_at": at},
    )
    record("caseload.view_saved", by=by, at=at, object_id=kept.id)
    return kept


@transaction.atomic
def delete_view(*, by: Membership, at: datetime, view_id: UUID) -> None:
    """Forget one of the seat's views. Raises NotFound, also for another seat's."""
    found = SavedView.objects.filter(organization_id=by.organization_id, membership=by, id=view_id)
    if not found.delete()[0]:
        raise NotFound
    record("caseload.view_deleted", by=by, at=at, object_id=view_id)
