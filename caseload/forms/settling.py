"""Settling a held time: when it really was, or that it is taken back; and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from caseload.forms.worktime import WorkTimeForm

CORRECT, TAKE_BACK = "correct", "take_back"


class SettleForm(WorkTimeForm):
    """A corrected time, or none when the entry is taken back; both with a reason."""

    how = forms.ChoiceField(choices=[(CORRECT, CORRECT), (TAKE_BACK, TAKE_BACK)], widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text="Kept with both the old and the new entry.",
        error_messages={
            "required": "Say why, in a few words.",
            "max_length": "This is longer than 300 characters. Shorten it.",
        },
    )

    is_claim_known = forms.BooleanField(label="Change it all the same; billing will see it", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, claimed: str = "", **known: Any) -> None:
        """`claimed`: in words, that a claim rests on the month; then it has to be said that this is known."""
        super().__init__(data, **known)
        self.claimed = claimed
        if not claimed:
            del self.fields["is_claim_known"]

    def clean(self) -> dict[str, Any]:
        if self.claimed and not self.cleaned_data.get("is_claim_known"):
            self.add_error("is_claim_known", f"{self.claimed}. Tick this if the entry is to be changed all the same.")
        if self.cleaned_data.get("how") == TAKE_BACK:
            for name in ("on", "starts", "ends", "minutes"):
                self.errors.pop(name, None)
            return self.cleaned_data
        return super().clean()
