"""The care plan as a form, and the treating clinician's word on it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms

from registry.forms.content import ContentForm
from registry.forms.fields import DayField, TokenField
from registry.rules.care_plans import PARTS, SIGN_OFFS, SIGNED_IN, Plan, faults_of_plan
from registry.rules.content import Fault


class CarePlanForm(ContentForm):
    """Anything may be left out, but not all of it. The next contact is not before the day of the plan."""

    document = Plan
    parts = PARTS

    def faults(self) -> tuple[Fault, ...]:
        found = faults_of_plan(self.content, today=self.today, born_on=self.born_on)
        on, next_on = self.cleaned_data.get("on"), self.content.next_on
        if on is not None and next_on is not None and next_on < on:
            past = Fault("next_on", "Next contact: this day is before the day of the plan. Correct one of them.")
            return (*found, past)
        return found


class SignOffForm(forms.Form):
    """How and when the treating clinician agreed to the version that was read."""

    plan_id = TokenField()
    how = forms.ChoiceField(
        label="How they agreed",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how they agreed.", "invalid_choice": "Choose how from the list."},
    )
    on = DayField(label="When", required=True)

    def __init__(self, data: Any = None, *, plan_id: UUID | None, today: date, is_own: bool) -> None:
        super().__init__(data, initial={"plan_id": plan_id, "on": today, "how": SIGNED_IN if is_own else None})
        how = self.fields["how"]
        assert isinstance(how, forms.ChoiceField)
        how.choices = [(SIGNED_IN, "By signing in")] if is_own else SIGN_OFFS
        if is_own:
            how.widget = forms.HiddenInput()
            self.fields["on"].widget = forms.HiddenInput()
