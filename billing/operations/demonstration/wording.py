"""What the demonstration's contact notes may begin with: headings by kind of contact, as a care manager would keep."""

from __future__ import annotations

from datetime import datetime

from billing.operations.demonstration.people import Staff
from caseload.models import Activity
from caseload.operations.note_settings import save_template

_FIRST = (
    *("What brings the patient here", "Goals, in the patient’s words", "What helped before"),
    *("Medication, and how it is taken", "First small step", "Questions left open"),
)
_LATER = (
    *("Since the last contact", "Medication taken, effects and side effects"),
    *("What was practised, and how it went", "Agreed until next time"),
)
_ATTEMPT = ("Number tried", "Message left, without naming the program", "Next try")
_CLINIC = ("Spoken with", "What was said about progress", "Asked of the treating clinician", "Who does what by when")
_TEMPLATES: tuple[tuple[Activity, str, tuple[str, ...]], ...] = (
    (Activity.TREATMENT, "First session", _FIRST),
    (Activity.TREATMENT, "Follow-up session", _LATER),
    (Activity.OUTREACH_ATTEMPT, "Attempt", _ATTEMPT),
    (Activity.COORDINATION, "Talk with the clinic", _CLINIC),
)


def tell_note_templates(staff: Staff, *, at: datetime) -> None:
    """Two for sessions, one for an attempt, one for coordination."""
    for activity, name, headings in _TEMPLATES:
        body = "".join(f"{heading}:\n" for heading in headings)
        save_template(by=staff.care_managers[0], at=at, activity=activity, name=name, body=body)
