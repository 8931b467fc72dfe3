"""What is known of a person, a section at a time. A form carries what it was shown: no change is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms

from registry.forms.fields import DAMAGED, AskedField, DayField, TextField
from registry.queries.patients import SEXES
from registry.rules.identifiers import normal_mrn
from registry.rules.people import as_text, birth_date_fault, phone_fault

_FURTHEST_VISIT = timedelta(days=731)
STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP"
)


class ComparedForm(forms.Form):
    """A form over stored values that remembers what it showed of them.

    `was` are those values as text, in hidden fields `was_…`. A form that comes back with errors keeps those it was
    sent with; after a collision `renewed` shows what is stored now.
    """

    rows: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, stored: Mapping[str, object] | None = None, today: date
    ) -> None:
        self.stored = {name: as_text(value) for name, value in (stored or {}).items()}
        self.today = today
        self.theirs: list[tuple[str, str, str]] = []
        super().__init__(data, initial={name: _shown(value) for name, value in (stored or {}).items()})
        self.was = {name: (data or {}).get(f"was_{name}", text) for name, text in self.stored.items()}

    @property
    def hidden_was(self) -> list[tuple[str, str]]:
        return [(f"was_{name}", text) for name, text in self.was.items()]

    @property
    def laid_out(self) -> list[list[forms.BoundField]]:
        """The fields in rows."""
        return [[self[name] for name in row] for row in self.rows]

    def clean(self) -> dict[str, Any]:
        """Without what it was shown, a form would overwrite what others wrote, and empty what was not sent."""
        missing = [name for name in self.stored if f"was_{name}" not in self.data]
        if missing:
            raise forms.ValidationError(DAMAGED)
        return super().clean() or self.cleaned_data

    def renewed(self, stored: Mapping[str, object], crossed: tuple[str, ...]) -> ComparedForm:
        """The same form over what is stored now: what was typed stays, and what was not touched takes theirs."""
        now = {name: as_text(value) for name, value in stored.items()}
        typed = {name: self._given(name) for name in self.fields}
        data = {**now, **{name: text for name, text in typed.items() if text != self.was.get(name, "")}}
        ticked = {name: text for name, text in data.items() if not (self._is_tick(name) and text == "no")}
        again = self._again({**ticked, **{f"was_{name}": text for name, text in now.items()}}, stored)
        again.theirs = [self._both(name, now) for name in crossed if name in self.fields]
        return again

    def _again(self, data: Mapping[str, Any], stored: Mapping[str, object]) -> ComparedForm:
        return type(self)(data, stored=stored, today=self.today)

    def _both(self, name: str, now: Mapping[str, str]) -> tuple[str, str, str]:
        """A field's label, what is stored now, and what was typed."""
        return str(self.fields[name].label), self._said(name, now[name]), self._said(name, self._given(name))

    def _said(self, name: str, text: str) -> str:
        choices: Any = getattr(self.fields[name], "choices", ())
        words = {str(value): str(label) for value, label in choices}
        return words.get(text, text) or "Empty"

    def _given(self, name: str) -> str:
        """A field as text. A checkbox that is not ticked is not sent at all."""
        if self._is_tick(name):
            return "yes" if self.data.get(name) else "no"
        return str(self.data.get(name, "")).replace("\r\n", "\n").strip()

    def _is_tick(self, name: str) -> bool:
        return isinstance(self.fields.get(name), forms.BooleanField)

    def _is_new(self, name: str) -> bool:
        """Whether a field holds something else than it was shown with: what stood there before is not refused now."""
        return bool(self._given(name) != self.was.get(name, ""))

    def _phone(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if self._is_new(name) and (fault := phone_fault(text)):
            raise forms.ValidationError(fault)
        return text


class ClaimPersonForm(ComparedForm):
    """Who the person is, as far as claims tell."""

    rows: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("given_name", "middle_name", "family_name"),
        ("birth_date", "sex"),
    )
    given_name = TextField(label="Given name", max_length=100, required=True, missing="Enter the given name.")
    middle_name = TextField(label="Middle names", max_length=100)
    family_name = TextField(label="Family name", max_length=100, required=True, missing="Enter the family name.")
    birth_date = DayField(label="Birth date", required=True)
    sex = forms.ChoiceField(label="Sex on claims", choices=SEXES)

    def clean_birth_date(self) -> date:
        born: date = self.cleaned_data["birth_date"]
        if fault := birth_date_fault(born, today=self.today):
            raise forms.ValidationError(fault)
        return born


