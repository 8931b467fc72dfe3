"""What the page of a patient's other services is asked with."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from billing.operations.other_services import ServiceValues
from registry.forms.fields import ChoiceOf, TextField, TokenField

WHO = (("ours", "The practitioner who bills here"), ("theirs", "Somebody else"))
ALIGNED = (
    ("none", "Not aligned"),
    ("participant", "Aligned; this practice is the participant"),
    ("outside", "Aligned; another practice is the participant"),
)


class MonthField(forms.RegexField):
    """A month, picked or typed."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-02"})
        super().__init__(regex=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", widget=widget, **kwargs)
        sentence = "Enter a month as year-month: 2026-02."
        self.error_messages |= {"invalid": sentence, "required": sentence}


class CodeField(TextField):
    """A code of five characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)

    def clean(self, value: Any) -> str:
        code = re.sub(r"\s+", "", super().clean(value)).upper()
        if code and not re.fullmatch(r"[0-9A-Z][0-9]{3}[0-9A-Z]", code):
            raise forms.ValidationError("A code has five characters, such as 99490 or G0557.")
        return code


class LateForm(forms.Form):
    """Of a write that a closed month may rest on: why it comes late, asked once that is so."""

    late_because = TextField(label="Why this comes late", max_length=300)

    @property
    def asks_why(self) -> bool:
        """Whether the field is shown."""
        return bool(self["late_because"].errors or self["late_because"].value())

    @property
    def late(self) -> str:
        return str(self.cleaned_data.get("late_because", "")).strip()


class ServiceForm(LateForm):
    """Another service of a month."""

    client_token = TokenField()
    month = MonthField(label="Month")
    code = CodeField(
        label="Code", required=True, missing="Enter the code, such as 99490.", help_text="Any code; those below matter."
    )
    who = ChoiceOf(label="Who bills it", choices=WHO, missing="Choose who bills it.")
    biller = TextField(label="Name of who bills it", max_length=200, help_text="Where it is somebody else.")
    minutes = forms.IntegerField(
        label="Minutes",
        required=False,
        min_value=0,
        max_value=3000,
        help_text="Matter for 99490 only.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter whole minutes from 0 to 3000."),
    )
    is_one_more = forms.BooleanField(label="The same was billed once more in this month", required=False)

    @classmethod
    def fresh(cls, month: str) -> ServiceForm:
        return cls(initial={"client_token": uuid7(), "month": month})

    @property
    def values(self) -> ServiceValues:
        """What the operation takes."""
        typed = self.cleaned_data
        return ServiceValues(
            month=typed["month"],
            code=typed["code"],
            is_by_billing_practitioner=typed["who"] == "ours",
            biller="" if typed["who"] == "ours" else typed["biller"],
            minutes=typed["minutes"],
        )


class EarlierMonthForm(LateForm):
    """A month of collaborative care before our records."""

    month = MonthField(label="Month")
    code = CodeField(label="What was billed", help_text="The code, if any is known. Empty: care without a known claim.")


class AlignmentForm(LateForm):
    """How the patient stands to the ACCESS model."""

    aligned = ChoiceOf(label="How the patient stands", choices=ALIGNED, missing="Choose how the patient stands.")

    @property
    def is_participant(self) -> bool | None:
        """What the operation takes."""
        return {"none": None, "participant": True, "outside": False}[self.cleaned_data["aligned"]]


class PageForm(forms.Form):
    """Which page, and which month a form begins with. What makes no sense is as good as not given."""

    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)
    month = MonthField(required=False)

    def values(self) -> tuple[int, str]:
        """The page and the month."""
        self.is_valid()
        return self.cleaned_data.get("page") or 1, self.cleaned_data.get("month") or ""
