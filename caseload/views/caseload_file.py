"""The caseload as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from caseload.queries.caseload_filter import PROGRAMS
from caseload.queries.caseload_list import CaseloadRow, ScoreCell
from registry.rules.csv_text import Cell

_SCALE = ("baseline", "last", "change", "last on", "state")
HEADER = (
    *("Name", "Record number", "Birth date", "Clinic", "Care manager", "Program", "Status"),
    *("Enrolled", "Discharged", "Weeks", "Signals"),
    *(f"PHQ-9 {part}" for part in _SCALE),
    *(f"GAD-7 {part}" for part in _SCALE),
    *("Last contact", "Last review", "Next due", "Next due for"),
)


def file_lines(rows: Iterable[CaseloadRow], people: Mapping[UUID, str]) -> Iterator[list[Cell]]:
    """A line per row. A score from before enrolment is said to be the referral's and has no change."""
    programs = dict(PROGRAMS)
    for row in rows:
        yield [
            *(row.name, row.mrn, row.birth_date, row.clinic),
            *(people.get(row.care_manager_id, "") if row.care_manager_id else "", programs[row.program]),
            *(row.status_label, row.enrolled_on, row.ended_on, row.weeks),
            "; ".join(signal.label for signal in row.signals) + (f" +{row.more_signals}" if row.more_signals else ""),
            *_scale(row.phq9),
            *_scale(row.gad7),
            *(row.last_contact_on, row.last_review_on),
            *((row.next_due_on, row.next_due_purpose) if row.is_open else (None, "")),
        ]


def _scale(score: ScoreCell) -> tuple[Cell, ...]:
    state = "referral" if score.is_referral else score.state
    return (score.baseline, score.last, score.change, score.last_on, state)
