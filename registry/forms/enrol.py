"""Enrolling somebody: one form for the three minutes in which they are handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from bhi.tenancy.ids import uuid7
from registry.forms.consents import OCCURRENCES, Moment, moment_typed, script_choices
from registry.forms.fields import AskedField, ChoiceOf, ClockField, DayField, TextField, TokenField
from registry.forms.score_entry import add_fields, is_risk_typed, score_given
from registry.operations.assessments import ScoreGiven
from registry.queries.choices import CONSENT_FORMS, CONSENT_GIVERS, PROGRAMS
from registry.queries.consents import TextShown
from registry.queries.patients import REPRESENTATIONS
from registry.queries.tools import Tool
from registry.rules.consent import MINOR, PATIENT, REPRESENTATIVE, is_minor
from registry.rules.people import birth_date_fault, member_id_fault, normal_member_id, phone_fault, takes_mbi

NEW, NOT_YET, NOW, AT = "new", "not_yet", "now", "at"
LANGUAGES = (("", "Not asked"), ("English", "English"), ("Spanish", "Spanish"), ("Other", "Another language"))
QMB = "QMB"
DIRECTED = (
    ("in person", "In person"),
    ("by message", "By message or order"),
    ("by phone", "By phone"),
    (NOT_YET, "Not yet"),
)
RULED_OUT = (("clinician", "The treating clinician"), ("me", "Me"), (NOT_YET, "Not ruled out yet"))


@dataclass(frozen=True)
class Offered:
    """What the form offers to choose from, and what it takes for granted."""

    clinics: Sequence[tuple[str, str]]
    clinicians: Sequence[tuple[str, str]]
    care_managers: Sequence[tuple[str, str]]
    payers: Sequence[tuple[str, str]]
    texts: Mapping[str, TextShown]
    tools: Sequence[Tool]
    representatives: Sequence[tuple[str, str]] = ()
    mbi_payers: frozenset[str] = frozenset()


class StartForm(forms.Form):
    """An enrolment of somebody on record, with what is done in the same minutes."""

    client_token = TokenField()
    clinic = forms.ChoiceField(label="Clinic", error_messages={"required": "Choose the clinic."})
    payer = forms.ChoiceField(label="Payer", required=False)
    new_payer = TextField(label="Another payer’s name", max_length=200)
    member_id = TextField(label="Member id", max_length=40)
    is_qmb = AskedField(label="Qualified Medicare Beneficiary (QMB)", widget=forms.RadioSelect)

    program = ChoiceOf(label="Program", choices=PROGRAMS, missing="Choose the program.")
    enrolled_on = DayField(label="Enrolled on", required=True)
    care_manager = forms.ChoiceField(label="Care manager", required=False)
    treating_clinician = forms.ChoiceField(label="Treating clinician", required=False)
    new_clinician = TextField(
        label="Another clinician’s name",
        max_length=200,
        help_text="Given name, family name, credential: Ana Rivera, MD",
    )
    directed = ChoiceOf(
        label="Their direction to start",
        choices=DIRECTED,
        missing="Choose how the clinician said to start, or that it is still missing.",
    )
    target_condition = TextField(
        label="Target condition", max_length=100, required=True, missing="Enter what is to be treated."
    )
    risk_ruled_out = ChoiceOf(
        label="Urgent risk ruled out by",
        choices=RULED_OUT,
        missing="Choose who ruled out urgent risk, or that nobody has yet.",
    )

    consent = ChoiceOf(
        label="The patient agreed",
        choices=(*CONSENT_FORMS, (NOT_YET, "Not yet")),
        missing="Choose how the patient agreed, or that they have not yet.",
    )
    consent_when = ChoiceOf(
        label="When", choices=((NOW, "Just now"), (AT, "At another time")), required=False, missing="Choose when."
    )
    consent_on = DayField(label="Day")
    consent_time = ClockField(label="Time")
    consent_time_unknown = forms.BooleanField(label="The time is not known", required=False)
    consent_which = forms.ChoiceField(label="Which", choices=OCCURRENCES, required=False, widget=forms.RadioSelect)
    script = forms.ChoiceField(label="Text used", required=False)
    given_by = ChoiceOf(label="Who agreed", choices=CONSENT_GIVERS, missing="Choose who agreed.", required=False)
    minor_basis = TextField(label="Basis on which the minor consents alone", max_length=200)
    representative = forms.ChoiceField(label="Representative on record", required=False)
    representative_name = TextField(label="Representative’s name", max_length=200)
    represents_as = forms.ChoiceField(
        label="Decides as", choices=[choice for choice in REPRESENTATIONS if choice[0]], required=False
    )

    next_on = DayField(label="Next contact")
    next_purpose = TextField(label="About", max_length=200)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        offered: Offered,
        zone: ZoneInfo,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
        birth_date: date | None = None,
    ) -> None:
        today = now.astimezone(zone).date()
        fresh = {"client_token": uuid7(), "enrolled_on": today, "consent_on": today, "program": "cocm"}
        super().__init__(data, initial={**fresh, **(initial or {})})
        if "birth_date" in self.fields:
            self.fields["birth_date"].error_messages["required"] = "Enter the birth date."
        self.offered, self.zone, self.now, self.today = offered, zone, now, today
        self.born = birth_date
        self.moment: Moment | None = None
        self.scores: tuple[ScoreGiven, ...] = ()
        self._offer()
        for tool in offered.tools:
            add_fields(self, tool, with_total=True)

    def _offer(self) -> None:
        choices = {
            "clinic": self.offered.clinics,
            "payer": [("", "Not known yet"), *self.offered.payers],
            "care_manager": [("", "Nobody yet"), *self.offered.care_managers],
            "treating_clinician": [("", "Not on the list"), *self.offered.clinicians],
            "script": script_choices(self.offered.texts),
            "representative": [("", "Not on record"), *self.offered.representatives],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    @property
    def is_risk(self) -> bool:
        """An answer about self-harm is above 0, as typed."""
        return any(is_risk_typed(self, tool) for tool in self.offered.tools)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._check_payer(values)
        self._check_clinician(values)
        if values.get("enrolled_on") is not None and values["enrolled_on"] > self.today:
            self.add_error("enrolled_on", "The enrolment is in the future. Correct its day.")
        if values.get("consent") not in {None, NOT_YET}:
            self._check_consent(values)
        given = [score_given(self, tool, values) for tool in self.offered.tools]
        self.scores = tuple(score for score in given if score is not None)
        self._check_next(values)
        return values

    def _check_payer(self, values: dict[str, Any]) -> None:
        if values.get("payer") and values.get("new_payer"):
            self.add_error("new_payer", "Choose a payer or enter another one’s name, not both.")
        if values.get("member_id") and not (values.get("payer") or values.get("new_payer")):
            self.add_error("payer", "Choose the payer of this member id.")
        is_mbi = values.get("payer") in self.offered.mbi_payers or takes_mbi(values.get("new_payer") or "")
        fault = member_id_fault(values.get("member_id") or "", is_mbi=is_mbi) if values.get("member_id") else ""
        if fault:
            self.add_error("member_id", fault)
        elif values.get("member_id"):
            values["member_id"] = normal_member_id(values["member_id"], is_mbi=is_mbi)

    def _check_clinician(self, values: dict[str, Any]) -> None:
        if values.get("treating_clinician") and values.get("new_clinician"):
            self.add_error("new_clinician", "Choose a clinician or enter another one’s name, not both.")
        has_clinician = values.get("treating_clinician") or values.get("new_clinician")
        if values.get("directed") not in {None, NOT_YET} and not has_clinician:
            self.add_error("treating_clinician", "Choose the clinician who said to start.")

    def _check_consent(self, values: dict[str, Any]) -> None:
        born = values.get("birth_date") or self.born
        if not values.get("given_by") and "given_by" not in self.errors:
            values["given_by"] = PATIENT if born is None or not is_minor(born, self.today) else ""
            if not values["given_by"]:
                self.add_error("given_by", "The patient is under 18. Choose who agreed.")
        if values.get("given_by") == REPRESENTATIVE and not self._has_representative(values):
            self.add_error("representative_name", "Enter the representative’s name, and as what they decide.")
        if values.get("given_by") == MINOR and not values.get("minor_basis"):
            self.add_error("minor_basis", "Say by which law or rule the minor may consent alone.")
        when = values.get("consent_when")
        if when == NOW:
            self.moment = Moment(self.now, is_time_known=True)
        elif when == AT:
            self._at_another_time(values)
        elif "consent_when" not in self.errors:
            self.add_error("consent_when", "Choose whether the patient agreed just now or at another time.")

    def _has_representative(self, values: dict[str, Any]) -> bool:
        return bool(values.get("representative") or (values.get("representative_name") and values.get("represents_as")))

    def _at_another_time(self, values: dict[str, Any]) -> None:
        on = values.get("consent_on")
        if on is None:
            if "consent_on" not in self.errors:
                self.add_error("consent_on", "Enter the day on which the patient agreed.")
            return
        names = ("consent_time", "consent_which", "consent_time_unknown")
        self.moment = moment_typed(self, on, values.get("consent_time"), zone=self.zone, names=names)
        if self.moment is not None and self.moment.at > self.now:
            self.add_error("consent_on", "Consent cannot be given in the future. Correct the day or the time.")

    def _check_next(self, values: Mapping[str, Any]) -> None:
        next_on = values.get("next_on")
        if next_on is not None and next_on < self.today:
            self.add_error("next_on", "The next contact is in the past. Correct its date.")
        if next_on is None and values.get("next_purpose") and "next_on" not in self.errors:
            self.add_error("next_on", "Enter the day of the next contact, or clear what it is about.")


class EnrolNowForm(StartForm):
    """The same for somebody who may be on no record yet."""

    family_name = TextField(label="Family name", max_length=100, required=True, missing="Enter the family name.")
    given_name = TextField(label="Given name", max_length=100, required=True, missing="Enter the given name.")
    birth_date = DayField(label="Birth date", required=True)
    phone = TextField(label="Phone", max_length=40)
    may_leave_voicemail = AskedField(label="May we leave a voicemail?", widget=forms.RadioSelect)
    language = forms.ChoiceField(label="Language", choices=LANGUAGES, required=False)
    mrn = TextField(label="Record number", max_length=40, help_text="May stay empty until somebody looks it up.")
    same_as = forms.CharField(required=False, max_length=36)

    field_order = ("family_name", "given_name", "birth_date")

    def clean_birth_date(self) -> date:
        born: date = self.cleaned_data["birth_date"]
        if fault := birth_date_fault(born, today=self.today):
            raise forms.ValidationError(fault)
        return born

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        if fault := phone_fault(phone):
            raise forms.ValidationError(fault)
        return phone
