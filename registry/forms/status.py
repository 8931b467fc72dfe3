"""Changes of status, hand-offs and discharge, as they are typed. What may be is for the rules to say, at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from registry.forms.fields import DayField
from registry.operations.errors import StatusRefused
from registry.queries.status import REASON_CHOICES, STATUS_LABELS
from registry.rules.status import LONGEST_REASON, REASONS, Closing, Ground, risks

LONGEST_NOTE = 5_000
_NOTE = {"max_length": "This is longer than 5,000 characters. Shorten it."}
_REASON = {"max_length": "This is longer than 300 characters. Shorten it."}


def _few_words(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=help_text,
        error_messages=_REASON,
    )


class Refusable(forms.Form):
    """A form whose fields show what the rules refuse."""

    def show(self, refused: StatusRefused) -> None:
        """Each refusal at its field; above the form where it has none there."""
        for refusal in refused.refusals:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)


class StatusForm(Refusable):
    """One change of status, from a day on."""

    to = forms.ChoiceField(choices=tuple(STATUS_LABELS.items()), widget=forms.HiddenInput)
    on = DayField(label="From", required=True)
    next_on = DayField(label="Next contact")
    reason = _few_words("Why")


class HandOffForm(forms.Form):
    """To whom the patient was handed."""

    to = forms.CharField(
        label="To whom",
        max_length=200,
        help_text="The practice or person who takes over, for example County Behavioral Health.",
        error_messages={
            "required": "Enter who takes over.",
            "max_length": "This is longer than 200 characters. Shorten it.",
        },
    )
    sent_on = DayField(label="Handed over on", required=True)


class SeenForm(forms.Form):
    """That the patient was seen there, and who said so."""

    seen_on = DayField(label="Seen there on", required=True)
    confirmed_by = forms.CharField(
        label="Who confirmed it",
        max_length=200,
        help_text="The name of whom you spoke with there, or the patient.",
        error_messages={
            "required": "Enter who confirmed it.",
            "max_length": "This is longer than 200 characters. Shorten it.",
        },
    )


class DischargeForm(Refusable):
    """A discharge with its closing note. Where the last scores say risk, that is asked about too."""

    reason = forms.ChoiceField(
        label="Reason",
        choices=[(value, f"{label}. {REASONS[value].asks}") for value, label in REASON_CHOICES],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose a reason from the list."},
    )
    on = DayField(label="Last day in the program", required=True)
    in_spite_of = _few_words("Why this reason", "Needed for Other, and where what the reason asks for is not so.")
    revokes = forms.BooleanField(label="The patient takes consent back too, from that day", required=False)
    risk_accepted = _few_words("What was done about the risk, and why the patient is discharged all the same")
    summary = forms.CharField(
        label="How it went",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What helped, where things stand now, who goes on with what.",
        error_messages={"required": "Write how it went, in a few sentences.", **_NOTE},
    )
    way_back = forms.CharField(
        label="The way back",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What would be a reason to come back, whom to call, and how soon somebody answers.",
        error_messages=_NOTE,
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, ground: Ground, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"on": ground.today, **(initial or {})})
        self.risks = risks(ground)
        if not self.risks:
            del self.fields["risk_accepted"]

    @property
    def closing(self) -> Closing:
        values = self.cleaned_data
        return Closing(
            reason=values["reason"],
            on=values["on"],
            summary=values["summary"],
            way_back=values["way_back"],
            in_spite_of=values["in_spite_of"],
            risk_accepted=values.get("risk_accepted", ""),
        )


class ReopenForm(forms.Form):
    """Why a discharge is taken back."""

    reason = forms.CharField(
        label="Why it is taken back",
        max_length=LONGEST_REASON - 30,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Say in a few words why the discharge is taken back.",
            "max_length": "This is longer than 270 characters. Shorten it.",
        },
    )