class PersonForm(ClaimPersonForm):
    """Who the person is."""

    rows = (
        ("given_name", "middle_name", "family_name"),
        ("preferred_name", "birth_date"),
        ("sex", "gender"),
        ("language", "needs_interpreter"),
        ("died_on",),
    )
    preferred_name = TextField(label="Likes to be called", max_length=100)
    gender = TextField(label="Gender", max_length=60, help_text="In the patient’s own words, where care needs it.")
    language = TextField(label="Language", max_length=40)
    needs_interpreter = AskedField(label="Needs an interpreter")
    died_on = DayField(label="Died on", help_text="Only where the patient has died. No minutes count after that day.")

    def clean_died_on(self) -> date | None:
        died: date | None = self.cleaned_data["died_on"]
        born = self.cleaned_data.get("birth_date")
        if died is not None and died > self.today:
            raise forms.ValidationError("This day is in the future. Correct it.")
        if died is not None and born is not None and died < born:
            raise forms.ValidationError("This day is before the birth. Correct one of the two.")
        return died


class ContactForm(ComparedForm):
    """How the person can be reached, and what may be left there."""

    rows = (
        ("phone", "phone_best_times"),
        ("may_leave_voicemail", "may_text"),
        ("second_phone", "second_phone_best_times"),
        ("may_leave_voicemail_second", "may_text_second"),
        ("email", "may_email"),
    )
    phone = TextField(label="Phone", max_length=40)
    phone_best_times = TextField(label="Best times", max_length=100)
    may_leave_voicemail = AskedField(label="Voicemail may be left")
    may_text = AskedField(label="Text messages may be sent")
    second_phone = TextField(label="Second phone", max_length=40)
    second_phone_best_times = TextField(label="Best times there", max_length=100)
    may_leave_voicemail_second = AskedField(label="Voicemail may be left there")
    may_text_second = AskedField(label="Text messages may be sent there")
    email = forms.EmailField(
        label="E-mail", required=False, error_messages={"invalid": "Enter an address such as ana@example.org."}
    )
    may_email = AskedField(label="E-mail may be sent")

    def clean_phone(self) -> str:
        return self._phone("phone")

    def clean_second_phone(self) -> str:
        return self._phone("second_phone")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class AddressForm(ComparedForm):
    """Where the person lives, as claims need it."""

    rows = (("address",), ("city", "state", "postal_code"))
    address = TextField(label="Street and number", max_length=200)
    city = TextField(label="City", max_length=100)
    state = TextField(label="State", max_length=2)
    postal_code = TextField(label="ZIP code", max_length=10)

    def clean_state(self) -> str:
        state = str(self.cleaned_data["state"]).upper()
        if state and f" {state} " not in f" {STATES} ":
            raise forms.ValidationError("Enter the two letters of the state, such as IL.")
        return state

    def clean_postal_code(self) -> str:
        code = str(self.cleaned_data["postal_code"])
        if code and self._is_new("postal_code") and not re.fullmatch(r"\d{5}(-?\d{4})?", code):
            raise forms.ValidationError("A ZIP code has five or nine digits, such as 60614 or 60614-2035.")
        return code


class NumberForm(ComparedForm):
    """The number under which the home clinic knows the person."""

    rows = (("mrn",),)
    mrn = TextField(label="Record number", max_length=40)

    def clean_mrn(self) -> str:
        return normal_mrn(str(self.cleaned_data["mrn"]))


class VisitForm(ComparedForm):
    """The next visit in primary care."""

    rows = (("next_visit_on",),)
    next_visit_on = DayField(label="Next visit in primary care", help_text="Empty where none is planned.")

    def clean_next_visit_on(self) -> date | None:
        on: date | None = self.cleaned_data["next_visit_on"]
        if on is not None and on < self.today and self._is_new("next_visit_on"):
            raise forms.ValidationError("The next visit is in the past. Correct its day.")
        if on is not None and on > self.today + _FURTHEST_VISIT:
            raise forms.ValidationError("The next visit is more than two years away. Correct its year.")
        return on


SECTION_FORMS: Mapping[str, type[ComparedForm]] = {
    "person": PersonForm,
    "contact": ContactForm,
    "address": AddressForm,
    "number": NumberForm,
    "visit": VisitForm,
}


def _shown(value: object) -> object:
    """A value as its widget shows it: a checkbox by truth, everything else by its text."""
    return value if value is False else as_text(value)
