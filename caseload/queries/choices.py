"""What a contact can be, for forms."""

from __future__ import annotations

from caseload.models import Activity, ContactOutcome, Mode

# A case review is recorded with its recommendations, not as a contact.
ACTIVITIES = tuple((value, label) for value, label in Activity.choices if value != Activity.CASE_REVIEW)
MODES = tuple(Mode.choices)
OUTCOMES = tuple(ContactOutcome.choices)
# An attempt is with the patient, and whoever was reached gets a note.
ATTEMPT_MODES = tuple((value, label) for value, label in Mode.choices if value != Mode.NONE)
ATTEMPT_OUTCOMES = tuple((outcome.value, outcome.label) for outcome in (
    ContactOutcome.NO_ANSWER, ContactOutcome.VOICEMAIL, ContactOutcome.CALL_BACK, ContactOutcome.SENT,
    ContactOutcome.WRONG_NUMBER,
))  # fmt: skip
