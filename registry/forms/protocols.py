"""A clinic's limits and hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from registry.forms.fields import Seen
from registry.queries.protocols import Protocol
from registry.rules.protocols import WEEKDAY_NAMES

MOST_PLACES = 1000


def _number(label: str, least: int, most: int, *, help_text: str, required: bool = True) -> forms.IntegerField:
    sentence = f"This is a whole number from {least} to {most}."
    field = forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=required,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    field.error_messages |= {"required": sentence, "invalid": sentence}
    for validator in field.validators:
        validator.message = sentence  # type: ignore[attr-defined]
    return field


def _time(label: str) -> forms.TimeField:
    sentence = "Enter a time such as 08:00."
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": sentence, "required": sentence},
    )


class ProtocolForm(Seen, forms.Form):
    """Limits and hours. `seen` is when what the form shows was set, so that nobody overwrites unseen changes."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    first_attempt_days = _number(
        "First attempt due, business days",
        0,
        30,
        help_text="After the day of the referral, without weekends and federal holidays.",
    )
    panel_limit = _number(
        "Places per care manager",
        1,
        MOST_PLACES,
        required=False,
        help_text="Open episodes. Empty: no limit. When all are taken, the waiting list is offered.",
    )
    interim_contact_days = _number(
        "Contact while waiting, every so many days", 1, 180, help_text="Counted from when the patient was last reached."
    )
    open_weekdays = forms.TypedMultipleChoiceField(
        label="Open on",
        choices=list(enumerate(WEEKDAY_NAMES)),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day.", "invalid_choice": "Choose days of the list."},
    )
    opens_at = _time("Opens")
    closes_at = _time("Closes")

    def __init__(self, data: QueryDict | None = None, *, protocol: Protocol) -> None:
        shown = {name: getattr(protocol, name) for name in SHOWN}
        super().__init__(data, initial={**shown, "seen": seen_words(protocol)})
        self.renewed = data.copy() if data is not None else QueryDict(mutable=True)

    def look_again(self, protocol: Protocol) -> None:
        """Somebody was faster: what was typed stays, and is now based on theirs."""
        self.renewed["seen"] = seen_words(protocol)
        self.data = self.renewed

    @property
    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SHOWN}

    def clean_open_weekdays(self) -> list[int]:
        return sorted(self.cleaned_data["open_weekdays"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        opens, closes = values.get("opens_at"), values.get("closes_at")
        if opens is not None and closes is not None and closes <= opens:
            self.add_error("closes_at", "The clinic closes after it opens. Correct one of the times.")
        return values


def seen_words(protocol: Protocol) -> str:
    """When the settings that are shown were made."""
    return protocol.changed_at.isoformat() if protocol.changed_at else ""


SHOWN = ("first_attempt_days", "panel_limit", "interim_contact_days", "open_weekdays", "opens_at", "closes_at")
