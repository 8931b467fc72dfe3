"""The tables of settings that the work goes by."""

from __future__ import annotations

from typing import Final

from caseload.models import Activity, LetterKind
from registry.queries.settings_history import WEEKDAYS
from registry.rules.settings_history import SettingTable

TABLES: Final = (
    SettingTable(
        "work", "Outreach, overdue and timers",
        "When a contact or a score counts as overdue, how often somebody is called again, and when a timer asks.",
        "caseload_workprotocol",
        {"outreach": "Outreach: day and mode", "contact_days": "Contact overdue after, days",
         "contact_lapsed_days": "Contact lapsed after, days", "measure_days": "Score overdue after, days",
         "idle_minutes": "Timer asks after, minutes", "idle_minutes_in_call": "In a call after, minutes",
         "cap_minutes": "Asks again after, minutes"},
        clinic="clinic_id",
    ),
    SettingTable(
        "review", "Review and recommendations",
        "When somebody is to be reviewed, when they count as stalled, and by when a recommendation is answered.",
        "caseload_reviewprotocol",
        {"never_reviewed_days": "Never reviewed, days", "review_due_days": "Review due, days",
         "first_follow_up_days": "First follow-up, days", "stalled_watch_days": "Watched as stalling, days",
         "stalled_days": "Stalled, days", "long_episode_months": "Long course, months",
         "medication_decision_days": "Medication: decision, business days",
         "medication_told_days": "Medication: patient told, days", "other_decision_days": "Other: decision, days",
         "other_told_days": "Other: patient told, days"},
        clinic="clinic_id",
    ),
    SettingTable(
        "slot", "Weekly review slot", "When reviews take place, and for how many patients.", "caseload_reviewslot",
        {"consultant_id": "Consultant", "weekday": "Weekday", "begins_at": "Begins", "minutes": "Minutes",
         "places": "Places", "kept_for_stalled": "Kept for those who do not improve", "is_current": "In force"},
        clinic="clinic_id", about="name", said={"weekday": WEEKDAYS},
    ),
    SettingTable(
        "supervision", "Supervision", "Whose notes wait for a second signature.", "caseload_supervision",
        {"supervisor_id": "Signs beside", "is_current": "In force"},
        at="made_at", by="made_by_id", is_stamped=False, about="supervised_id",
    ),
    SettingTable(
        "template", "Note template", "What new notes begin with; notes that are signed stay as they are.",
        "caseload_notetemplate", {"activity": "For", "body": "Text", "is_in_use": "In use"}, about="name",
        said={"activity": {str(key): str(word) for key, word in Activity.choices}},
    ),
    SettingTable(
        "letter", "Letter", "What letters say that are written from then on.", "caseload_lettertemplate",
        {"kind": "Letter", "language": "Language", "body": "Text"},
        said={"kind": {str(key): str(word) for key, word in LetterKind.choices}},
    ),
)  # fmt: skip
