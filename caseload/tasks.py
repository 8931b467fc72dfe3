"""What workers do for the caseload. Each handler makes one call and can run twice."""

from __future__ import annotations

from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import DomainError
from bhi.jobs.registry import Run, handles
from bhi.tenancy.models import Membership
from caseload.operations.imports import confirm_import, preview_again, read_import
from caseload.queries.imports import is_importing


def register() -> None:
    """Called once, when Django starts."""
    handles("read_import", read_long_import)
    handles("carry_out_import", carry_out_long_import)


def read_long_import(run: Run) -> None:
    """Preview an upload that was too long for a page."""
    read_import(by=_by(run), at=run.at, run_id=UUID(run.arguments["run_id"]))


def carry_out_long_import(run: Run) -> None:
    """Carry out a confirmed import. What cannot be is said in a new preview; a second run finds nothing to do."""
    by, run_id = _by(run), UUID(run.arguments["run_id"])
    if not is_importing(run.organization_id, run_id):
        return
    try:
        confirm_import(
            by=by,
            at=run.at,
            run_id=run_id,
            digest=run.arguments["digest"],
            in_background=False,
            progress=run.progress,
        )
    except DomainError as refusal:
        preview_again(by=by, at=run.at, run_id=run_id, because=str(refusal))


def _by(run: Run) -> Membership:
    return people_of(run.organization_id)[UUID(run.arguments["by_id"])]
