"""Closing a safety notice; a clinic's rota and what it tells patients about danger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from registry.models import OutsideHours
from registry.queries.protocols import Protocol
from registry.rules.protocols import WEEKDAY_NAMES

_TIME = {"required": "Enter a time.", "invalid": "Enter a time of day, for example 08:00."}
_TEXT = {"required": "Patients need to read this. Enter a text.", "max_length": "This is too long. Shorten it."}
_DAYS = "This is a whole number from 1 to 30."
_TEXTS = ("outside_hours", "crisis_text", "crisis_text_es", "read_within", "read_within_es")


class CloseNoticeForm(forms.Form):
    """What was found and done."""

    note = forms.CharField(
        label="What was found, and what was done",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Whom you spoke with, how great the risk is, what was agreed, who was told, when you ask again.",
        error_messages={
            "required": "Write what was found and what was done.",
            "max_length": "This is longer than 5,000 characters. Shorten it.",
        },
    )


class TurnForm(forms.Form):
    """Who is called, on which days and from when to when."""

    weekdays = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=list(enumerate(WEEKDAY_NAMES)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day.", "invalid_choice": "Choose days from the list."},
    )
    begins_at = forms.TimeField(
        label="From", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), error_messages=_TIME
    )
    ends_at = forms.TimeField(
        label="To",
        help_text="Not later than From: until that time on the next day.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages=_TIME,
    )
    first = forms.ChoiceField(label="Called first", error_messages={"required": "Choose who is called first."})
    second = forms.ChoiceField(label="Called after 15 minutes", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, people: Sequence[tuple[UUID, str]]) -> None:
        super().__init__(data)
        choices = [("", "Choose"), *((str(key), name) for key, name in people)]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]
        self.fields["second"].choices = [("", "Nobody"), *choices[1:]]  # type: ignore[attr-defined]
        for name in ("first", "second"):
            self.fields[name].error_messages["invalid_choice"] = "Choose somebody from the list."

    @property
    def people(self) -> list[UUID]:
        """In the order in which they are called."""
        return [UUID(self.cleaned_data[name]) for name in ("first", "second") if self.cleaned_data.get(name)]


class SafetyTextsForm(forms.Form):
    """What a link does outside the clinic's hours, and what patients read."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    outside_hours = forms.ChoiceField(
        label="Outside the clinic's hours", choices=OutsideHours.choices, widget=forms.RadioSelect
    )
    link_days = forms.IntegerField(
        label="Days that a link is good for",
        min_value=1,
        max_value=30,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), _DAYS),
    )
    read_within = forms.CharField(
        label="When answers are read",
        max_length=100,
        help_text="It follows the words “Your care team reads your answers”.",
        error_messages=_TEXT,
    )
    read_within_es = forms.CharField(
        label="The same in Spanish",
        max_length=100,
        help_text="It follows the words “Su equipo de atención lee sus respuestas”.",
        error_messages=_TEXT,
    )
    crisis_text = forms.CharField(
        label="What to do in danger",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Shown before the questions and at once after an answer that means danger. It names 988 and 911.",
        error_messages=_TEXT,
    )
    crisis_text_es = forms.CharField(
        label="The same in Spanish ",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "lang": "es"}),
        error_messages=_TEXT,
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, protocol: Protocol) -> None:
        known = {name: getattr(protocol, name) for name in (*_TEXTS, "link_days")}
        super().__init__(data, initial={**known, "seen": instant_words(protocol.changed_at)})

    @property
    def changes(self) -> dict[str, Any]:
        """The settings as they are to be."""
        texts = {name: self.cleaned_data[name].strip() for name in _TEXTS}
        return {**texts, "link_days": self.cleaned_data["link_days"]}

    @property
    def seen_at(self) -> datetime | None:
        """When the settings that the person looked at were made."""
        try:
            return datetime.fromisoformat(self.cleaned_data.get("seen") or "")
        except ValueError:
            return None

    def clean_crisis_text(self) -> str:
        return self._with_numbers("crisis_text")

    def clean_crisis_text_es(self) -> str:
        return self._with_numbers("crisis_text_es")

    def _with_numbers(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        missing = [number for number in ("988", "911") if number not in text]
        if missing:
            raise forms.ValidationError(f"Name {' and '.join(missing)} in it: patients read this in danger.")
        return text


def instant_words(at: datetime | None) -> str:
    return at.isoformat() if at else ""
