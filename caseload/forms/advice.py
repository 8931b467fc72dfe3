"""What is recorded of a recommendation's loop, as it is typed. Each form belongs to one step of one recommendation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.operations.advice import Answered, DayImpossible, Said, WordsMissing
from caseload.queries.advice import CHANNELS, AdviceShown
from caseload.rules.clock import is_nonexistent, local_date
from registry.forms.fields import ChoiceOf, ClockField, DayField, TextField, TokenField

LONGEST = 2_000
STEPS = SEND, ANSWER, DONE, TOLD, CLOSE, VOID = "send", "answer", "done", "told", "close", "void"
ACCEPTED, MODIFIED, DECLINED = "accepted", "modified", "declined"
DECISIONS = ((ACCEPTED, "Yes"), (MODIFIED, "Yes, with a change"), (DECLINED, "No"))
_ACROSS = forms.Textarea(attrs={"rows": 2})


class StepForm(forms.Form):
    """One step. A refusal of its day is shown at `day_field`."""

    client_token = TokenField(initial=uuid7)
    day_field = "on"

    def refuse(self, fault: Exception) -> None:
        """Show what the loop refused, at its field where it has one."""
        is_of_day = isinstance(fault, DayImpossible) and self.day_field in self.fields
        self.add_error(self.day_field if is_of_day else None, str(fault))


class SendForm(StepForm):
    """Through which channel it went."""

    channel = ChoiceOf(
        label="Sent by", choices=CHANNELS, widget=forms.Select, missing="Choose how the clinician was asked."
    )


class AnswerForm(StepForm):
    """What the clinician answered, how, and when."""

    day_field = "answered_on"

    decision = ChoiceOf(label="The clinician said", choices=DECISIONS, missing="Choose what the clinician said.")
    text = TextField(
        label="What is changed, or why not",
        max_length=LONGEST,
        widget=_ACROSS,
        help_text="Needed unless the answer is yes.",
    )
    channel = ChoiceOf(
        label="Answered by", choices=CHANNELS, widget=forms.Select, missing="Choose how the answer came."
    )
    is_verbal = forms.BooleanField(label="Said, not written", required=False)
    answered_on = DayField(label="On", required=True)
    answered_at = ClockField(label="At", help_text="Empty: now.")
    is_done = forms.BooleanField(label="It has been done already: ordered, prescribed, arranged", required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        following: Collection[str],
        **more: Any,
    ) -> None:
        """`following` are the states that the loop allows next: of what goes ahead only a no is asked."""
        super().__init__(data, **more)
        choices = [(value, label) for value, label in DECISIONS if value in following]
        self.fields["decision"].choices = choices or DECISIONS  # type: ignore[attr-defined]
        self.zone, self.now = zone, now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("decision") in (MODIFIED, DECLINED) and not values.get("text", "").strip():
            self.add_error("text", str(WordsMissing()))
        if values.get("decision") == DECLINED and values.get("is_done"):
            self.add_error("is_done", "What was declined was not done. Clear this, or correct the answer.")
        self._check_time(values)
        return values

    @property
    def said(self) -> Said:
        values = self.cleaned_data
        return Said(values["text"], values["channel"], values["is_verbal"])

    @property
    def answered(self) -> Answered:
        """When it was answered: at a time; today without one is now; else a day whose time nobody noted."""
        on, at = self.cleaned_data["answered_on"], self.cleaned_data["answered_at"]
        if at is not None:
            return Answered(at=datetime.combine(on, at, self.zone))
        return Answered() if on == local_date(self.now, self.zone) else Answered(on=on)

    def _check_time(self, values: Mapping[str, Any]) -> None:
        """What was only said has its time; a time that the clocks skipped is none."""
        on, at = values.get("answered_on"), values.get("answered_at")
        if on is None or "answered_at" in self.errors:
            return
        if at is not None and is_nonexistent(datetime.combine(on, at), self.zone):
            self.add_error("answered_at", "The clocks went forward that night: this time did not occur. Correct it.")
        if at is None and values.get("is_verbal") and on != local_date(self.now, self.zone):
            self.add_error("answered_at", "Enter when it was said: nothing else shows that it was.")


class DoneForm(StepForm):
    """It was carried out."""

    on = DayField(label="Done on", required=True)
    text = TextField(label="What was done", max_length=LONGEST, help_text="Shown on the score chart. Empty: as asked.")


class ToldForm(StepForm):
    """The patient was told."""

    on = DayField(label="Told on", required=True)
    text = TextField(label="What the patient said", max_length=LONGEST)


class CloseForm(StepForm):
    """It goes no further."""

    text = TextField(label="Why it ends here", max_length=LONGEST, required=True, missing="Say why it ends here.")


class VoidForm(StepForm):
    """The last step was recorded in error."""

    step = forms.UUIDField(widget=forms.HiddenInput)
    text = TextField(label="Why it is taken back", max_length=300, required=True, missing="Say why, in a few words.")


class LoopForms:
    """The forms of one recommendation that its loop allows now, each under its own prefix."""

    def __init__(self, one: AdviceShown, *, today: date, zone: ZoneInfo, now: datetime, channel: str) -> None:
        self.advice = one
        sent_by = next((step.channel_key for step in one.steps if step.state == "sent"), "")
        self._initial: dict[str, dict[str, Any]] = {
            SEND: {"channel": channel},
            ANSWER: {"channel": sent_by or channel, "answered_on": today},
            DONE: {"on": today},
            TOLD: {"on": today},
            VOID: {"step": one.steps[-1].id if one.steps else None},
        }
        self._more: dict[str, dict[str, Any]] = {ANSWER: {"zone": zone, "now": now, "following": one.next}}
        self._bound: dict[str, forms.Form] = {}

    def bind(self, do: str, data: Mapping[str, Any]) -> Any:
        """The form of one step with what was sent; None for a step that there is not."""
        if do not in _FORMS:
            return None
        self._bound[do] = self._form(do, data)
        return self._bound[do]

    def __getitem__(self, do: str) -> forms.Form:
        """`forms.send` in a template, and so on."""
        return self._bound.get(do) or self._form(do, None)

    def _form(self, do: str, data: Mapping[str, Any] | None) -> forms.Form:
        made: forms.Form = _FORMS[do](
            data, prefix=prefix_of(do, self.advice.id), initial=self._initial.get(do), **self._more.get(do, {})
        )
        return made


def prefix_of(do: str, recommendation_id: UUID) -> str:
    """Under which the fields of a step are sent, and found by their labels."""
    return f"{do}-{recommendation_id.hex[-8:]}"


_FORMS: dict[str, Any] = {
    SEND: SendForm,
    ANSWER: AnswerForm,
    DONE: DoneForm,
    TOLD: ToldForm,
    CLOSE: CloseForm,
    VOID: VoidForm,
}
