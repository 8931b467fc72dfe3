"""What happens with a referral: an attempt, a decision, a place on the waiting list, an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from bhi.errors import DomainError
from bhi.tenancy.ids import uuid7
from registry.forms.fields import ClockField, DayField, TextField, TokenField
from registry.models import AttemptMode, AttemptOutcome, ReferralOutcome
from registry.operations.referral_errors import ReferralRefused
from registry.rules.local_time import instant_of

ENDS = [choice for choice in ReferralOutcome.choices if choice[0] != ReferralOutcome.ENROLLED]
ELIGIBLE = (("yes", "Eligible"), ("no", "Not eligible"), ("", "Not decided"))


class StepForm(forms.Form):
    """A form of the page of a referral. Several stand side by side, so each has its own ids."""

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}_%s", **kwargs)

    def field_of_refusal(self, fault: DomainError) -> str | None:
        """Where the refusal of an operation is shown; None is above the form."""
        field = fault.field if isinstance(fault, ReferralRefused) else ""
        return field if field in self.fields else None


class AttemptForm(StepForm):
    """One try: how and with what outcome; when, if not just now."""

    client_token = TokenField()
    mode = forms.ChoiceField(
        label="How",
        choices=AttemptMode.choices,
        initial=AttemptMode.PHONE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how.", "invalid_choice": "Choose how from the list."},
    )
    outcome = forms.ChoiceField(
        choices=AttemptOutcome.choices,
        error_messages={"required": "Choose what came of it.", "invalid_choice": "Choose what came of it."},
    )
    on = DayField(label="Day, if not today")
    time = ClockField(label="Time, if not now")
    next_try_on = DayField(label="Next try")
    note = TextField(label="Note", max_length=500)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"client_token": uuid7(), **(initial or {})})
        self.zone, self.now = zone, now
        self.tried_at = now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        on, at = values.get("on"), values.get("time")
        today = self.now.astimezone(self.zone).date()
        if at is None:
            if on is not None and on != today and "time" not in self.errors:
                self.add_error("time", "Enter the time of that day too.")
            return values
        found = instant_of(datetime.combine(on or today, at), self.zone)
        if found is None:
            self.add_error("time", "The clocks went forward: this time did not occur. Enter the one after it.")
        else:
            self.tried_at = found
        return values


class EligibilityForm(StepForm):
    """Whether the patient fits the program, and why."""

    is_eligible = forms.TypedChoiceField(
        label="Fits the program",
        choices=ELIGIBLE,
        required=False,
        coerce=lambda text: text == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )
    eligibility_reason = TextField(label="Why, or why not", max_length=300)


class AssignForm(StepForm):
    """Whose referral it is."""

    assigned_to = forms.ChoiceField(
        label="Care manager", required=False, error_messages={"invalid_choice": "Choose one of the list."}
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, care_managers: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        field = self.fields["assigned_to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nobody yet"), *care_managers]


class EndForm(StepForm):
    """What became of it, when it came to nothing."""

    outcome = forms.ChoiceField(
        label="What became of it",
        choices=ENDS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of it.", "invalid_choice": "Choose one of the list."},
    )
    reason = TextField(label="Why", max_length=300)
    on = DayField(label="Day, if not today")


class TakeBackForm(StepForm):
    """An attempt that was logged in error."""

    attempt = TokenField()
    reason = TextField(label="Why is it taken back?", max_length=300, required=True, missing="Say why, in a few words.")


class PlainForm(StepForm):
    """A button alone: on and off the waiting list, open again."""
