"""Forms about danger: a concern, an assessment, a step, a call, an answer to lowering, the closing, a drill."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django import forms
from django.http import QueryDict

from registry.forms.fields import ChoiceOf, TextField, TokenField
from registry.rules.risk import TIER_WORDS, TIERS
from registry.rules.risk_drills import SCENARIOS

TIER_CHOICES = tuple((tier, TIER_WORDS[tier]) for tier in reversed(TIERS))
_LONG = forms.Textarea(attrs={"rows": 4})


class RiskForm(forms.Form):
    """A form that is kept once, however often it is sent."""

    client_token = TokenField()

    def __init__(self, data: QueryDict | None = None, *, name: str = "", **initial: object) -> None:
        auto_id = f"id_{name}_%s" if name else "id_%s"
        super().__init__(data, initial={"client_token": uuid4(), **initial}, auto_id=auto_id)

    def look_again(self, seen: int) -> None:
        """Somebody was faster: what was typed stays, and is now based on theirs."""
        renewed = QueryDict(mutable=True)
        renewed.update(self.data)
        renewed["seen"] = str(seen)
        self.data = renewed


class ConcernForm(RiskForm):
    """Somebody is concerned."""

    concern = TextField(
        max_length=2000,
        required=True,
        missing="Say what you saw or heard.",
        label="What you saw or heard",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AssessForm(RiskForm):
    """How high the risk is, and what was found."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    tier = ChoiceOf(label="The risk is", choices=TIER_CHOICES, missing="Choose a tier from the list.")
    note = TextField(
        max_length=5000,
        required=True,
        missing="Write what was found and what was agreed.",
        label="What was found, and what was agreed",
        widget=_LONG,
        help_text="Thoughts, plan, intent, means, what protects, with whom you spoke, where the patient is.",
    )


class StepForm(RiskForm):
    """A step of the protocol, done."""

    key = forms.CharField(max_length=30, widget=forms.HiddenInput)
    who = TextField(max_length=200, label="Who was reached", required=False)
    text = TextField(max_length=2000, label="What came of it", required=False)


class CallForm(RiskForm):
    """Who was called or told, or a plain note."""

    who = TextField(max_length=200, label="Who was called or told", help_text="Empty for a plain note.")
    text = TextField(
        max_length=5000,
        required=True,
        missing="Write what was said or done.",
        label="What was said or done",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(RiskForm):
    """Agreeing to a lower tier, or keeping the one that stands."""

    answer = ChoiceOf(
        label="Your answer",
        choices=(("agree", "I agree to the lower tier"), ("keep", "The tier stays as it is")),
        missing="Choose an answer.",
    )
    note = TextField(
        max_length=2000,
        required=True,
        missing="Say what you base this on.",
        label="What you base this on",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CloseForm(RiskForm):
    """Closing a case."""

    note = TextField(
        max_length=5000,
        required=True,
        missing="Say what the closing rests on.",
        label="What the closing rests on",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DrillForm(forms.Form):
    """What is rehearsed, and at which clinic."""

    clinic = forms.ChoiceField(label="Clinic", error_messages={"required": "Choose a clinic."})
    scenario = ChoiceOf(
        label="Rehearse",
        choices=tuple((key, one.label) for key, one in SCENARIOS.items()),
        missing="Choose what to rehearse from the list.",
    )

    def __init__(self, data: QueryDict | None = None, *, clinics: Sequence[tuple[str, str]]) -> None:
        super().__init__(data, initial={"clinic": clinics[0][0]} if len(clinics) == 1 else {})
        self.fields["clinic"].choices = clinics  # type: ignore[attr-defined]
        self.fields["clinic"].error_messages["invalid_choice"] = "Choose a clinic of the list."


class DrillTierForm(forms.Form):
    """The tier chosen in a drill."""

    tier = ChoiceOf(label="The risk is", choices=TIER_CHOICES, missing="Choose a tier from the list.")


class DrillEndForm(forms.Form):
    """What is to be mended before it is real."""

    remark = TextField(
        max_length=2000,
        required=True,
        missing="Write what went well, or what is to be mended.",
        label="What went well, and what is to be mended",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
