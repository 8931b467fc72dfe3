"""A treating clinician, as they are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms

from registry.forms.fields import ChoiceOf, OfferingForm, TextField
from registry.operations.clinicians import ClinicianRefused, ClinicianValues
from registry.queries.clinicians import CHANNELS, ClinicianShown


class ClinicianForm(OfferingForm):
    """Who they are, how they are told of recommendations, and whether they sign in here."""

    offers = {"seat": ("seats", "Never signs in")}

    name = TextField(
        label="Name",
        max_length=200,
        required=True,
        missing="Enter the clinician's name.",
        help_text="As people say it: Ana Rivera.",
    )
    credential = TextField(label="Credential", max_length=40, help_text="MD, DO, NP, PA")
    npi = TextField(label="NPI", max_length=10, help_text="Ten digits.")
    channel = ChoiceOf(
        label="Told of recommendations by", choices=CHANNELS, initial="ehr", missing="Choose how they are told."
    )
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Secure links and their codes go there and nowhere else. Make sure that it is theirs.",
        error_messages={"invalid": "Enter an address such as rivera@clinic.example."},
    )
    seat = ChoiceOf(
        label="Signs in as", choices=(), required=False, widget=forms.Select, missing="Choose from the list."
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        seats: Sequence[tuple[str, str]],
        shown: ClinicianShown | None = None,
    ) -> None:
        names = ("name", "credential", "npi", "channel", "email")
        initial = {name: getattr(shown, name) for name in names} if shown is not None else {}
        if shown is not None and shown.seat_id is not None:
            initial["seat"] = str(shown.seat_id)
        super().__init__(data, initial=initial, seats=seats)

    @property
    def values(self) -> ClinicianValues:
        """What the operation takes."""
        typed = self.cleaned_data
        return ClinicianValues(
            name=typed["name"],
            credential=typed["credential"],
            npi=typed["npi"],
            channel=typed["channel"],
            email=typed["email"],
            membership_id=UUID(typed["seat"]) if typed["seat"] else None,
        )

    def refuse(self, fault: ClinicianRefused) -> None:
        """Show what was refused at its field."""
        self.add_error(fault.field, str(fault))
