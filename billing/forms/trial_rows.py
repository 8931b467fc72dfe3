"""The rows of "What would this bill?": each kind of thing that a story lists, as a form of one row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any, ClassVar

from django import forms

from billing.queries.trial import ACTIVITY_CHOICES, RECOMMENDATION_CHOICES, ROLE_CHOICES, SERVICE_CHOICES
from billing.rules.story import BILLERS, CONSENTED_SERVICES, PROGRAMS
from registry.forms.fields import ClockField, DayField, TextField

BY_WORDS = {"billing": "This practice", "other": "Another practice"}
BILLER_CHOICES = tuple((word, BY_WORDS[word]) for word in BILLERS)
PROGRAM_WORDS = {"cocm": "Collaborative care", "bhi": "General BHI"}
PROGRAM_CHOICES = tuple((word, PROGRAM_WORDS[word]) for word in PROGRAMS)
CONSENT_CHOICES = tuple((word, word.upper()) for word in CONSENTED_SERVICES)
INSTRUMENT_CHOICES = (("phq9", "PHQ-9"), ("gad7", "GAD-7"))
CODES = frozenset({"code", "billed_as"})
MINUTES = re.compile(r"([0-9]{1,4})(?::([0-5][0-9]))?", re.ASCII)


class Row(forms.Form):
    """One row. `KIND` is the story's list that it belongs to, `PLACES` where the parts of an item are typed, if
    elsewhere than in the field of their name.
    """

    KIND: ClassVar[str]
    TITLE: ClassVar[str]
    PLACES: ClassVar[Mapping[str, str]] = {}

    def told(self) -> Any:
        """The row as an item of the story; call it once valid."""
        given = {name: value for name, value in self.cleaned_data.items() if _is_typed(value)}
        return {name: value.upper() if name in CODES else _plain(value) for name, value in given.items()}

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        """An item of a story as it is typed here."""
        return {name: _text(value) for name, value in item.items() if value is not None}

    @classmethod
    def begun(cls) -> dict[str, str]:
        """A row as it begins."""
        return {name: _text(field.initial) for name, field in cls.base_fields.items() if field.initial is not None}

    def has_changed(self) -> bool:
        """Whether anything stands in the row; what was not sent, or is as the row begins, is nothing."""
        sent = {name: self.data.get(self.add_prefix(name), "") for name in self.fields}
        begins = self.begun()
        return any(text not in ("", begins.get(name)) for name, text in sent.items())

    def field_at(self, part: str) -> str | None:
        """The field in which a part of an item is typed; None where that is none."""
        name = self.PLACES.get(part, part)
        return name if name in self.fields else next(iter(self.fields))


class WorkRow(Row):
    KIND, TITLE = "work", "Work"
    PLACES: ClassVar[Mapping[str, str]] = {"at": "day", "seconds": "minutes", "": "minutes"}

    day = DayField(label="Day", required=True)
    clock = ClockField(label="Time")
    offset = forms.CharField(required=False, max_length=6, widget=forms.HiddenInput)
    minutes = forms.CharField(label="Minutes", max_length=8, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    by = forms.ChoiceField(label="By", choices=ROLE_CHOICES, initial="care_manager")
    activity = forms.ChoiceField(label="What", choices=ACTIVITY_CHOICES, initial="treatment")
    service = forms.ChoiceField(label="For", choices=(("", "The program"), *SERVICE_CHOICES), required=False)
    billed_as = TextField(label="Billed as", max_length=5)
    staff = TextField(label="Person", max_length=100)
    facility_stay = forms.BooleanField(label="In a facility", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes"].error_messages["required"] = "Enter the minutes."

    def clean_minutes(self) -> dict[str, int]:
        """Whole minutes, or minutes and seconds, as the story has them."""
        found = MINUTES.fullmatch(self.cleaned_data["minutes"].strip())
        if found is None:
            raise forms.ValidationError("Enter minutes such as 20, or 20:30 with seconds.")
        minutes, seconds = found.groups()
        return {"minutes": int(minutes)} if seconds is None else {"seconds": int(minutes) * 60 + int(seconds)}

    def told(self) -> Any:
        item = super().told()
        day, clock, offset = item.pop("day"), item.pop("clock", ""), item.pop("offset", "")
        return {"at": f"{day}T{clock}{offset}" if clock else day, **item.pop("minutes"), **item}

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        rest = {name: value for name, value in item.items() if name not in {"at", "seconds"}}
        day, clock, offset = _parted(item["at"])
        typed = {**super().typed(rest), "day": day, "clock": clock, "offset": offset}
        if "seconds" in item:
            typed["minutes"] = "{}:{:02d}".format(*divmod(item["seconds"], 60))
        return typed


class ConsentRow(Row):
    KIND, TITLE = "consents", "Consent"
    PLACES: ClassVar[Mapping[str, str]] = {"given_at": "day"}

    day = DayField(label="Given on", required=True)
    clock = ClockField(label="At")
    offset = forms.CharField(required=False, max_length=6, widget=forms.HiddenInput)
    service = forms.ChoiceField(label="For", choices=CONSENT_CHOICES, initial="bhi")
    revoked_on = DayField(label="Taken back on")

    def told(self) -> Any:
        item = super().told()
        day, clock, offset = item.pop("day"), item.pop("clock", "00:00"), item.pop("offset", "")
        return {"given_at": f"{day}T{clock}{offset}", **item}

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        day, clock, offset = _parted(item["given_at"])
        rest = {name: value for name, value in item.items() if name != "given_at"}
        return {**super().typed(rest), "day": day, "clock": clock, "offset": offset}


class VisitRow(Row):
    KIND, TITLE = "visits", "Visit"

    on = DayField(label="On", required=True)
    code = TextField(label="Code", max_length=5, required=True, missing="Enter the code, such as 99214.")
    by = forms.ChoiceField(label="With", choices=BILLER_CHOICES, initial="billing")


class DiagnosisRow(Row):
    KIND, TITLE = "diagnoses", "Diagnosis"

    code = TextField(label="ICD-10-CM", max_length=10)

    def told(self) -> Any:
        return self.cleaned_data["code"]

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        return {"code": item}


class PlanRow(Row):
    KIND, TITLE = "care_plans", "Care plan"

    on = DayField(label="Dated", required=True)

    def told(self) -> Any:
        return self.cleaned_data["on"].isoformat()

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        return {"on": item}


class ScoreRow(Row):
    KIND, TITLE = "scores", "Score"
    PLACES: ClassVar[Mapping[str, str]] = {"items": "total"}

    on = DayField(label="On", required=True)
    instrument = forms.ChoiceField(label="Scale", choices=INSTRUMENT_CHOICES, initial="phq9")
    total = forms.IntegerField(label="Total", initial=10)

    @classmethod
    def typed(cls, item: Any) -> dict[str, str]:
        total = item["total"] if "total" in item else sum(item["items"])
        return {"on": item["on"], "instrument": item["instrument"], "total": str(total)}


class ReviewRow(Row):
    KIND, TITLE = "reviews", "Case review"

    on = DayField(label="On", required=True)
    recommendation = forms.ChoiceField(label="Recommended", choices=RECOMMENDATION_CHOICES, initial="continue")


class EarlierRow(Row):
    """A month before the story with collaborative care; its code where it was billed."""

    KIND, TITLE = "earlier", "Earlier month"

    month = forms.CharField(label="Month", max_length=7, widget=forms.TextInput(attrs={"type": "month"}))
    code = TextField(label="Billed as", max_length=5)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["month"].error_messages["required"] = "Enter the month."


class OtherRow(Row):
    KIND, TITLE = "other_services", "Other service"

    month = forms.CharField(label="Month", max_length=7, widget=forms.TextInput(attrs={"type": "month"}))
    code = TextField(label="Code", max_length=5, required=True, missing="Enter the code, such as G0557.")
    by = forms.ChoiceField(label="Billed by", choices=BILLER_CHOICES, initial="billing")
    minutes = forms.IntegerField(label="Its minutes, if known", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["month"].error_messages["required"] = "Enter the month."


class ChangeRow(Row):
    KIND, TITLE = "program_changes", "Change of program"

    on = DayField(label="From", required=True)
    to = forms.ChoiceField(label="To", choices=PROGRAM_CHOICES, initial="cocm")


def _is_typed(value: Any) -> bool:
    """Whether anything was typed: a 0 is, a box that was not ticked is not."""
    return value is not False and value not in ("", None)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, time)) else value


def _text(value: Any) -> str:
    """A value as a form sends it; a box that is not ticked sends nothing."""
    if isinstance(value, bool):
        return "on" if value else ""
    return str(value)


def _parted(at: str) -> tuple[str, str, str]:
    """Day, clock time and offset of an instant of a story; the latter two are empty where it is a day."""
    day, _, rest = at.partition("T")
    clock = re.match(r"[0-9:]*", rest)
    assert clock is not None
    return day, clock[0], rest[clock.end() :]
