"""Consent, the text it is asked with, and visits: as typed, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from caseload.rules.clock import day_start, is_ambiguous, is_nonexistent, short_day
from registry.forms.fields import ChoiceOf, ClockField, DayField, OfferingForm, TextField
from registry.queries.choices import CONSENT_FORMS, CONSENT_GIVERS
from registry.queries.consents import LANGUAGES, TextShown
from registry.rules.consent import LONGEST_TEXT, MINOR, REPRESENTATIVE
from registry.rules.enrolment import OWN_SERVICE_VISIT_CODES, VISIT_CODES

OCCURRENCES = (("first", "The first, before the clocks went back"), ("second", "The second, after it"))
BILLING, OTHER = "billing", "other"
_VISIT_KINDS = (
    ("Office visit, new patient", ("99202", "99203", "99204", "99205")),
    ("Office visit", ("99212", "99213", "99214", "99215")),
    ("Welcome to Medicare visit", ("G0402",)),
    ("Annual wellness visit", ("G0438", "G0439")),
    ("Transitional care", ("99495", "99496")),
    ("Diagnostic evaluation, for services that a psychologist or social worker bills", OWN_SERVICE_VISIT_CODES),
)
VISIT_CHOICES = (
    ("", "Choose the code"),
    *((kind, tuple((code, code) for code in codes)) for kind, codes in _VISIT_KINDS),
    ("unknown", "Seen, but the code is not known"),
)
assert {code for _, codes in _VISIT_KINDS for code in codes} == {*VISIT_CODES, *OWN_SERVICE_VISIT_CODES}


@dataclass(frozen=True)
class Moment:
    """When something was said: an instant, or the local start of a day whose time nobody knows."""

    at: datetime
    is_time_known: bool


def moment_typed(
    form: forms.Form, on: date, at: time | None, *, zone: ZoneInfo, names: tuple[str, str, str]
) -> Moment | None:
    """The instant of a typed day and time; `names` are the fields of the time, of which occurrence, and of unknown.

    Without a field of unknown the time has to be there.
    A time that did not occur is refused, one that occurred twice asked for. None where a fault is now said.
    """
    of_time, of_which, of_unknown = names
    if form.cleaned_data.get(of_unknown):
        if at is not None:
            form.add_error(of_time, "Enter the time or say that it is not known, not both.")
            return None
        return Moment(day_start(on, zone), is_time_known=False)
    if at is None:
        if of_time not in form.errors:
            form.add_error(of_time, "Enter the time, or say that it is not known." if of_unknown else "Enter the time.")
        return None
    local = datetime.combine(on, at)
    if is_nonexistent(local, zone):
        form.add_error(of_time, f"The clocks went forward on {short_day(on)}: this time did not occur. Correct it.")
        return None
    which = form.cleaned_data.get(of_which)
    if is_ambiguous(local, zone) and not which:
        form.add_error(of_which, f"The clocks went back on {short_day(on)}, so this time occurred twice.")
        return None
    return Moment(local.replace(tzinfo=zone, fold=int(which == "second")).astimezone(UTC), is_time_known=True)


def script_choices(texts: Mapping[str, TextShown]) -> list[tuple[str, str]]:
    """The organization's own texts that can be named as used; the suggested one cannot, nobody adopted it."""
    adopted = [(str(text.id), text.label) for text in texts.values() if text.id is not None]
    return [("", "Other words"), *adopted]


class ConsentForm(forms.Form):
    """Consent of one patient. `people` are the choices of representatives, clinicians and who took it."""

    # Not "form": a field of that name hides the form from htmx, which then sends nothing.
    how = ChoiceOf(label="How", choices=CONSENT_FORMS, missing="Choose whether consent was verbal or written.")
    on = DayField(label="Day", required=True)
    time = ClockField(label="Time")
    is_time_unknown = forms.BooleanField(
        label="The time is not known",
        required=False,
        help_text="Then it counts from the beginning of that day.",
    )
    which = forms.ChoiceField(label="Which", choices=OCCURRENCES, required=False, widget=forms.RadioSelect)
    script = forms.ChoiceField(label="Text used", required=False)
    given_by = ChoiceOf(label="Who agreed", choices=CONSENT_GIVERS, missing="Choose who agreed.")
    representative = forms.ChoiceField(label="Representative", required=False)
    minor_basis = TextField(
        label="Basis on which the minor consents alone",
        max_length=200,
        help_text="The state’s law or rule, such as “may consent to outpatient mental health care from 14”.",
    )
    treating_clinician = forms.ChoiceField(
        label="For services billed by",
        help_text="Consent names the practitioner who bills. Another one needs a new consent.",
        error_messages={"required": "Choose the practitioner who bills."},
    )
    taken_by = forms.ChoiceField(label="Taken by", error_messages={"required": "Choose who took it."})

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        people: Mapping[str, Sequence[tuple[str, str]]],
        texts: Mapping[str, TextShown],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.zone = zone
        self.moment: Moment | None = None
        nobody = ("", "Choose")
        self.fields["representative"].choices = [nobody, *people["representatives"]]  # type: ignore[attr-defined]
        self.fields["treating_clinician"].choices = [nobody, *people["clinicians"]]  # type: ignore[attr-defined]
        self.fields["taken_by"].choices = people["seats"]  # type: ignore[attr-defined]
        self.fields["script"].choices = script_choices(texts)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        given_by = values.get("given_by")
        if given_by != REPRESENTATIVE:
            values["representative"] = ""
        if given_by != MINOR:
            values["minor_basis"] = ""
        if values.get("on") is not None:
            names = ("time", "which", "is_time_unknown")
            self.moment = moment_typed(self, values["on"], values.get("time"), zone=self.zone, names=names)
        return values


class RevokeForm(forms.Form):
    """The day from which nothing counts any more."""

    on = DayField(label="Taken back on", required=True, help_text="Nothing counts from the beginning of this day.")


class ReasonForm(forms.Form):
    """Why something is taken back that was recorded in error."""

    reason = TextField(
        label="What was wrong",
        max_length=300,
        required=True,
        missing="Say in a few words what was wrong.",
        help_text="Kept with what is taken back.",
    )


class ConsentTextForm(forms.Form):
    """A new version of the consent text in a language."""

    language = forms.ChoiceField(choices=LANGUAGES, widget=forms.HiddenInput)
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    text = forms.CharField(
        label="Text",
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text="Plain words, as they are said. Leave an empty line between paragraphs.",
        error_messages={
            "required": "Enter the text.",
            "max_length": "This is longer than 8,000 characters. Shorten it.",
        },
    )

    def clean_text(self) -> str:
        return "\n".join(line.rstrip() for line in self.cleaned_data["text"].replace("\r\n", "\n").split("\n")).strip()


class VisitForm(OfferingForm):
    """A visit that may begin the services."""

    offers = {"treating_clinician": ("clinicians", "Not on the list")}

    on = DayField(label="Day", required=True)
    code = forms.ChoiceField(
        label="Code",
        choices=VISIT_CHOICES,
        error_messages={
            "required": "Choose the code, or say that it is not known.",
            "invalid_choice": "Choose a code.",
        },
    )
    by_whom = ChoiceOf(
        label="With whom",
        choices=((BILLING, "The practitioner who bills"), (OTHER, "Another practitioner")),
        missing="Choose with whom the visit was.",
    )
    treating_clinician = forms.ChoiceField(label="Practitioner", required=False)

    def clean_code(self) -> str:
        """The code to keep; empty where it is not known."""
        chosen = str(self.cleaned_data["code"])
        return "" if chosen == "unknown" else chosen
