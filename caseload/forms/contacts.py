"""The contact note: what was typed, turned into what the operation takes, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from caseload.forms.worktime import DAY_MESSAGES, WorkTimeForm
from caseload.operations.contacts import NextContact
from caseload.queries.choices import ACTIVITIES, MODES
from registry.operations.assessments import ScoreGiven
from registry.rules.instruments import Instrument, instrument

SCALES = ("phq9", "gad7")
LONGEST_NOTE = 20_000


def item_field(key: str, number: int) -> str:
    """The name of one item's field."""
    return f"{key}_{number}"


class ContactForm(WorkTimeForm):
    """One contact, with its time, its scores and what comes next."""

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

    def __init__(self, data: Mapping[str, Any] | None = None, *, zone: ZoneInfo, now: datetime) -> None:
        super().__init__(data, zone=zone, now=now)
        self.scores: tuple[ScoreGiven, ...] = ()
        for key in SCALES:
            for number in range(1, instrument(key).item_count + 1):
                self.fields[item_field(key, number)] = forms.CharField(required=False)
        for name, message in _MESSAGES.items():
            self.fields[name].error_messages |= message

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        self.scores = tuple(given for key in SCALES if (given := self._score(instrument(key), values)) is not None)
        self._check_next(values)
        return values

    @property
    def next_contact(self) -> NextContact | None:
        due_on = self.cleaned_data.get("next_on")
        return NextContact(due_on, self.cleaned_data.get("next_purpose", "")) if due_on else None

    @property
    def item9(self) -> int:
        """The answer to the question about self-harm, as typed; 0 where there is none."""
        typed = self["phq9_9"].value()
        return int(typed) if typed in {"0", "1", "2", "3"} else 0

    def _score(self, scale: Instrument, values: Mapping[str, Any]) -> ScoreGiven | None:
        """The answers to a scale; None where none was given."""
        typed = [str(values.get(item_field(scale.key, n)) or "").strip() for n in range(1, scale.item_count + 1)]
        if not any(typed):
            return None
        allowed = {str(answer) for answer in range(scale.highest_answer + 1)}
        for number, answer in enumerate(typed, start=1):
            if answer and answer not in allowed:
                self.add_error(
                    item_field(scale.key, number),
                    f"{scale.name} item {number} is answered with 0 to {scale.highest_answer}.",
                )
        if any(item_field(scale.key, number) in self.errors for number in range(1, scale.item_count + 1)):
            return None
        return ScoreGiven(scale.key, items=tuple(int(answer) if answer else None for answer in typed))

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
