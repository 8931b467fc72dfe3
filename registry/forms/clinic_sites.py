"""What claims say of a clinic, as it is set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from bhi.tenancy.models import Clinic, Setting
from registry.forms.fields import ChoiceOf, TextField
from registry.operations.clinic_sites import SiteValues

PLACES = (
    ("11", "11 Office"),
    ("19", "19 Off-campus outpatient hospital"),
    ("22", "22 On-campus outpatient hospital"),
    ("49", "49 Independent clinic"),
    ("50", "50 Federally qualified health center"),
    ("71", "71 Public health clinic"),
    ("72", "72 Rural health clinic"),
)


class ClinicSiteForm(forms.Form):
    """NPI, kind of site and place of service."""

    npi = TextField(label="NPI", max_length=20, help_text="Ten digits; the last one is checked. Empty: not known yet.")
    setting = ChoiceOf(label="Kind of site", choices=Setting.choices, missing="Choose what kind of site it is.")
    place_of_service = forms.ChoiceField(
        label="Place of service",
        help_text="Decides whether Medicare pays the office or the facility amount.",
        error_messages={"required": "Choose the place of service.", "invalid_choice": "Choose from the list."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, clinic: Clinic) -> None:
        names = ("npi", "setting", "place_of_service")
        super().__init__(data, initial={name: getattr(clinic, name) for name in names})
        known = dict(PLACES)
        now = clinic.place_of_service
        place = self.fields["place_of_service"]
        assert isinstance(place, forms.ChoiceField)
        place.choices = [*PLACES, *([] if now in known else [(now, now)])]

    @property
    def values(self) -> SiteValues:
        """What the operation takes; blanks and dashes of a copied number are nothing."""
        typed = self.cleaned_data
        npi = re.sub(r"[\s-]", "", typed["npi"])
        return SiteValues(npi=npi, setting=typed["setting"], place_of_service=typed["place_of_service"])
