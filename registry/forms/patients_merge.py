"""Which of two records stays, and which value wins where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms

from registry.rules.people import as_text

LABELS: Mapping[str, str] = {
    "home": "Home clinic and record number",
    "given_name": "Given name",
    "middle_name": "Middle names",
    "family_name": "Family name",
    "preferred_name": "Likes to be called",
    "birth_date": "Birth date",
    "sex": "Sex on claims",
    "gender": "Gender",
    "language": "Language",
    "needs_interpreter": "Needs an interpreter",
    "died_on": "Died on",
    "phone": "Phone",
    "phone_best_times": "Best times",
    "may_leave_voicemail": "Voicemail may be left",
    "may_text": "Texts may be sent",
    "second_phone": "Second phone",
    "second_phone_best_times": "Best times there",
    "may_leave_voicemail_second": "Voicemail may be left there",
    "may_text_second": "Texts may be sent there",
    "email": "E-mail",
    "may_email": "E-mail may be sent",
    "address": "Street and number",
    "city": "City",
    "state": "State",
    "postal_code": "ZIP code",
    "next_visit_on": "Next visit in primary care",
}


@dataclass(frozen=True)
class Side:
    """A value of one of the two records."""

    record: str
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """A difference, or the question which record stays."""

    name: str
    label: str
    sides: tuple[Side, Side]
    error: str


class MergeForm(forms.Form):
    """One choice for each difference. What a field holds is the id of the record whose value it takes."""

    keep = forms.ChoiceField(error_messages={"required": "Choose which record stays."})

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, ids: tuple[str, str], values: Mapping[str, tuple[str, str]]
    ) -> None:
        super().__init__(data, initial={name: ids[1] if not both[0] else ids[0] for name, both in values.items()})
        self.ids, self.values = ids, values
        choices = [(ids[0], "The first"), (ids[1], "The second")]
        for name in values:
            self.fields[name] = forms.ChoiceField(error_messages={"required": "Choose one of the two."})
        for field in self.fields.values():
            field.choices = choices  # type: ignore[attr-defined]

    @property
    def rows(self) -> list[Row]:
        """Every difference with both values."""
        return [self._row(name, LABELS[name], both) for name, both in self.values.items()]

    @property
    def keep_row(self) -> Row:
        return self._row("keep", "Stays", ("This record stays", "This record stays"))

    def taken(self, merged: str) -> list[str]:
        """The fields whose value comes from the record that does not stay."""
        return [name for name in self.values if self.cleaned_data[name] == merged]

    def _row(self, name: str, label: str, both: tuple[str, str]) -> Row:
        chosen = str(self[name].value() or "")
        first, second = (Side(key, text, key == chosen) for key, text in zip(self.ids, both, strict=True))
        return Row(name, label, (first, second), " ".join(map(str, self[name].errors)))


def value_words(patient: Any, name: str) -> str:
    """A value of a record as people read it; empty where there is none."""
    display = getattr(patient, f"get_{name}_display", None)
    if display is not None:
        return str(display())
    value = getattr(patient, name)
    if isinstance(value, date):
        return f"{value:%b} {value.day}, {value.year}"
    text = as_text(value)
    return text.capitalize() if text in {"yes", "no"} else text
