"""What stands around a person: related people, insurances, the care team, stays, numbers of other clinics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import forms

from registry.forms.fields import DayField, TextField
from registry.forms.patients import ComparedForm
from registry.queries.patients import REPRESENTATIONS, SEXES, STAY_KINDS
from registry.rules.holders import RELATIONSHIPS, SELF, holder_faults
from registry.rules.identifiers import normal_mrn, npi_fault
from registry.rules.people import member_id_fault, normal_member_id, takes_mbi

NEW = "new"


class RelatedPersonForm(ComparedForm):
    """Somebody to call in an emergency, who decides for the patient, or with whom we may speak."""

    rows = (
        ("name", "relation", "phone"),
        ("is_emergency_contact",),
        ("represents_as",),
        ("may_speak_about", "until_on"),
    )
    name = TextField(label="Name", max_length=200, required=True, missing="Enter the name.")
    relation = TextField(label="Who they are to the patient", max_length=60)
    phone = TextField(label="Phone", max_length=40)
    is_emergency_contact = forms.BooleanField(label="To be called in an emergency", required=False)
    represents_as = forms.ChoiceField(label="Decides for the patient", choices=REPRESENTATIONS, required=False)
    may_speak_about = TextField(
        label="We may speak with them about",
        max_length=300,
        help_text="Empty: nothing may be told, not even that the patient is in the program.",
    )
    until_on = DayField(label="Until", help_text="The last day of that permission. Empty: until it is taken back.")

    def clean_phone(self) -> str:
        return self._phone("phone")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("is_emergency_contact") and not values.get("phone") and "phone" not in self.errors:
            self.add_error("phone", "Enter the number at which they are called in an emergency.")
        if values.get("until_on") and not values.get("may_speak_about"):
            self.add_error("may_speak_about", "Enter what we may speak about until then, or clear the day.")
        return values


class CoverageForm(ComparedForm):
    """One insurance."""

    rows = (
        ("payer_id", "new_payer"),
        ("member_id", "plan_name", "group_number"),
        ("from_on", "until_on"),
        ("relationship",),
        ("subscriber_family_name", "subscriber_given_name"),
        ("subscriber_birth_date", "subscriber_sex"),
        ("subscriber_address", "subscriber_city"),
        ("subscriber_state", "subscriber_postal_code"),
    )
    payer_id = forms.ChoiceField(label="Payer", error_messages={"required": "Choose the payer."})
    new_payer = TextField(label="Another payer’s name", max_length=200)
    member_id = TextField(label="Member id", max_length=40)
    plan_name = TextField(label="Plan", max_length=100)
    from_on = DayField(label="From")
    until_on = DayField(label="Until", help_text="The last day. Empty while it goes on.")
    group_number = TextField(label="Group number", max_length=50)
    relationship = forms.ChoiceField(
        label="Who holds it",
        choices=RELATIONSHIPS,
        required=False,
        initial=SELF,
        help_text="Through whom the patient is insured. Fill in what follows only where that is somebody else.",
    )
    subscriber_family_name = TextField(label="Holder’s family name", max_length=100)
    subscriber_given_name = TextField(label="Holder’s given name", max_length=100)
    subscriber_birth_date = DayField(label="Holder’s birth date")
    subscriber_sex = forms.ChoiceField(label="Holder’s sex", choices=[("", "Not known"), *SEXES], required=False)
    subscriber_address = TextField(label="Holder’s street and number", max_length=200)
    subscriber_city = TextField(label="Holder’s city", max_length=100)
    subscriber_state = TextField(label="Holder’s state", max_length=2)
    subscriber_postal_code = TextField(label="Holder’s ZIP code", max_length=10)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, payers: Iterable[Any], stored: Any = None, today: date
    ) -> None:
        super().__init__(data, stored=stored, today=today)
        self.payers = list(payers)
        self.known = {str(payer.id): payer for payer in self.payers}
        choices = [("", "Choose…"), *((key, payer.name) for key, payer in self.known.items()), (NEW, "Another")]
        self.fields["payer_id"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen_payer(self) -> Any:
        """The payer on record that was chosen; None where another one is named."""
        return self.known.get(self.cleaned_data.get("payer_id", ""))

    def _again(self, data: Mapping[str, Any], stored: Mapping[str, object]) -> ComparedForm:
        return type(self)(data, payers=self.payers, stored=stored, today=self.today)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        chosen, named = values.get("payer_id"), values.get("new_payer", "")
        if chosen == NEW and not named and "new_payer" not in self.errors:
            self.add_error("new_payer", "Enter the payer’s name, as its card says it.")
        if named and chosen not in (NEW, ""):
            self.add_error("new_payer", "Choose “Another” to add this payer, or clear its name.")
        self._check_member_id(values, is_mbi=self._is_mbi(chosen, named))
        if values.get("from_on") and values.get("until_on") and values["until_on"] < values["from_on"]:
            self.add_error("until_on", "The last day is before the first. Correct one of them.")
        values["relationship"] = values.get("relationship") or SELF
        values["subscriber_state"] = values.get("subscriber_state", "").upper()
        for name, fault in holder_faults(values, today=self.today).items():
            if name not in self.errors:
                self.add_error(name, fault)
        return values

    def _is_mbi(self, chosen: str | None, named: str) -> bool:
        payer = self.known.get(chosen or "")
        return payer.takes_mbi if payer else takes_mbi(named)

    def _check_member_id(self, values: dict[str, Any], *, is_mbi: bool) -> None:
        typed = values.get("member_id", "")
        fault = member_id_fault(typed, is_mbi=is_mbi)
        if fault:
            self.add_error("member_id", fault)
        values["member_id"] = normal_member_id(typed, is_mbi=is_mbi)


class CareTeamForm(ComparedForm):
    """Who treats, who manages, who is consulted."""

    rows = (
        ("treating_clinician_id", "npi"),
        ("new_name", "new_credential", "new_npi"),
        ("care_manager_id", "consultant_id"),
    )
    treating_clinician_id = forms.ChoiceField(label="Treating clinician", required=False)
    npi = TextField(label="Their NPI, where it is missing", max_length=10)
    new_name = TextField(label="Another clinician’s name", max_length=200)
    new_credential = TextField(label="Credential", max_length=40)
    new_npi = TextField(label="NPI", max_length=10)
    care_manager_id = forms.ChoiceField(label="Care manager", required=False)
    consultant_id = forms.ChoiceField(label="Psychiatric consultant", required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        choices: Mapping[str, list[tuple[str, str]]],
        stored: Mapping[str, object],
        today: date,
    ) -> None:
        super().__init__(data, stored=stored, today=today)
        self.choices = choices
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def _again(self, data: Mapping[str, Any], stored: Mapping[str, object]) -> ComparedForm:
        return type(self)(data, choices=self.choices, stored=stored, today=self.today)

    def clean_npi(self) -> str:
        return self._npi("npi")

    def clean_new_npi(self) -> str:
        return self._npi("new_npi")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("new_npi") and not values.get("new_name"):
            self.add_error("new_name", "Enter the name that this NPI belongs to.")
        if values.get("npi") and not values.get("treating_clinician_id"):
            self.add_error("npi", "Choose the clinician that this NPI belongs to.")
        return values

    def chosen(self, name: str) -> UUID | None:
        text = self.cleaned_data.get(name)
        return UUID(text) if text else None

    def _npi(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        fault = npi_fault(text) if text else ""
        if fault:
            raise forms.ValidationError(f"{fault} Compare it with the NPI registry.")
        return text


class RecordNumberForm(forms.Form):
    """The number under which another clinic knows the person."""

    clinic = forms.ChoiceField(label="Clinic", error_messages={"required": "Choose the clinic."})
    mrn = TextField(label="Record number", max_length=40, required=True, missing="Enter the record number.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, clinics: Iterable[tuple[UUID, str]]) -> None:
        super().__init__(data)
        self.fields["clinic"].choices = [("", "Choose…"), *((str(key), name) for key, name in clinics)]  # type: ignore[attr-defined]

    def clean_mrn(self) -> str:
        mrn = normal_mrn(str(self.cleaned_data["mrn"]))
        if not mrn:
            raise forms.ValidationError("Enter the record number.")
        return mrn


class StayForm(forms.Form):
    """An emergency visit or a hospital stay."""

    kind = forms.ChoiceField(
        label="What it was", choices=STAY_KINDS, error_messages={"required": "Choose what it was."}
    )
    from_on = DayField(label="From", required=True)
    until_on = DayField(label="Until", help_text="The day of leaving. Empty while the patient is still there.")
    facility = TextField(label="Where", max_length=200)
    reason = TextField(label="Why", max_length=300)

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date, birth_date: date) -> None:
        super().__init__(data)
        self.today, self.birth_date = today, birth_date

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        from_on, until_on = values.get("from_on"), values.get("until_on")
        if from_on is not None and from_on > self.today:
            self.add_error("from_on", "This day is in the future. Correct it.")
        if from_on is not None and from_on < self.birth_date:
            self.add_error("from_on", "This day is before the patient’s birth. Correct it.")
        if until_on is not None and until_on > self.today:
            self.add_error("until_on", "This day is in the future. Leave it empty until the patient has left.")
        if until_on is not None and from_on is not None and until_on < from_on:
            self.add_error("until_on", "The patient left before the stay began. Correct one of the days.")
        return values


class EndStayForm(forms.Form):
    """The day of leaving."""

    until_on = DayField(label="Left on", required=True)

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_until_on(self) -> date:
        on: date = self.cleaned_data["until_on"]
        if on > self.today:
            raise forms.ValidationError("This day is in the future. Come back when the patient has left.")
        return on


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = TextField(label="Why", max_length=300, required=True, missing="Say in a few words why this is taken back.")
