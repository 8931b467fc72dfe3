"""The queue of denials as it stands in a file: what the page shows of each, a value in each cell."""

from __future__ import annotations

from collections.abc import Iterable

from billing.queries.denials import DenialRow
from registry.rules.csv_text import Cell

HEADER = (
    *("Patient", "Claim", "Month of service", "Payer", "Code", "Group", "Reason code", "Reason"),
    *("What the record says", "Next step", "Taken off", "Answered", "Last day", "Last day of", "Where it stands"),
    *("Who sees to it", "Note"),
)


def denials_table(rows: Iterable[DenialRow]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """A line for each denial. Nothing stands under the last day where none is known, or where it is finished."""
    return HEADER, [
        (
            *(row.patient_name, row.claim, row.month, row.payer, row.code or "Whole claim", row.group),
            *(row.reason.code, row.reason.meaning, " ".join(cause.sentence for cause in row.causes)),
            *("" if row.is_finished else row.reason.next_step, row.amount, row.found_on),
            *_until(row),
            *(row.state.label, row.owner, row.note),
        )
        for row in rows
    ]


def _until(row: DenialRow) -> tuple[Cell, Cell]:
    """The last day, and the payer that takes it until then."""
    if row.is_finished:
        return None, ""
    return row.due_on, (row.next_payer or "the other payer") if row.is_of_other_payer else row.payer
