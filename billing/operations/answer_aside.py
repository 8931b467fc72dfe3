"""All of a file that is none of ours, as it answers another system too, is set aside and taken back in one act."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from billing.models import Acknowledgement, MatchUndone, RemittanceClaim
from billing.operations.answer_matching import why_aside
from billing.operations.answer_undoing import NothingToUndo, why_undone
from billing.queries.answers import answer_file
from billing.queries.answers_waiting import aside_rows, likely_claims, likely_said

_ROWS: Final = 1000


class OthersNow(DomainError):
    """Somebody worked on the file meanwhile: what was confirmed is not what would be done."""

    def __init__(self, count: int) -> None:
        said = "Nothing of this file is left" if not count else f"{count} of this file are left"
        super().__init__(f"{said} to set aside at once: somebody worked on it meanwhile. Nothing was changed.")


@transaction.atomic
def set_file_aside(*, by: Membership, at: datetime, file_id: UUID, because: str, count: int) -> int:
    """Everything of a file that waits and is not likely ours is somebody else's: whose it is, is forgotten.

    What has a number like ours, or the name or member number of somebody with a claim here, waits on. `count` is what
    the person confirmed. Raises SetAsideWhy, OthersNow, NotFound.
    """
    file = answer_file(by.organization_id, file_id)
    why = why_aside(because)
    claims = likely_claims(by.organization_id).filter(remittance__file=file, is_likely=False)
    said = likely_said(by.organization_id).filter(file=file, is_likely=False)
    ids = [list(_locked(rows).values_list("id", flat=True)) for rows in (claims, said)]
    if not count or sum(map(len, ids)) != count:
        raise OthersNow(sum(map(len, ids)))
    aside: dict[str, Any] = {"set_aside_because": why, "matched_at": at, "matched_by": by, "names": {}}
    RemittanceClaim.objects.filter(organization_id=by.organization_id, id__in=ids[0]).update(**aside, unknown=[])
    Acknowledgement.objects.filter(organization_id=by.organization_id, id__in=ids[1]).update(**aside)
    record("answer.set_aside", by=by, at=at, object_id=file.id, count=count)
    return count


@transaction.atomic
def undo_file_aside(*, by: Membership, at: datetime, file_id: UUID, because: str, set_aside_at: datetime) -> int:
    """What was set aside of a file at one instant waits again, without the names. How many answers that are.

    Raises UndoWhy, NothingToUndo, NotFound.
    """
    file = answer_file(by.organization_id, file_id)
    why = why_undone(because)
    count = 0
    for what, rows in aside_rows(by.organization_id, file.id).items():
        found = list(_locked(rows.filter(matched_at=set_aside_at)))
        MatchUndone.objects.bulk_create([_undone(what, row, by=by, at=at, why=why) for row in found], batch_size=_ROWS)
        waits: dict[str, Any] = {"set_aside_because": "", "matched_at": None, "matched_by": None}
        rows.filter(matched_at=set_aside_at).update(**waits)
        count += len(found)
    if not count:
        raise NothingToUndo
    record("answer.match_undone", by=by, at=at, object_id=file.id, count=count)
    return count


def _locked(rows: Any) -> Any:
    """Row by row, so that nobody waits for a long posting; in one order, so that two never wait for each other."""
    return rows.order_by("id").select_for_update(of=("self",), no_key=True)


def _undone(
    what: str, row: RemittanceClaim | Acknowledgement, *, by: Membership, at: datetime, why: str
) -> MatchUndone:
    assert row.matched_at is not None, "who asked for them asked for those of one instant"
    assert row.matched_by_id is not None
    return MatchUndone(
        organization_id=by.organization_id,
        **{what: row},
        set_aside_because=row.set_aside_because,
        matched_at=row.matched_at,
        matched_by_id=row.matched_by_id,
        undone_at=at,
        undone_by=by,
        because=why,
    )
