"""The contact note: what was typed, turned into what the operation takes, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from caseload.forms.worktime import WorkTimeForm
from caseload.operations.consented_contacts import Agreed
from caseload.operations.contacts import NextContact
from caseload.operations.treatment_changes import ChangeGiven
from caseload.queries.choices import ACTIVITIES, MODES, OUTCOMES
from caseload.queries.questions import CHANGES_OF, MEDICATION
from caseload.queries.timers import TimerShown
from caseload.rules.clock import day_start
from caseload.rules.notes import PARTS, mode_fault, outcome_fault
from registry.forms.consents import OCCURRENCES, Moment, moment_typed, script_choices
from registry.forms.fields import ChoiceOf, ClockField, DayField, TextField
from registry.forms.score_entry import add_fields, is_risk_typed, score_given
from registry.operations.assessments import ScoreGiven
from registry.queries.choices import CONSENT_FORMS
from registry.queries.consents import TextShown
from registry.queries.tools import Tool

LONGEST_NOTE, LONGEST_PART, LONGEST_CHANGE = 20_000, 1_000, 300
AT_START, AT = "start", "at"
# What belongs to one opening of the form, and is not taken over from what was typed in an earlier one.
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "client_token", "timer", "template", "fill"})
TIME_FIELDS = frozenset({"on", "starts", "ends", "ends_next_day", "starts_which", "ends_which", "minutes"})


class ContactForm(WorkTimeForm):
    """One contact, with its time, its scores on the clinic's `tools` and what comes next."""

    activity = forms.ChoiceField(label="What it was", choices=ACTIVITIES, initial="treatment")
    mode = forms.ChoiceField(label="How", choices=MODES, initial="phone")
    note = forms.CharField(
        label="Note", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 6})
    )
    outcome = ChoiceOf(
        label="What came of it",
        choices=(("", "Nothing to say"), *OUTCOMES),
        required=False,
        widget=forms.Select,
        missing="Choose what came of it.",
    )
    question = forms.CharField(
        label="Question for the psychiatric consultant",
        required=False,
        max_length=LONGEST_PART,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    changed = TextField(
        label="Treatment was changed today: what",
        max_length=LONGEST_CHANGE,
        help_text="Marked on the score chart, and shown beside a stall.",
    )
    changed_of = ChoiceOf(
        label="It was",
        choices=CHANGES_OF,
        required=False,
        initial=MEDICATION,
        widget=forms.Select,
        missing="Choose what was changed.",
    )
    next_on = DayField(label="Next contact")
    next_purpose = TextField(label="About", max_length=200)
    agreed = ChoiceOf(
        label="The patient agreed to this care",
        choices=(("", "Not in this contact"), *CONSENT_FORMS),
        required=False,
        missing="Choose from the list.",
    )
    agreed_when = ChoiceOf(
        label="When",
        choices=((AT_START, "At the start of this contact"), (AT, "At another time that day")),
        required=False,
        missing="Choose when.",
    )
    agreed_at = ClockField(label="At")
    agreed_which = forms.ChoiceField(label="Which", choices=OCCURRENCES, required=False, widget=forms.RadioSelect)
    agreed_script = forms.ChoiceField(label="Text used", required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        tools: Sequence[Tool],
        texts: Mapping[str, TextShown] | None = None,
        clock: TimerShown | None = None,
        typed: Mapping[str, str] | None = None,
        to_tell: Sequence[tuple[UUID, str]] = (),
    ) -> None:
        """`typed` is what was typed before: into a draft, or before a template was chosen."""
        super().__init__(data, zone=zone, now=now, clock=clock, initial=typed)
        self.scores: tuple[ScoreGiven, ...] = ()
        self.moment: Moment | None = None
        self._offer_consent(texts)
        self.to_tell = {f"told_{one.hex}": one for one, _ in to_tell}
        self.fields.update({f"told_{one.hex}": _told_field(words) for one, words in to_tell})
        self.tools = tuple(tool for tool in tools if tool.takes_items)
        for tool in self.tools:
            add_fields(self, tool, with_total=False)
        for key, label in PARTS:
            self.fields[f"part_{key}"] = _part_field(label)
        for name, message in _MESSAGES.items():
            self.fields[name].error_messages |= message

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        given = [score_given(self, tool, values) for tool in self.tools]
        self.scores = tuple(score for score in given if score is not None)
        self._check_kind(values)
        self._check_next(values)
        if values.get("agreed"):
            self._check_agreed(values)
        return values

    @property
    def next_contact(self) -> NextContact | None:
        due_on = self.cleaned_data.get("next_on")
        return NextContact(due_on, self.cleaned_data.get("next_purpose", "")) if due_on else None

    @property
    def change(self) -> ChangeGiven | None:
        """The change of treatment that the note tells of."""
        text = self.cleaned_data.get("changed", "").strip()
        return ChangeGiven(self.cleaned_data.get("changed_of") or MEDICATION, text) if text else None

    @property
    def parts(self) -> dict[str, str]:
        """What was said in parts of its own, by their keys; empty ones left out."""
        said = {key: self.cleaned_data.get(f"part_{key}", "").strip() for key, _ in PARTS}
        return {key: text for key, text in said.items() if text}

    @property
    def told_fields(self) -> list[forms.BoundField]:
        """A tick for each recommendation that was carried out and that the patient does not know of."""
        return [self[name] for name in self.to_tell]

    @property
    def told(self) -> list[UUID]:
        """The recommendations of which the patient was told."""
        return [one for name, one in self.to_tell.items() if self.cleaned_data.get(name)]

    @property
    def part_fields(self) -> list[forms.BoundField]:
        """The folded fields, in order."""
        return [self[f"part_{key}"] for key, _ in PARTS] + [self["changed"], self["changed_of"], self["question"]]

    @property
    def has_parts(self) -> bool:
        """Whether something is typed into the folded fields, so that they have to be seen."""
        return any(field.errors or (field.value() and field.name != "changed_of") for field in self.part_fields)

    @property
    def asks_consent(self) -> bool:
        """Whether no consent covers the patient, so that the note can carry one."""
        return "agreed" in self.fields

    @property
    def agreed_from(self) -> datetime | None:
        """From when consent holds that is given in this contact, as far as that is typed."""
        return self.moment.at if self.moment is not None else None

    @property
    def agreement(self) -> Agreed | None:
        """The consent given in this contact, its text apart."""
        if self.moment is None:
            return None
        return Agreed(self.moment.at, self.moment.is_time_known, self.cleaned_data["agreed"])

    @property
    def is_risk(self) -> bool:
        """An answer about self-harm is above 0, as typed."""
        return any(is_risk_typed(self, tool) for tool in self.tools)

    def _offer_consent(self, texts: Mapping[str, TextShown] | None) -> None:
        if texts is None:
            for name in [name for name in self.fields if name.startswith("agreed")]:
                del self.fields[name]
            return
        self.fields["agreed_script"].choices = script_choices(texts)  # type: ignore[attr-defined]
        if texts["en"].id is not None:
            self.initial.setdefault("agreed_script", texts["en"].id)

    def _check_agreed(self, values: Mapping[str, Any]) -> None:
        """When consent was given: at the start of this contact, or at a time that is typed."""
        when, on = values.get("agreed_when"), values.get("on")
        if not when:
            self.add_error(
                "agreed_when", "Choose whether the patient agreed at the start of this contact or at another time."
            )
        elif when == AT_START and self.time is not None:
            start = self.time.span[0] if self.time.span is not None else None
            day = day_start(self.time.day(self.zone), self.zone)
            self.moment = Moment(start or day, is_time_known=start is not None)
        elif when == AT and on is not None:
            names = ("agreed_at", "agreed_which", "")
            self.moment = moment_typed(self, on, values.get("agreed_at"), zone=self.zone, names=names)
            if self.moment is not None and self.moment.at > self.now:
                self.add_error("agreed_at", "Consent cannot be given in the future. Correct the time.")

    def _check_kind(self, values: Mapping[str, Any]) -> None:
        """Kind, way and outcome go together; what came of an attempt is asked."""
        activity, mode, outcome = (values.get(name) or "" for name in ("activity", "mode", "outcome"))
        if activity and mode and (sentence := mode_fault(activity, mode)):
            self.add_error("mode", sentence)
        if activity and (sentence := outcome_fault(activity, outcome)):
            self.add_error("outcome", sentence)
        if activity == "outreach_attempt" and not outcome and "outcome" not in self.errors:
            self.add_error("outcome", "Choose what came of the attempt.")

    def _check_next(self, values: Mapping[str, Any]) -> None:
        on, next_on = values.get("on"), values.get("next_on")
        if next_on is not None and next_on < max(on or self.today, self.today):
            self.add_error("next_on", "The next contact is in the past. Correct its date.")
        if next_on is None and values.get("next_purpose") and "next_on" not in self.errors:
            self.add_error("next_on", "Enter the day of the next contact, or clear what it is about.")


def _told_field(words: str) -> forms.BooleanField:
    return forms.BooleanField(label=words, required=False)


def _part_field(label: str) -> forms.CharField:
    field = forms.CharField(label=label, required=False, max_length=LONGEST_PART)
    field.error_messages |= _TOO_LONG
    return field


_TOO_LONG = {"max_length": "This is longer than 1,000 characters. Shorten it."}
_MESSAGES: dict[str, dict[str, str]] = {
    "note": {"max_length": "The note is longer than 20,000 characters. Shorten it."},
    "question": _TOO_LONG,
    "activity": {"invalid_choice": "Choose what it was from the list.", "required": "Choose what it was."},
    "mode": {"invalid_choice": "Choose how from the list.", "required": "Choose how."},
}
