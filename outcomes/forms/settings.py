"""How targets, shares of work, rates and the like are typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from outcomes.operations.settings import SettingWrong
from outcomes.queries.choices import PAYER_CLASSES
from outcomes.queries.settings import PayerClassRow
from registry.forms.fields import DayField, OfferingForm, TextField

_WHOLE = {"required": "Enter a whole number.", "invalid": "Enter a whole number."}
_DECIMAL = dict.fromkeys(
    ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits"), "Enter a number, such as 62.5."
)
_AMOUNT = dict.fromkeys(
    ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits"),
    "Enter a number with two decimals at most.",
)


class Takes:
    """A form whose last faults come from the operation."""

    def take(self, fault: SettingWrong) -> None:
        """Say what the operation found, where it found it."""
        self.add_error(fault.field if fault.field in self.fields else None, str(fault))  # type: ignore[attr-defined]


class GeneralForm(Takes, forms.Form):
    """What holds for every report and month."""

    mask_under = forms.IntegerField(
        label="Hide counts under",
        localize=False,
        error_messages=_WHOLE,
        help_text="In reports: counts from 1 to one below it, and what would tell them. 0 hides nothing.",
    )
    freeze_day = forms.IntegerField(
        label="Freeze a month from day",
        localize=False,
        error_messages=_WHOLE,
        help_text="Of the month after, 15 to 28: late notes are in by then.",
    )
    productive_percent = forms.IntegerField(
        label="Productive share, percent",
        localize=False,
        error_messages=_WHOLE,
        help_text="Of a care manager’s paid hours, for the capacity calculator.",
    )

    @property
    def seen_at(self) -> datetime | None:
        """When those were set that the page showed; None where nobody had set any."""
        try:
            return datetime.fromisoformat(self.data.get("seen_at", ""))
        except ValueError:
            return None


class MonthField(forms.DateField):
    """A month, typed or picked, as its first day."""

    widget = forms.DateInput(attrs={"type": "month", "placeholder": "2026-10"}, format="%Y-%m")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m", "%Y-%m-%d"], **kwargs)
        message = "Enter the month as year-month: 2026-10."
        self.error_messages |= {"invalid": message, "required": message}

    def to_python(self, value: Any) -> date | None:
        """Its first day."""
        found = super().to_python(value)
        return found.replace(day=1) if found else None


class TargetForm(Takes, OfferingForm):
    """A target of a measure from a month on."""

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {"key": ("measures", "Choose…")}
    key = forms.ChoiceField(
        label="Measure",
        error_messages={"required": "Choose a measure.", "invalid_choice": "Choose a measure from the list."},
    )
    amount = forms.DecimalField(
        label="Target",
        max_digits=8,
        decimal_places=2,
        localize=False,
        error_messages=_DECIMAL,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="Percent of a share; else days, minutes or dollars, as the measure is shown.",
    )
    from_month = MonthField(label="From month")


class SeatForm(Takes, OfferingForm):
    """An amount of somebody from a day on."""

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {"membership": ("people", "Choose…")}
    membership = forms.TypedChoiceField(
        label="Who",
        coerce=UUID,
        error_messages={"required": "Choose somebody.", "invalid_choice": "Choose somebody from the list."},
    )
    amount = forms.DecimalField(
        max_digits=8,
        decimal_places=2,
        localize=False,
        error_messages=_AMOUNT,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    from_on = DayField(label="From", required=True)

    def __init__(self, *args: Any, amount_label: str, amount_help: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label, self.fields["amount"].help_text = amount_label, amount_help


class PayerClassesForm(forms.Form):
    """One choice for each payer of a page; `said` holds those that became others than the page showed.

    So a payer whom another person changed meanwhile, and this one did not, stays as it is.
    """

    def __init__(self, data: Any = None, *, rows: Sequence[PayerClassRow]) -> None:
        super().__init__(data)
        self.payers = rows
        choices = [choice for choice in PAYER_CLASSES.items() if choice[0] != "none"]
        for row in rows:
            self.fields[f"class-{row.id}"] = forms.ChoiceField(
                label=f"{row.name}: kind of coverage",
                choices=choices,
                initial=row.payer_class,
                show_hidden_initial=True,
                error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose from the list."),
            )

    def clean(self) -> dict[str, Any]:
        """What both changed is said, and can then be chosen over."""
        for row in self.payers:
            name = f"class-{row.id}"
            shown = self.add_initial_prefix(name)
            is_other = self.data.get(shown, row.payer_class) != row.payer_class
            if is_other and name in self.changed_data and self.cleaned_data.get(name) != row.payer_class:
                self.add_error(name, f"Somebody else changed this to {row.words} meanwhile. Save again to have yours.")
                self.data = {**dict(self.data.items()), shown: row.payer_class}
        return self.cleaned_data

    @property
    def said(self) -> dict[UUID, str]:
        """What the operation takes: what was told by the payer's rules and left so is not said."""
        chosen = {row: self.cleaned_data[f"class-{row.id}"] for row in self.payers}
        changed = set(self.changed_data)
        return {
            row.id: value for row, value in chosen.items() if value != row.payer_class and f"class-{row.id}" in changed
        }

    @property
    def rows(self) -> list[tuple[PayerClassRow, forms.BoundField]]:
        """Each payer with its field."""
        return [(row, self[f"class-{row.id}"]) for row in self.payers]


class BackForm(forms.Form):
    """Why an amount is taken back."""

    because = TextField(label="Why was it wrong?", max_length=300, required=True, missing="Say why it is taken back.")
