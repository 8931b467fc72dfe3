"""How a clinic reaches out, and when its timers ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from caseload.queries.outreach import WorkSettings
from caseload.rules.outreach import LAST_DAY, LETTER, MESSAGE, MOST_STEPS, PHONE, REVIEW, Step
from caseload.rules.targets import OwnLimits
from registry.forms.fields import Seen

_DAY = f"A day is a whole number from 0 to {LAST_DAY}."
OVERDUE_FIELDS = ("contact_days", "contact_lapsed_days", "measure_days")
STEP_CHOICES = (
    ("", "No step"),
    (PHONE, "Call"),
    ("video", "Video call"),
    ("in_person", "In person"),
    (MESSAGE, "Message"),
    (LETTER, "Letter (at risk from here)"),
    (REVIEW, "Review before closing"),
)


def _minutes(label: str, help_text: str, most: int) -> forms.IntegerField:
    sentence = f"This is a whole number of minutes from 5 to {most}."
    field = forms.IntegerField(label=label, min_value=5, max_value=most, help_text=help_text)
    field.error_messages |= {"required": sentence, "invalid": sentence}
    for validator in field.validators:
        validator.message = sentence  # type: ignore[attr-defined]
    return field


def _days(label: str, help_text: str, least: int, most: int) -> forms.IntegerField:
    sentence = f"This is a whole number of days from {least} to {most}, or empty for the usual."
    field = forms.IntegerField(label=label, required=False, min_value=least, max_value=most, help_text=help_text)
    field.error_messages |= {"invalid": sentence}
    for validator in field.validators:
        validator.message = sentence  # type: ignore[attr-defined]
    return field


class WorkProtocolForm(Seen, forms.Form):
    """Ten lines of a day and a way at most; an empty line is no step. `seen` guards against overwriting unseen."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    idle_minutes = _minutes("Ask whether work goes on after, minutes", "When nothing was touched for so long.", 120)
    idle_minutes_in_call = _minutes("The same during a call, minutes", "While a call is marked.", 240)
    cap_minutes = _minutes("Ask before saving more than, minutes", "Longer times are confirmed by hand.", 480)

    contact_days = _days("Contact overdue after, days without a session", "Usually 30.", 7, 90)
    contact_lapsed_days = _days("Contact lapsed after, days without a session", "Usually 60.", 14, 180)
    measure_days = _days("Score overdue after, days", "Usually 30, and 28 in the first eight weeks.", 14, 90)

    def __init__(self, data: Mapping[str, Any] | None = None, *, settings: WorkSettings) -> None:
        names = ("idle_minutes", "idle_minutes_in_call", "cap_minutes", *OVERDUE_FIELDS)
        initial: dict[str, Any] = {name: getattr(settings, name) for name in names}
        initial["seen"] = settings.changed_at.isoformat() if settings.changed_at else ""
        for number, step in enumerate(settings.steps, 1):
            initial |= {f"day_{number}": step.day, f"mode_{number}": step.mode}
        super().__init__(data, initial=initial)
        for number in range(1, MOST_STEPS + 1):
            self.fields[f"day_{number}"] = forms.IntegerField(
                label=f"Step {number}: day",
                required=False,
                min_value=0,
                max_value=LAST_DAY,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _DAY),
            )
            self.fields[f"mode_{number}"] = forms.ChoiceField(
                label=f"Step {number}: how",
                required=False,
                choices=STEP_CHOICES,
                error_messages={"invalid_choice": "Choose from the list."},
            )

    @property
    def lines(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"day_{number}"], self[f"mode_{number}"]) for number in range(1, MOST_STEPS + 1)]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lines that say something; call once valid."""
        values = self.cleaned_data
        pairs = [(values[f"day_{number}"], values[f"mode_{number}"]) for number in range(1, MOST_STEPS + 1)]
        return tuple(Step(day, mode) for day, mode in pairs if mode)

    @property
    def overdue(self) -> OwnLimits:
        """From when contacts and scores are overdue here; call once valid."""
        return OwnLimits(**{name: self.cleaned_data[name] for name in OVERDUE_FIELDS})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for number in range(1, MOST_STEPS + 1):
            day, mode = values.get(f"day_{number}"), values.get(f"mode_{number}")
            if f"day_{number}" not in self.errors and mode and day is None:
                self.add_error(f"day_{number}", "Enter the day, counted from when contact was lost.")
            if day is not None and not mode:
                self.add_error(f"mode_{number}", "Choose what happens on this day, or clear the day.")
        return values
