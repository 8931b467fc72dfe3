"""Forms about how people sign in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms


class BeforeForm(forms.Form):
    """From where a list of events goes on."""

    before = forms.UUIDField(required=False)

    @classmethod
    def read(cls, given: Any) -> UUID | None:
        """None at the beginning, and for what cannot be read."""
        form = cls(given)
        return form.cleaned_data["before"] if form.is_valid() else None


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class SecondStepForm(forms.Form):
    is_them = forms.BooleanField(
        label="I spoke with this person and am sure who it is",
        error_messages={"required": "Speak with the person first: by a number that you know, or face to face."},
    )
