"""Choosing the list of patients seen in a month, and by what the page of screening is narrowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from bhi.tenancy.ids import uuid7
from outcomes.forms.asked import month_of
from outcomes.rules.months import month_before
from registry.forms.fields import TokenField

MONTHS_OFFERED = 24


class ScreeningFileForm(forms.Form):
    """The token is made with the form, so that a second submit reads nothing anew."""

    client_token = TokenField()
    clinic = forms.ChoiceField(error_messages={"required": "Choose the clinic.", "invalid_choice": "Choose a clinic."})
    month = forms.ChoiceField(
        label="Month of the visits",
        error_messages={"required": "Choose the month.", "invalid_choice": "Choose a month that has begun."},
    )
    file = forms.FileField(
        label="CSV or Excel file",
        help_text="25 MB at most.",
        error_messages={"required": "Choose the file."},
        allow_empty_file=True,  # Reading it says so, and names it.
    )

    def __init__(self, *args: Any, clinics: Sequence[tuple[str, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = [month_before(today, back) for back in range(MONTHS_OFFERED)]
        clinic, month = self.fields["clinic"], self.fields["month"]
        assert isinstance(clinic, forms.ChoiceField)
        assert isinstance(month, forms.ChoiceField)
        clinic.choices = clinics if len(clinics) == 1 else [("", "Choose"), *clinics]
        month.choices = [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in months]
        if not self.is_bound:
            self.initial.update(client_token=uuid7(), month=f"{months[1]:%Y-%m}")

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 25 MB. Leave out columns that are not needed.")
        return file

    def given(self) -> dict[str, Any]:
        """What start_screening_file takes."""
        values = self.cleaned_data
        return {
            "clinic_id": UUID(values["clinic"]),
            "month": month_of(values["month"]),
            "name": values["file"].name or "file",
            "content": values["file"].read(),
            "client_token": values["client_token"],
        }
