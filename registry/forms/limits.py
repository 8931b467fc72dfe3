"""Keeping a record to some people, opening one in an emergency, and looking at that afterwards, as typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Role
from registry.forms.fields import ChoiceOf, DayField, TextField, TokenField
from registry.queries.emergencies import Named
from registry.queries.restrictions import SeatChoice
from registry.rules.limits import fault_of_reason

_LINES = {"rows": 3}


class RestrictForm(forms.Form):
    """Who may open a record, and why nobody else."""

    reason = TextField(
        label="Why",
        max_length=300,
        required=True,
        missing="Say why this record is kept to some people.",
        help_text="Such as “works here” or “sister of a care manager”. Whoever opens this page reads it.",
    )
    seats = forms.MultipleChoiceField(
        label="Who may open it besides you",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": "Somebody that you chose does not work here any more."},
        help_text="Chosen beforehand: the patient’s care team and who bills. Without who bills, it is yours to bill.",
    )

    def __init__(self, data: Any = None, *, choices: Sequence[SeatChoice], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        names = {role.value: role.label.lower() for role in Role}
        shown = [(str(one.id), f"{one.name}, {', '.join(names[role] for role in one.roles)}") for one in choices]
        self.fields["seats"].choices = shown  # type: ignore[attr-defined]
        self.fields["seats"].initial = [str(one.id) for one in choices if one.is_chosen]

    @property
    def chosen(self) -> list[UUID]:
        """Call once valid."""
        return [UUID(seat) for seat in self.cleaned_data["seats"]]


class EndRestrictionForm(forms.Form):
    reason = TextField(label="Why it ends", max_length=300, required=True, missing="Say why the restriction ends.")


class EmergencyForm(forms.Form):
    """Which record, and why it cannot wait."""

    client_token = TokenField(initial=uuid7)
    mrn = TextField(label="Record number", max_length=40, help_text="Exactly as the clinic writes it.")
    family_name = TextField(label="Family name", max_length=100)
    given_name = TextField(label="Given name", max_length=100)
    birth_date = DayField(label="Born on")
    reason = TextField(
        label="What happened, and why it cannot wait",
        max_length=500,
        required=True,
        missing="Say what happened and why it cannot wait.",
        widget=forms.Textarea(attrs=_LINES),
        help_text="A clinic lead reads this at once, and looks afterwards at what you opened.",
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        fault = fault_of_reason(reason)
        if fault:
            raise forms.ValidationError(fault)
        return reason

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        has_name = typed.get("family_name") and typed.get("given_name") and typed.get("birth_date")
        if not typed.get("mrn") and not has_name and "birth_date" not in self.errors:
            self.add_error("mrn", "Enter the record number, or the family name, the given name and the day of birth.")
        return typed

    @property
    def named(self) -> Named:
        """Call once valid."""
        typed = self.cleaned_data
        return Named(typed["mrn"], typed["family_name"], typed["given_name"], typed["birth_date"])


class LookForm(forms.Form):
    """What somebody else makes of an emergency access."""

    was_justified = ChoiceOf(
        label="Was it justified?",
        choices=(("yes", "Justified"), ("no", "Not justified")),
        missing="Choose whether it was justified.",
    )
    finding = TextField(
        label="What you found",
        max_length=500,
        required=True,
        missing="Say what you found: what had happened, and what follows from it.",
        widget=forms.Textarea(attrs=_LINES),
    )
