"""What workers do for the audit. It can run twice: a day that is sealed is not sealed again."""

from __future__ import annotations

from bhi.audit.operations import seal_days
from bhi.jobs.registry import Run, handles, nightly, repeats

SEAL = "seal_audit"


def register() -> None:
    """Called once, when Django starts."""
    handles(SEAL, seal)
    repeats(SEAL, nightly)


def seal(run: Run) -> None:
    """Seal the days that have ended."""
    seal_days(organization_id=run.organization_id, at=run.at)
