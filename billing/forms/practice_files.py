"""Choosing a practice's file, and correcting how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from bhi.tenancy.ids import uuid7
from billing.forms.charge_columns import ChargeColumnsForm
from billing.rules.practitioners import OTHER
from registry.forms.fields import TokenField

MOST_PEOPLE = 60


class UploadForm(forms.Form):
    """The token is made with the form, so that a second submit reads nothing anew."""

    client_token = TokenField()
    file = forms.FileField(
        label="CSV or Excel file",
        help_text="One file with charges, appointments or both. 25 MB at most.",
        error_messages={"required": "Choose the file."},
        allow_empty_file=True,  # Reading it says so, and names it.
    )

    @classmethod
    def fresh(cls) -> UploadForm:
        return cls(initial={"client_token": uuid7()})

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 25 MB. Split it by month and choose the parts.")
        return file


class ReadingForm(ChargeColumnsForm):
    """Which column holds what, how dates are written, and who is which practitioner."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        summary: Mapping[str, Any],
        choices: Mapping[str, Any],
        clinicians: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(
            data,
            columns=summary.get("columns", ()),
            date_order=choices.get("date_order", ""),
            asks_order=summary.get("is_order_doubtful", False),
        )
        self._people = list(summary.get("people", ()))[:MOST_PEOPLE]
        meant = [("", "Not said"), *clinicians, (OTHER, "Somebody else of the practice")]
        for number, person in enumerate(self._people):
            self.fields[f"person-{number}"] = forms.ChoiceField(
                label=person["label"],
                choices=meant,
                initial=person["meant"],
                required=False,
                error_messages={"invalid_choice": "Choose who it is from the list."},
            )

    @property
    def people(self) -> list[tuple[forms.BoundField, int]]:
        """Each name's choice, with the number of its charges."""
        return [(self[f"person-{number}"], person["rows"]) for number, person in enumerate(self._people)]

    def chosen(self) -> dict[str, Any]:
        """What was said, as correct_practice_file takes it. A person left as they were read is not said anew."""
        said = {person["key"]: self.cleaned_data[f"person-{number}"] for number, person in enumerate(self._people)}
        people = {
            person["key"]: said[person["key"]]
            for person in self._people
            if said[person["key"]] not in ("", person["meant"])
        }
        columns = {str(position): key for position, key in self.chosen_columns().items()}
        return {"columns": columns, "date_order": self.cleaned_data["order"], "people": people}
