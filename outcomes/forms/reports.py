"""How a report is asked for, and who gets one every month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from outcomes.rules.reports import BOARD, PAYER, TITLES
from registry.forms.fields import OfferingForm, TextField, TokenField

SAID = {
    BOARD: "Monthly board report: engagement, change, safety, work and money",
    PAYER: "Payer quality file: one payer’s patients",
}


class _OfSomebody(OfferingForm):
    """A report and whose patients it is of."""

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {
        "payer": ("payers", "Every payer"),
        "clinic": ("clinics", "Every clinic"),
    }
    kind = forms.ChoiceField(
        label="Report",
        choices=[(key, SAID.get(key, title)) for key, title in TITLES.items()],
        error_messages={"required": "Choose a report.", "invalid_choice": "Choose a report from the list."},
    )
    payer = forms.TypedChoiceField(
        label="Payer",
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text="For the payer quality file only.",
        error_messages={"invalid_choice": "Choose a payer from the list."},
    )
    clinic = forms.TypedChoiceField(
        label="Clinic",
        required=False,
        coerce=UUID,
        empty_value=None,
        error_messages={"invalid_choice": "Choose a clinic from the list."},
    )

    def __init__(self, data: Any = None, *, is_limited: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if is_limited:
            clinic = self.fields["clinic"]
            assert isinstance(clinic, forms.TypedChoiceField)
            clinic.required = True
            clinic.choices = [("", "Choose…"), *list(clinic.choices)[1:]]  # type: ignore[arg-type]
            clinic.error_messages["required"] = "Choose the clinic: you work at some of them."

    def clean(self) -> dict[str, Any]:
        """Only the file of a payer is of one."""
        cleaned = dict(super().clean() or self.cleaned_data)
        payer = cleaned.get("payer")
        if cleaned.get("kind") == PAYER and not payer and "payer" not in self.errors:
            self.add_error("payer", "Choose the payer.")
        if cleaned.get("kind") in TITLES and cleaned.get("kind") != PAYER and payer:
            self.add_error("payer", "Only the payer quality file is of one payer: leave “Every payer”.")
        return cleaned


class ReportForm(_OfSomebody):
    """A report of one month."""

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {**_OfSomebody.offers, "month": ("months", "Choose…")}
    month = forms.TypedChoiceField(
        label="Month",
        coerce=date.fromisoformat,
        error_messages={"required": "Choose the month.", "invalid_choice": "Choose a month from the list."},
    )
    client_token = TokenField()
    field_order = ("kind", "month", "payer", "clinic", "client_token")
    # The newest edition of each month that was measured.
    heads: Mapping[date, Any] = MappingProxyType({})

    @property
    def scope(self) -> str:
        """The payer's and the clinic's names; empty for everybody. Call once valid."""
        chosen = [(self.fields[name], self.cleaned_data[name]) for name in ("payer", "clinic")]
        return ", ".join(dict(field.choices)[str(value)] for field, value in chosen if value)  # type: ignore[attr-defined]


class ScheduleForm(_OfSomebody):
    """A report that is made whenever a month is frozen."""

    readers = forms.TypedMultipleChoiceField(
        label="Who is told",
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        help_text="They get an e-mail with a link, and nothing of what the report says.",
        error_messages={
            "required": "Choose at least one person.",
            "invalid_choice": "One of these may not read reports any more. Choose again.",
        },
    )

    def __init__(self, data: Any = None, *, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        readers = self.fields["readers"]
        assert isinstance(readers, forms.TypedMultipleChoiceField)
        readers.choices = list(people)


class EditionForm(forms.Form):
    """Why a frozen month is measured again."""

    because = TextField(
        label="Why",
        max_length=300,
        required=True,
        missing="Say why the month is measured again.",
        help_text="It stands in every report of the new edition. Write nothing of a patient.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
