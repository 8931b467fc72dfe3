"""The contact note: what was typed, turned into what the operation takes, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from caseload.forms.worktime import DAY_MESSAGES, WorkTimeForm
from caseload.operations.contacts import NextContact
from caseload.queries.choices import ACTIVITIES, MODES
from registry.forms.score_entry import add_fields, is_risk_typed, score_given
from registry.operations.assessments import ScoreGiven
from registry.queries.tools import Tool

LONGEST_NOTE = 20_000


class ContactForm(WorkTimeForm):
    """One contact, with its time, its scores on the clinic's `tools` and what comes next."""

    activity = forms.ChoiceField(label="What it was", choices=ACTIVITIES, initial="treatment")
    mode = forms.ChoiceField(label="How", choices=MODES, initial="phone")
    note = forms.CharField(
        label="Note", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 6})
    )
    next_on = forms.DateField(
        label="Next contact",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    next_purpose = forms.CharField(label="About", required=False, max_length=200)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, zone: ZoneInfo, now: datetime, tools: Sequence[Tool]
    ) -> None:
        super().__init__(data, zone=zone, now=now)
        self.scores: tuple[ScoreGiven, ...] = ()
        self.tools = tuple(tool for tool in tools if tool.takes_items)
        for tool in self.tools:
            add_fields(self, tool, with_total=False)
        for name, message in _MESSAGES.items():
            self.fields[name].error_messages |= message

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        given = [score_given(self, tool, values) for tool in self.tools]
        self.scores = tuple(score for score in given if score is not None)
        self._check_next(values)
        return values

    @property
    def next_contact(self) -> NextContact | None:
        due_on = self.cleaned_data.get("next_on")
        return NextContact(due_on, self.cleaned_data.get("next_purpose", "")) if due_on else None

    @property
    def is_risk(self) -> bool:
        """An answer about self-harm is above 0, as typed."""
        return any(is_risk_typed(self, tool) for tool in self.tools)

    def _check_next(self, values: Mapping[str, Any]) -> None:
        on, next_on = values.get("on"), values.get("next_on")
        if next_on is not None and next_on < max(on or self.today, self.today):
            self.add_error("next_on", "The next contact is in the past. Correct its date.")
        if next_on is None and values.get("next_purpose") and "next_on" not in self.errors:
            self.add_error("next_on", "Enter the day of the next contact, or clear what it is about.")


_MESSAGES: dict[str, dict[str, str]] = {
    "next_on": DAY_MESSAGES,
    "note": {"max_length": "The note is longer than 20,000 characters. Shorten it."},
    "next_purpose": {"max_length": "This is longer than 200 characters. Shorten it."},
    "activity": {"invalid_choice": "Choose what it was from the list.", "required": "Choose what it was."},
    "mode": {"invalid_choice": "Choose how from the list.", "required": "Choose how."},
}
