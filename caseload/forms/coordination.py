"""What is asked of others about a patient, as it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.operations.coordination import CoordinationRefused
from caseload.queries.coordination import CHANNELS, Referred
from caseload.rules.coordination import ReferralStep
from registry.forms.consents import ChoiceOf

LONGEST = 5_000
_DAY = {"required": "Enter the day.", "invalid": "Enter a day that exists, as year-month-day: 2026-10-12."}
_DAMAGED = "This form is damaged. Open a new one."


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, error_messages=_DAY, help_text=help_text)


def _line(label: str, most: int, *, missing: str = "", help_text: str = "") -> forms.CharField:
    messages = {"required": missing, "max_length": f"This is longer than {most} characters. Shorten it."}
    required = bool(missing)
    return forms.CharField(
        label=label, required=required, max_length=most, error_messages=messages, help_text=help_text
    )


def _text(label: str, missing: str) -> forms.CharField:
    messages = {"required": missing, "max_length": "This is longer than 5,000 characters. Shorten it."}
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=LONGEST, widget=widget, error_messages=messages)


def _token() -> forms.UUIDField:
    messages = {"required": _DAMAGED, "invalid": _DAMAGED}
    return forms.UUIDField(widget=forms.HiddenInput, initial=uuid7, error_messages=messages)


class Refusable(forms.Form):
    """A form whose fields show what the rules refuse."""

    def show(self, refused: CoordinationRefused) -> None:
        """Each refusal at its field; above the form where it has none there."""
        for fault in refused.faults:
            self.add_error(fault.field if fault.field in self.fields else None, fault.sentence)


class ReferralForm(Refusable):
    """To whom the patient is sent, and when to ask whether they were seen."""

    client_token = _token()
    to = _line("To whom", 200, missing="Enter to whom the patient is sent.", help_text="The practice or person.")
    purpose = _line("For what", 300, missing="Enter what it is for.")
    sent_on = _day("Sent on")
    check_on = _day("Ask again on", help_text="It comes up under Today on that day.")


class ReferralStepForm(Refusable):
    """What is known of a referral now; `was` is what was known when the form was opened."""

    was = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    scheduled_on = _day("Appointment on", required=False)
    check_on = _day("Ask again on", required=False, help_text="Until the patient was seen there.")
    seen_on = _day("Seen there on", required=False, help_text="This ends the referral.")
    seen_confirmed_by = _line("Who confirmed it", 200, help_text="Whom you spoke with there, or the patient.")
    closed_because = _line("Or why it ends without a visit", 300)

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


class RequestForm(Refusable):
    """What is asked of the treating clinician, how, and until when."""

    client_token = _token()
    asked_of = forms.ChoiceField(
        label="Of whom",
        error_messages={"required": "Choose the clinician.", "invalid_choice": "Choose a clinician from the list."},
    )
    question = _text("What is asked", "Write what is asked.")
    channel = ChoiceOf(label="Asked by", choices=CHANNELS, missing="Choose how it is asked.")
    asked_on = _day("Asked on")
    due_on = _day("Answer due on", help_text="It comes up under Today on that day.")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        clinicians: Sequence[tuple[str, str]],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["asked_of"].choices = [("", "Choose"), *clinicians]  # type: ignore[attr-defined]


class AnswerForm(Refusable):
    """What the clinician said, and how."""

    answer = _text("Answer", "Write what was answered.")
    answered_on = _day("Answered on")
    answer_by = ChoiceOf(label="Answered by", choices=CHANNELS, missing="Choose how it was answered.")


class WhyForm(forms.Form):
    """Why something ends, or was recorded in error."""

    why = _line("Why", 300, missing="Say why, in a few words.")
