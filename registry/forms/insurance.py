"""What a claim carries besides the person and the coverage: the payer's agreement beforehand, the clinician's NPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from registry.forms.fields import DayField, TextField
from registry.forms.patients import ComparedForm
from registry.rules.identifiers import npi_fault


class AuthorizationForm(ComparedForm):
    """What a payer agreed to beforehand."""

    rows = (("payer_id", "number"), ("from_on", "until_on"))
    payer_id = forms.ChoiceField(label="Payer", error_messages={"required": "Choose the payer."})
    number = TextField(label="Number", max_length=50, required=True, missing="Enter the number that the payer gave.")
    from_on = DayField(label="From", required=True)
    until_on = DayField(label="Until", help_text="The last day. Empty while it goes on.")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        payers: Sequence[tuple[str, str]],
        stored: Mapping[str, object] | None = None,
        today: date,
    ) -> None:
        super().__init__(data, stored=stored, today=today)
        self.fields["payer_id"].choices = [("", "Choose…"), *payers]  # type: ignore[attr-defined]
        if len(payers) == 1:
            self.initial.setdefault("payer_id", payers[0][0])

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("from_on") and values.get("until_on") and values["until_on"] < values["from_on"]:
            self.add_error("until_on", "The last day is before the first. Correct one of them.")
        return values


class NpiForm(forms.Form):
    """The NPI of a clinician."""

    npi = TextField(label="NPI", max_length=10, required=True, missing="Enter the NPI, of ten digits.")

    def clean_npi(self) -> str:
        npi = str(self.cleaned_data["npi"])
        if fault := npi_fault(npi):
            raise forms.ValidationError(fault)
        return npi
