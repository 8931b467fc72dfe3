"""Diagnoses: what is searched, chosen, confirmed; program and target scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from registry.forms.fields import ChoiceOf, DayField, OfferingForm, TextField
from registry.queries.choices import PROGRAMS
from registry.rules.instruments import TARGET_SCALES

HOW_CONFIRMED = (("verbally", "Told me"), ("by message", "By message"), ("in the record", "In the clinic’s record"))


class CodeSearchForm(forms.Form):
    """A code's beginning, or words."""

    words = TextField(label="Code or words", max_length=100)


class CodeForm(forms.Form):
    """A diagnosis chosen from what was found, or typed."""

    code = TextField(label="Code", max_length=10, required=True, missing="Choose a code, or type one such as F33.1.")
    from_on = DayField(label="Since")
    is_new = forms.BooleanField(
        label="It is new: in force since, though the list does not have it",
        required=False,
        help_text="For codes that came out after this list. Claims with one say so before they leave.",
    )


class ConfirmForm(OfferingForm):
    """How and when the treating clinician agreed."""

    offers = {"by_clinician": ("clinicians", "Choose")}

    how = ChoiceOf(label="How", choices=HOW_CONFIRMED, missing="Choose how the clinician said so.")
    by_clinician = forms.ChoiceField(label="Clinician", error_messages={"required": "Choose the clinician."})
    on = DayField(label="Day", required=True)


class ProgramForm(forms.Form):
    """A change of program from a day on."""

    to = ChoiceOf(label="Program", choices=PROGRAMS, missing="Choose the program.")
    on = DayField(label="From", required=True)


class TargetsForm(forms.Form):
    """The scales that an episode is steered by."""

    keys = forms.MultipleChoiceField(
        label="Target scales",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one scale.", "invalid_choice": "Choose from the list."},
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, offered: Sequence[str], initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["keys"].choices = [(key, TARGET_SCALES[key].name) for key in offered]  # type: ignore[attr-defined]
