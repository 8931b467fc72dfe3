"""What the pages of a look-back are asked with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from bhi.tenancy.ids import uuid7
from billing.forms.charge_columns import ChargeColumnsForm
from billing.forms.other_services import MonthField
from billing.operations.look_back import MOST_FILING_MONTHS, LookBackChoices
from billing.rules.charge_columns import ChargeChoices
from billing.rules.look_back import Finding
from registry.forms.fields import TokenField

RECORDS = "records"
AGAINST = ((RECORDS, "What the records support"), ("closed", "Closed months, for a list from your own system"))


class LookBackUploadForm(forms.Form):
    """The file of what was billed; the token is made with the form, so that a second submit reads nothing anew."""

    client_token = TokenField()
    against = forms.ChoiceField(
        label="Compare it with",
        choices=AGAINST,
        required=False,
        help_text="Closed months: whether every charge was posted in your system, once and as it was closed.",
    )
    file = forms.FileField(
        label="What was billed",
        help_text="A CSV file or an Excel workbook, 25 MB at most.",
        error_messages={"required": "Choose the file of what was billed."},
        allow_empty_file=True,  # Reading it says so, and names it.
    )

    @classmethod
    def fresh(cls, against: str = "") -> LookBackUploadForm:
        return cls(initial={"client_token": uuid7(), "against": against if against in dict(AGAINST) else RECORDS})

    def clean_against(self) -> str:
        return str(self.cleaned_data["against"]) or RECORDS

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 25 MB. Split it by month and upload the parts.")
        return file


class LookBackChoicesForm(ChargeColumnsForm):
    """How the file is read, whose claims it holds, and how long a claim may be filed."""

    clinic = forms.TypedChoiceField(
        label="The file holds the claims of",
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text="Months that were missed are looked for at these clinics only.",
    )
    filing_months = forms.IntegerField(
        label="Months in which a claim can be filed",
        min_value=1,
        max_value=MOST_FILING_MONTHS,
        help_text="After the day of service: 12 for Medicare. Other payers often allow less.",
        error_messages={
            "required": "Enter a number of months, such as 12.",
            "invalid": "Enter a whole number of months, such as 12.",
        },
    )

    first = MonthField(label="First month that it covers", required=False)
    last = MonthField(
        label="Last month that it covers",
        required=False,
        help_text="Of a month that it covers every closed charge has to be in it. Empty: its first to its last charge.",
    )

    def __init__(self, data: Any = None, *, clinics: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        clinic = self.fields["clinic"]
        assert isinstance(clinic, forms.TypedChoiceField)
        clinic.choices = [("", "All clinics"), *clinics]

    def choices(self) -> LookBackChoices:
        """As the operation takes them; once valid."""
        charges = ChargeChoices(self.chosen_columns(), self.cleaned_data["order"])
        typed = self.cleaned_data
        return LookBackChoices(charges, typed["clinic"], typed["filing_months"], typed["first"], typed["last"])

    def clean(self) -> dict[str, Any]:
        """Both months or neither, in their order."""
        typed = super().clean() or self.cleaned_data
        first, last = typed.get("first", ""), typed.get("last", "")
        if first and not last:
            self.add_error("last", "Say the last month, too: 2026-02.")
        if last and not first:
            self.add_error("first", "Say the first month, too: 2026-02.")
        if first and last and first > last:
            self.add_error("last", "The last month is before the first one. Exchange them.")
        return typed


class FindingFilter(forms.Form):
    """Which months are shown, and which page of them. What makes no sense shows everything."""

    finding = forms.TypedChoiceField(
        choices=[(one.value, one.value) for one in Finding], coerce=Finding, required=False, empty_value=None
    )
    page = forms.IntegerField(min_value=1, required=False)

    def values(self) -> tuple[Finding | None, int]:
        self.is_valid()
        return self.cleaned_data.get("finding"), self.cleaned_data.get("page") or 1
