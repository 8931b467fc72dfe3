"""Taking an import back where claims may rest on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from billing.operations.batches import lock_claims
from billing.operations.errors import ImportClaimed
from billing.queries.claims import have_claims
from caseload.models import ImportRun
from caseload.operations.imports import undo_import
from caseload.queries.imports import episodes_of_import


@transaction.atomic
@seeing_everything()
def undo_unclaimed_import(*, by: Membership, at: datetime, run_id: UUID) -> ImportRun:
    """Undo an import on which no live claim rests. Who makes a batch meanwhile waits, and finds nothing to bill.

    Raises ImportClaimed, and what undo_import raises: ImportNotDone, ImportBuiltOn, NotFound.
    """
    lock_claims(by.organization_id)
    if have_claims(by.organization_id, episodes_of_import(by.organization_id, run_id)):
        raise ImportClaimed
    return undo_import(by=by, at=at, run_id=run_id)
