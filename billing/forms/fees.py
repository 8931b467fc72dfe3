"""How charges, payers' fees and clinicians' shares are typed or uploaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from billing.operations.fees import FeeLine, FeeWrong
from registry.forms.fields import DayField, TextField

DOLLARS = {
    "invalid": "Enter dollars and cents, such as 170.00.",
    "max_digits": "Enter dollars and cents, such as 170.00.",
    "max_decimal_places": "Enter dollars and cents, such as 170.00.",
    "max_whole_digits": "This is more than can be charged.",
    "required": "Enter an amount.",
}


class MoneyField(forms.DecimalField):
    """Dollars and cents."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=10, decimal_places=2, localize=False, **kwargs)
        self.error_messages |= DOLLARS

    def to_python(self, value: Any) -> Any:
        """As people write it: $1,170.00 is 1170.00."""
        return super().to_python(value.replace("$", "").replace(",", "") if isinstance(value, str) else value)


class FeeForm(forms.Form):
    """A form whose last faults come from the operation."""

    rows: tuple[tuple[str, ...], ...] = ()

    def take(self, fault: FeeWrong) -> None:
        """Say what the operation found, where it found it."""
        self.add_error(fault.field if fault.field in self.fields else None, str(fault))

    @property
    def laid_out(self) -> list[list[forms.BoundField]]:
        return [[self[name] for name in row] for row in self.rows]


class ChargeForm(FeeForm):
    """What is charged for one unit of a code from a day on."""

    rows = (("code", "amount", "from_on"),)
    code = TextField(label="Code", max_length=10, required=True, missing="Enter the code, as 99492.")
    amount = MoneyField(label="Charge for one unit")
    from_on = DayField(label="From", required=True, help_text="By the day of service.")

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).upper()


class OfPayerForm(FeeForm):
    """Where, from when and on whose word."""

    clinic = forms.TypedChoiceField(label="At", required=False, coerce=UUID, empty_value=None)
    from_on = DayField(label="From", required=True, help_text="By the day of service.")
    source = TextField(
        label="Where it was read",
        max_length=200,
        required=True,
        missing="Say where the amounts were read.",
        help_text="The contract and its date, or the fee schedule, its locality and year.",
    )

    def __init__(self, *args: Any, clinics: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clinic = self.fields["clinic"]
        assert isinstance(clinic, forms.TypedChoiceField)
        clinic.choices = [("", "Every clinic"), *clinics]


class PayerFeeForm(OfPayerForm):
    """What a payer allows for one unit of one code."""

    rows = (("code", "nonfacility", "facility"), ("clinic", "from_on"), ("source",))
    code = TextField(label="Code", max_length=10, required=True, missing="Enter the code, as 99492.")
    nonfacility = MoneyField(label="In the office", required=False, help_text="For one unit.")
    facility = MoneyField(label="In a facility", required=False, help_text="Empty: not known.")

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).upper()

    @property
    def line(self) -> FeeLine:
        """What the operation takes."""
        typed = self.cleaned_data
        return FeeLine(typed["code"], typed["nonfacility"], typed["facility"])


class PayerFeeFileForm(OfPayerForm):
    """A payer's table as a file."""

    rows = (("file",), ("clinic", "from_on"), ("source",))
    file = forms.FileField(
        label="The table",
        help_text="CSV or Excel with columns headed Code, Nonfacility and Facility; one Amount will do.",
        error_messages={"required": "Choose the file with the table."},
        allow_empty_file=True,
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 25 MB. Leave out codes that you never bill.")
        return file


class ShareForm(FeeForm):
    """At which share a clinician is paid."""

    rows = (("clinician", "payer"), ("percent", "from_on"))
    clinician = forms.TypedChoiceField(
        label="Clinician", coerce=UUID, error_messages={"required": "Choose the clinician."}
    )
    payer = forms.TypedChoiceField(
        label="Of what",
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text="A payer with fees of its own pays them whole, unless its contract says less: say so here.",
    )
    percent = forms.DecimalField(
        label="Percent paid",
        max_digits=5,
        decimal_places=2,
        localize=False,
        help_text="85 for a nurse practitioner or physician assistant under their own NPI.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits"),
            "Enter a percentage above 0 and up to 100, such as 85.",
        ),
    )
    from_on = DayField(label="From", required=True, help_text="By the day of service.")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        clinicians: Iterable[tuple[str, str]],
        payers: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(data)
        clinician, payer = self.fields["clinician"], self.fields["payer"]
        assert isinstance(clinician, forms.TypedChoiceField)
        assert isinstance(payer, forms.TypedChoiceField)
        clinician.choices = [("", "Choose…"), *clinicians]
        payer.choices = [("", "Medicare’s fee schedule"), *((id_, f"What {name} allows") for id_, name in payers)]
