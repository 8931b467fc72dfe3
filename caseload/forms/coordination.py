"""What is asked of others about a patient, as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.operations.coordination import CoordinationRefused
from caseload.queries.coordination import CHANNELS, Referred
from caseload.rules.coordination import ReferralStep
from registry.forms.fields import ChoiceOf, DayField, OfferingForm, TextField, TokenField

LONGEST = 5_000


class Refusable(forms.Form):
    """A form whose fields show what the rules refuse."""

    def show(self, refused: CoordinationRefused) -> None:
        """Each refusal at its field; above the form where it has none there."""
        for fault in refused.faults:
            self.add_error(fault.field if fault.field in self.fields else None, fault.sentence)


class ReferralForm(Refusable):
    """To whom the patient is sent, and when to ask whether they were seen."""

    client_token = TokenField(initial=uuid7)
    to = TextField(
        label="To whom",
        max_length=200,
        required=True,
        missing="Enter to whom the patient is sent.",
        help_text="The practice or person.",
    )
    purpose = TextField(label="For what", max_length=300, required=True, missing="Enter what it is for.")
    sent_on = DayField(label="Sent on", required=True)
    check_on = DayField(label="Ask again on", help_text="It comes up under Today on that day.", required=True)


class ReferralStepForm(Refusable):
    """What is known of a referral now; `was` is what was known when the form was opened."""

    was = forms.CharField(widget=forms.HiddenInput, max_length=200)
    scheduled_on = DayField(label="Appointment on")
    check_on = DayField(label="Ask again on", help_text="Until the patient was seen there.")
    seen_on = DayField(label="Seen there on", help_text="This ends the referral.")
    seen_confirmed_by = TextField(
        label="Who confirmed it", max_length=200, help_text="Whom you spoke with there, or the patient."
    )
    closed_because = TextField(label="Or why it ends without a visit", max_length=300)

    def __init__(self, data: Mapping[str, Any] | None = None, *, referral: Referred) -> None:
        shown = {name: getattr(referral.step, name) for name in ReferralStep.__dataclass_fields__}
        super().__init__(data, initial={**shown, "was": was_words(referral.step)})

    @property
    def step(self) -> ReferralStep:
        values = {name: self.cleaned_data[name] for name in ReferralStep.__dataclass_fields__}
        is_over = values["seen_on"] is not None or bool(values["closed_because"])
        return ReferralStep(**{**values, "check_on": None if is_over else values["check_on"]})

    @property
    def seen(self) -> ReferralStep | None:
        """What was known when the person looked, as far as an open referral has it; None where that is unreadable."""
        try:
            days = [date.fromisoformat(one) if one else None for one in self.cleaned_data["was"].split("|")]
            return ReferralStep(scheduled_on=days[0], check_on=days[1])
        except (ValueError, IndexError):
            return None


def was_words(step: ReferralStep) -> str:
    """What an open referral may change of, as a hidden field keeps it."""
    return "|".join(on.isoformat() if on else "" for on in (step.scheduled_on, step.check_on))


class RequestForm(OfferingForm, Refusable):
    """What is asked of the treating clinician, how, and until when."""

    offers = {"asked_of": ("clinicians", "Choose")}

    client_token = TokenField(initial=uuid7)
    asked_of = forms.ChoiceField(
        label="Of whom",
        error_messages={"required": "Choose the clinician.", "invalid_choice": "Choose a clinician from the list."},
    )
    question = TextField(
        label="What is asked",
        max_length=LONGEST,
        required=True,
        missing="Write what is asked.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    channel = ChoiceOf(label="Asked by", choices=CHANNELS, missing="Choose how it is asked.")
    asked_on = DayField(label="Asked on", required=True)
    due_on = DayField(label="Answer due on", help_text="It comes up under Today on that day.", required=True)


class AnswerForm(Refusable):
    """What the clinician said, and how."""

    answer = TextField(
        label="Answer",
        max_length=LONGEST,
        required=True,
        missing="Write what was answered.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    answered_on = DayField(label="Answered on", required=True)
    answer_by = ChoiceOf(label="Answered by", choices=CHANNELS, missing="Choose how it was answered.")


class WhyForm(forms.Form):
    """Why something ends, or was recorded in error."""

    why = TextField(label="Why", max_length=300, required=True, missing="Say why, in a few words.")
