"""What workers do for outcomes. Each handler makes one call and can run twice."""

from __future__ import annotations

from bhi.accounts.queries import system_membership
from bhi.jobs.registry import Run, handles, nightly, repeats
from outcomes.operations.measuring import measure_months
from outcomes.queries.measured import earliest_day

MEASURE = "measure_months"


def register() -> None:
    """Called once, when Django starts."""
    handles(MEASURE, measure, label="Measuring the months")
    repeats(MEASURE, nightly)


def measure(run: Run) -> None:
    measure_months(
        organization_id=run.organization_id,
        by=system_membership(run.organization_id),
        at=run.at,
        today=earliest_day(run.organization_id, run.at),
        progress=run.progress,
    )
