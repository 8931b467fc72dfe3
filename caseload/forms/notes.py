"""What is added to a note, and what an organization decides about notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.queries.choices import ACTIVITIES
from caseload.queries.note_templates import TemplateShown
from registry.forms.fields import ChoiceOf, OfferingForm, TextField, TokenField


class AddendumForm(forms.Form):
    """A text that is added to a signed note."""

    help_text = "The note itself stays as it was signed."
    client_token = TokenField()
    text = TextField(
        label="Addendum",
        max_length=10_000,
        required=True,
        missing="Write what is to be added.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"client_token": uuid7()})
        self.fields["text"].help_text = self.help_text


class CoSignForm(forms.Form):
    """What a supervisor says beside a note, if anything."""

    remark = TextField(label="Remark", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class TakeBackForm(forms.Form):
    """Why a note is taken back."""

    reason = TextField(
        label="Why is it taken back?",
        max_length=300,
        required=True,
        missing="Say why this note is taken back, such as: entered on the wrong patient.",
        help_text="Kept with the note and shown wherever it is opened.",
    )


class TemplateForm(forms.Form):
    """One template: what notes of a kind may begin with."""

    template = forms.UUIDField(required=False, widget=forms.HiddenInput)
    activity = ChoiceOf(
        label="Kind of contact", choices=ACTIVITIES, widget=forms.Select, missing="Choose a kind from the list."
    )
    name = TextField(label="Name", max_length=60, required=True, missing="Give the template a name.")
    body = TextField(
        label="Text",
        max_length=8_000,
        required=True,
        missing="Write what the note begins with.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    is_in_use = forms.BooleanField(label="Offered in the contact note", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, shown: TemplateShown | None = None) -> None:
        initial: dict[str, Any] = {"activity": "treatment", "is_in_use": True}
        if shown is not None:
            initial = {
                "template": shown.id,
                "activity": shown.activity,
                "name": shown.name,
                "body": shown.body,
                "is_in_use": shown.is_in_use,
            }
        key = shown.id.hex if shown is not None else "new"
        super().__init__(data, initial=initial, auto_id=f"id_%s_{key}")


class SupervisionForm(OfferingForm):
    """Whose notes wait for whose signature; no supervisor ends it."""

    offers = {"supervised": ("writers", "Choose"), "supervisor": ("supervisors", "Nobody")}

    supervised = ChoiceOf(label="Notes of", choices=(), widget=forms.Select, missing="Choose whose notes.")
    supervisor = ChoiceOf(
        label="Are signed beside by", choices=(), required=False, widget=forms.Select, missing="Choose from the list."
    )
