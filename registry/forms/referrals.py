"""Referring somebody: who, why, how bad it is, and whether that person is on record already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from bhi.errors import DomainError
from bhi.tenancy.ids import uuid7
from registry.forms.fields import AskedField, DayField, TextField, TokenField
from registry.models import ReferralSource, Urgency
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import RecordNumberTaken, ScoreUnusable
from registry.operations.referral_errors import ReferralRefused
from registry.operations.referrals import NewPerson
from registry.queries.duplicates import Alike
from registry.queries.referrals import NOBODY, STATES
from registry.rules.people import birth_date_fault, phone_fault

SOMEBODY_ELSE = "new"
LONGEST_REASON = 5_000
ELIGIBLE = (("", "Not decided"), ("yes", "Eligible"), ("no", "Not eligible"))
EARLIEST_REFERRAL = timedelta(days=730)
OF_A_NEW_PERSON = ("given_name", "family_name", "birth_date", "phone", "may_leave_voicemail", "language", "mrn")
OF_WHO_MANAGES = ("assigned_to", "is_eligible", "eligibility_reason")
_SCORE_FIELDS = {("phq9", None): "phq9", ("phq9", 9): "phq9_item9", ("gad7", None): "gad7"}


@dataclass(frozen=True)
class ReferralChoices:
    """What the form offers: pairs of value and name."""

    clinics: Sequence[tuple[str, str]]
    clinicians: Sequence[tuple[str, str]]
    care_managers: Sequence[tuple[str, str]]


def score_field(label: str, highest: int) -> forms.IntegerField:
    """A total or an answer, from 0 to `highest`."""
    field = forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=highest,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    sentence = f"{label} is a whole number from 0 to {highest}."
    field.error_messages |= {"invalid": sentence}
    field.validators = [MinValueValidator(0, sentence), MaxValueValidator(highest, sentence)]
    return field


class ReferralForm(forms.Form):
    """A referral of a person on record, or of a new one when `is_new`. `today` is the clinic's, or the first one's."""

    client_token = TokenField()
    given_name = TextField(label="First name", max_length=100, required=True, missing="Enter the first name.")
    family_name = TextField(label="Last name", max_length=100, required=True, missing="Enter the last name.")
    birth_date = DayField(label="Birth date", required=True)
    phone = TextField(label="Phone", max_length=40)
    may_leave_voicemail = AskedField(label="May we leave a voicemail?", widget=forms.RadioSelect)
    language = TextField(label="Language, if not English", max_length=40)
    mrn = TextField(label="Record number", max_length=40)
    clinic = forms.ChoiceField(label="Clinic", error_messages={"required": "Choose the clinic."})
    referred_on = DayField(label="Referred on", required=True)
    source = forms.ChoiceField(label="Who or what referred", choices=ReferralSource.choices, initial="clinician")
    urgency = forms.ChoiceField(
        label="Urgency", choices=Urgency.choices, initial=Urgency.ROUTINE, widget=forms.RadioSelect
    )
    is_warm_hand_off = forms.BooleanField(label="Warm hand-off: the patient is here now", required=False)
    treating_clinician = forms.ChoiceField(label="Treating clinician", required=False)
    new_clinician = TextField(label="Or somebody not on the list", max_length=200)
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the patient needs, in a few words.",
        error_messages={
            "required": "Say why the patient is referred, in a few words.",
            "max_length": "This is longer than 5,000 characters. Shorten it.",
        },
    )
    phq9 = score_field("PHQ-9 total", 27)
    phq9_item9 = score_field("PHQ-9 item 9", 3)
    gad7 = score_field("GAD-7 total", 21)
    scored_on = DayField(label="Answered on", help_text="Empty: on the day of the referral.")
    is_eligible = forms.TypedChoiceField(
        label="Fits the program",
        choices=ELIGIBLE,
        required=False,
        coerce=lambda text: text == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )
    eligibility_reason = TextField(label="Why, or why not", max_length=300)
    assigned_to = forms.ChoiceField(label="Care manager", required=False)
    who = forms.ChoiceField(label="Is it one of these?", required=False, widget=forms.RadioSelect)
    known = forms.CharField(required=False, widget=forms.HiddenInput, max_length=400)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        today: date,
        choices: ReferralChoices,
        is_new: bool,
        may_manage: bool,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        one_clinic = choices.clinics[0][0] if len(choices.clinics) == 1 else ""
        given = {"client_token": uuid7(), "referred_on": today, "clinic": one_clinic, **(initial or {})}
        super().__init__(data, initial=given)
        self.today, self.is_new = today, is_new
        self._offer("clinic", [("", "Choose"), *choices.clinics] if not one_clinic else choices.clinics)
        self._offer("treating_clinician", [("", "Not known"), *choices.clinicians])
        self._offer("assigned_to", [("", "Nobody yet"), *choices.care_managers])
        typed = self["who"].value() or ""
        self._offer("who", [(typed, typed), (SOMEBODY_ELSE, "Somebody else")])
        for name in (*([] if is_new else OF_A_NEW_PERSON), *([] if may_manage else OF_WHO_MANAGES)):
            del self.fields[name]

    def ask_who(self, alike: Sequence[Alike]) -> None:
        """Offer those on record who resemble the person, and ask which it is."""
        offered = [(str(one.person.id), one.person.name) for one in alike]
        self._offer("who", [*offered, (SOMEBODY_ELSE, "Somebody else")])
        self.add_error("who", "People like this are on record. Say which it is.")

    def is_answered(self, alike: Sequence[Alike]) -> bool:
        """Whether the form says which of these it is, and was asked about each of them."""
        offered = {str(one.person.id) for one in alike}
        asked = set((self["known"].value() or "").split())
        chosen = self.cleaned_data.get("who", "")
        return chosen in offered or (chosen == SOMEBODY_ELSE and offered <= asked)

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        if fault := phone_fault(typed):
            raise forms.ValidationError(fault)
        return typed

    @property
    def chosen_person(self) -> UUID | None:
        """Who of those on record it is; None for somebody else."""
        chosen = self.cleaned_data.get("who", "")
        try:
            return UUID(chosen) if chosen and chosen != SOMEBODY_ELSE else None
        except ValueError:
            return None

    @property
    def person(self) -> NewPerson:
        values = self.cleaned_data
        return NewPerson(
            family_name=values["family_name"],
            given_name=values["given_name"],
            birth_date=values["birth_date"],
            mrn=values["mrn"],
            phone=values["phone"],
            may_leave_voicemail=values["may_leave_voicemail"],
            language=values["language"],
        )

    @property
    def scores(self) -> tuple[ScoreGiven, ...]:
        values = self.cleaned_data
        found = []
        if values.get("phq9") is not None or values.get("phq9_item9") is not None:
            found.append(ScoreGiven("phq9", total=values.get("phq9"), item9=values.get("phq9_item9")))
        if values.get("gad7") is not None:
            found.append(ScoreGiven("gad7", total=values["gad7"]))
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        birth_date, referred_on = values.get("birth_date"), values.get("referred_on")
        if birth_date is not None and (fault := birth_date_fault(birth_date, today=self.today)):
            self.add_error("birth_date", fault)
        if referred_on is not None and not self.today - EARLIEST_REFERRAL <= referred_on:
            self.add_error("referred_on", "This day is more than two years ago. Check the year.")
        if values.get("phq9") is None and values.get("phq9_item9") is not None and "phq9" not in self.errors:
            self.add_error("phq9", "Enter the PHQ-9 total too, or clear item 9.")
        if values.get("treating_clinician") and values.get("new_clinician"):
            self.add_error("new_clinician", "Choose the clinician from the list or write the name, not both.")
        return values

    def field_of_refusal(self, fault: DomainError) -> str | None:
        """Where the refusal of an operation is shown; None is above the form."""
        if isinstance(fault, ScoreUnusable):
            return _SCORE_FIELDS.get((fault.instrument, fault.item)) or _SCORE_FIELDS[(fault.instrument, None)]
        if isinstance(fault, RecordNumberTaken):
            return "mrn" if self.is_new else None
        field = fault.field if isinstance(fault, ReferralRefused) else ""
        return field if field in self.fields else None

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)
        field.error_messages |= {"invalid_choice": "Choose one of the list."}


class ReferralFilterForm(forms.Form):
    """Which referrals to show, and how. What makes no sense is as good as not given."""

    state = forms.ChoiceField(choices=STATES, required=False)
    clinic = forms.UUIDField(required=False)
    assigned_to = forms.CharField(required=False, max_length=36)
    urgency = forms.ChoiceField(choices=Urgency.choices, required=False)
    view = forms.ChoiceField(choices=[("board", "Board"), ("list", "List")], required=False)

    def clean_assigned_to(self) -> str:
        typed: str = self.cleaned_data["assigned_to"]
        if typed in ("", NOBODY):
            return typed
        try:
            return str(UUID(typed))
        except ValueError:
            return ""

    @property
    def chosen(self) -> dict[str, str]:
        """What was understood, as text to be remembered."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


class PlaceForm(forms.Form):
    """Where a list goes on."""

    after = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)

    @property
    def place(self) -> dict[str, UUID | None]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in ("after", "before")}
