"""What a plan of capacity is asked with: everything can be changed, nothing is saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from outcomes.rules.capacity import Plan

MOST = Decimal(9999)


def _number(label: str, least: str, most: str, places: int, help_text: str = "") -> forms.DecimalField:
    decimals = f" with at most {places} decimal{'s' if places > 1 else ''}" if places else ", whole"
    sentence = f"{label}: enter a number from {least} to {most}{decimals}."
    field = forms.DecimalField(
        label=label,
        min_value=Decimal(least),
        max_value=Decimal(most),
        decimal_places=places,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "decimal" if places else "numeric"}),
    )
    field.error_messages |= {"required": sentence, "invalid": sentence}
    for validator in field.validators:
        if hasattr(validator, "message"):
            validator.message = sentence
        else:  # too many digits or decimals
            validator.messages = dict.fromkeys(validator.messages, sentence)  # type: ignore[attr-defined]
    return field


class CapacityForm(forms.Form):
    """One month of the program. `said` are the words below each field: where its number comes from."""

    posts = _number("Full-time care managers", "0", "500", 2)
    productive = _number("Productive share in percent", "10", "100", 0)
    review_hours = _number("Review hours a week", "0", "20", 1, "For each full-time post")
    active = _number("Active patients", "0", "50000", 0)
    new = _number("New patients a month", "0", "5000", 1)
    leaving = _number("Leaving a month", "0", "5000", 1)
    contacts = _number("Follow-ups per patient", "0", "30", 2)
    attempts = _number("Attempts a month", "0", "99999", 0)
    initial_minutes = _number("Minutes for a new patient", "0", "600", 1)
    contact_minutes = _number("Minutes for a contact", "0", "300", 1)
    attempt_minutes = _number("Minutes for an attempt", "0", "120", 1)
    lead = _number("Months to hire", "0", "24", 0, "Until somebody new works")

    def __init__(self, *args: Any, said: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in said.items():
            self.fields[name].help_text = words

    def plan(self) -> tuple[Plan, int]:
        """As typed or as proposed, and the months that hiring takes. Call once valid, or where nothing was typed."""
        values = dict(self.cleaned_data if self.is_bound else self.initial)
        lead = int(values.pop("lead"))
        values |= {"productive_percent": int(values.pop("productive")), "active": int(values["active"])}
        return Plan(**values), lead
