"""Time without a contact: typed, or as a timer proposes it."""

from __future__ import annotations

from django import forms

from caseload.forms.worktime import WorkTimeForm
from caseload.queries.timers import WORK_WITHOUT_CONTACT


class TimeForm(WorkTimeForm):
    """Work on a patient that is no contact."""

    activity = forms.ChoiceField(
        label="What it was",
        choices=(("", "Choose"), *WORK_WITHOUT_CONTACT),
        error_messages={"invalid_choice": "Choose what it was from the list.", "required": "Choose what it was."},
    )
