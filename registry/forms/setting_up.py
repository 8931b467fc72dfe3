"""What the pages of going live are asked with: a clinic, what was said of a point, trainings, payers, the pilot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms

from bhi.tenancy.models import Setting
from registry.forms.clinic_sites import PLACES
from registry.forms.fields import ChoiceOf, DayField, OfferingForm, TextField
from registry.operations.setting_up import NewClinic, PilotSaid
from registry.queries.choices import PROGRAMS
from registry.queries.programs import ClinicPrograms
from registry.queries.setting_up import TRAINING_KINDS

ZONES = (
    ("America/New_York", "Eastern"),
    ("America/Detroit", "Eastern, Michigan"),
    ("America/Indiana/Indianapolis", "Eastern, Indiana"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Boise", "Mountain, Idaho"),
    ("America/Phoenix", "Mountain without daylight saving, Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Atlantic, Puerto Rico"),
    ("Pacific/Guam", "Guam"),
)
_ZIP = re.compile(r"\d{5}(-?\d{4})?")
_YES_NO = (("yes", "Yes"), ("no", "No"))


class ClinicForm(forms.Form):
    """A new clinic. Its time zone cannot be changed later."""

    name = TextField(label="Name", max_length=200, required=True, missing="Enter the clinic's name.")
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[("", "Choose"), *ZONES],
        help_text="Decides what a calendar month is here. It cannot be changed later.",
        error_messages={"required": "Choose the time zone.", "invalid_choice": "Choose from the list."},
    )
    setting = ChoiceOf(label="Kind of site", choices=Setting.choices, missing="Choose what kind of site it is.")
    place_of_service = forms.ChoiceField(
        label="Place of service",
        choices=PLACES,
        help_text="Decides whether Medicare pays the office or the facility amount.",
        error_messages={"required": "Choose the place of service.", "invalid_choice": "Choose from the list."},
    )
    program = ChoiceOf(
        label="Program",
        choices=PROGRAMS,
        missing="Choose the program.",
        help_text="What new patients begin in. General BHI needs no psychiatric consultant; you can change this later.",
    )
    npi = TextField(label="NPI", max_length=20, help_text="Ten digits. Empty: not known yet.")
    address = TextField(label="Address", max_length=55)
    city = TextField(label="City", max_length=30)
    state = TextField(label="State", max_length=2, help_text="Two letters.")
    postal_code = TextField(
        label="ZIP code", max_length=10, help_text="All nine digits, where you know them: claims ask for them."
    )
    phone = TextField(label="Phone", max_length=20)

    def clean_npi(self) -> str:
        return re.sub(r"[\s-]", "", self.cleaned_data["npi"])

    def clean_state(self) -> str:
        state: str = self.cleaned_data["state"].strip().upper()
        if state and not re.fullmatch("[A-Z]{2}", state):
            raise forms.ValidationError("Enter the two letters of the state, such as IL.")
        return state

    def clean_postal_code(self) -> str:
        code: str = self.cleaned_data["postal_code"].strip()
        if code and not _ZIP.fullmatch(code):
            raise forms.ValidationError("Enter five or nine digits, such as 60601 or 60601-1234.")
        return code

    @property
    def values(self) -> NewClinic:
        return NewClinic(**{name: value.strip() for name, value in self.cleaned_data.items()})


class SayForm(forms.Form):
    """What somebody says of a point that no row shows."""

    note = TextField(label="Why, in a few words", max_length=500, required=True, missing="Say why, in a few words.")
    is_needed = forms.ChoiceField(choices=_YES_NO, widget=forms.HiddenInput)


class TrainingForm(OfferingForm):
    """Who was trained in what, when, and by whom."""

    offers = {"member": ("people", "Choose")}

    member = ChoiceOf(label="Who", choices=(), widget=forms.Select, missing="Choose who was trained.")
    kind = forms.ChoiceField(
        label="About what",
        choices=TRAINING_KINDS,
        error_messages={"required": "Choose what it was about.", "invalid_choice": "Choose from the list."},
    )
    on = DayField(label="On", required=True)
    by_whom = TextField(label="By whom", max_length=200, help_text="A person, or a course.")

    @property
    def values(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {
            "member_id": UUID(typed["member"]), "kind": typed["kind"], "on": typed["on"], "by_whom": typed["by_whom"]
        }  # fmt: skip


class PayerCheckForm(OfferingForm):
    """What a payer said about a program."""

    offers = {"payer": ("payers", "Choose")}

    payer = ChoiceOf(label="Payer", choices=(), widget=forms.Select, missing="Choose the payer.")
    program = ChoiceOf(label="Program", choices=PROGRAMS, missing="Choose the program.")
    is_covered = ChoiceOf(label="Covered", choices=_YES_NO, missing="Choose whether it is covered.")
    on = DayField(label="Asked on", required=True)
    source = TextField(
        label="Where it stands, or who said so",
        max_length=200,
        required=True,
        missing="Say where it stands, or whom you spoke to.",
        help_text="Provider manual, portal, or a name and a call's number.",
    )
    note = TextField(label="Remark", max_length=300, help_text="Authorization, codes, clause of the contract.")

    @property
    def values(self) -> dict[str, Any]:
        typed = self.cleaned_data
        plain = {name: typed[name] for name in ("program", "on", "source", "note")}
        return {**plain, "payer_id": UUID(typed["payer"]), "is_covered": typed["is_covered"] == "yes"}


class PilotForm(forms.Form):
    """How the first two weeks went."""

    works = TextField(label="What works", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    mends = TextField(label="What does not yet", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    changes = TextField(
        label="What we change",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Templates, hand-offs, the rhythm of calls; who, until when.",
    )
    go_on = ChoiceOf(
        label="Take on more patients", choices=_YES_NO, missing="Choose whether more patients are taken on."
    )

    def said(self, figures: Mapping[str, Any]) -> PilotSaid:
        typed = self.cleaned_data
        texts = (typed["works"], typed["mends"], typed["changes"])
        return PilotSaid(*texts, go_on=typed["go_on"] == "yes", figures=dict(figures))


def fresh_training(today: date, people: Sequence[tuple[str, str]]) -> TrainingForm:
    """An empty form, of today and about danger."""
    return TrainingForm(initial={"on": today, "kind": "risk_protocol"}, people=people)


def fresh_check(today: date, payers: Sequence[tuple[str, str]]) -> PayerCheckForm:
    """An empty form, of today."""
    return PayerCheckForm(initial={"on": today}, payers=payers)


class ProgramChoiceForm(forms.Form):
    """In which program new patients begin."""

    program = ChoiceOf(label="New patients begin in", choices=PROGRAMS, missing="Choose the program.")


class MoveForm(forms.Form):
    """Who is moved to the clinic's program, and from which day on."""

    on = DayField(
        label="From", required=True, help_text="Today or an earlier day. For a day to come, move them once it is there."
    )
    episodes = forms.TypedMultipleChoiceField(
        coerce=UUID,
        error_messages={"required": "Choose at least one patient.", "invalid_choice": "Somebody was moved meanwhile."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, offered: ClinicPrograms) -> None:
        self.first_on = offered.today.replace(day=1)
        self.ready = {row.episode_id for row in offered.rows if row.is_consented}
        super().__init__(data, initial={"on": self.first_on})
        field = self.fields["episodes"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(str(row.episode_id), row.name) for row in offered.rows]

    @property
    def chosen(self) -> set[UUID]:
        """Who is ticked: as typed, or to begin with those whose consent is enough."""
        return set(self.cleaned_data.get("episodes", ())) if self.is_bound else self.ready

    @property
    def day(self) -> date:
        """The day of the move, as typed or proposed."""
        on: date = (self.cleaned_data.get("on") if self.is_bound else None) or self.first_on
        return on
