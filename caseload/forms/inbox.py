"""A clinician's own decision, as it is sent: yes by one press, otherwise with a change or a reason."""

from __future__ import annotations

from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.forms.advice import ACCEPTED, DECISIONS, LONGEST
from registry.forms.fields import DAMAGED, TextField, TokenField

_NEEDED = {
    "modified": "Say what you change, such as another dose.",
    "declined": "Say why not. The consultant reads it at the next review.",
}


class DecisionForm(forms.Form):
    """One decision. Each of its three buttons sends its own value."""

    client_token = TokenField(initial=uuid7)
    decision = forms.ChoiceField(choices=DECISIONS, error_messages={"required": DAMAGED, "invalid_choice": DAMAGED})
    text = TextField(label="Your words", max_length=LONGEST)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        decision = values.get("decision", "")
        if decision != ACCEPTED and decision in _NEEDED and not values.get("text", "").strip():
            self.add_error("text", _NEEDED[decision])
        return values

    @property
    def opens(self) -> str:
        """Which of the folded decisions was sent, so that it stands open again."""
        return str(self.data.get("decision", "")) if self.is_bound else ""
