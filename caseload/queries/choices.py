"""What a contact can be, for forms."""

from __future__ import annotations

from caseload.models import Activity, Mode

# A case review is recorded with its recommendations, not as a contact.
ACTIVITIES = tuple((value, label) for value, label in Activity.choices if value != Activity.CASE_REVIEW)
MODES = tuple(Mode.choices)
