"""Letters, as they are typed."""

from __future__ import annotations

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.queries.letters import KINDS
from caseload.rules.letters import LANGUAGES, LONGEST
from registry.forms.fields import DAMAGED, Seen, TokenField

_TEXT = {"required": "Write the letter.", "max_length": "This is longer than 5,000 characters. Shorten it."}


def _body(label: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 14}), error_messages=_TEXT
    )


def _hidden(choices: tuple[tuple[str, str], ...]) -> forms.ChoiceField:
    messages = {"required": DAMAGED, "invalid_choice": DAMAGED}
    return forms.ChoiceField(choices=choices, widget=forms.HiddenInput, error_messages=messages)


class LetterForm(forms.Form):
    """A letter before it is printed: the wording with the names in it, to be changed where this patient asks for it."""

    client_token = TokenField(initial=uuid7)
    kind = _hidden(KINDS)
    language = _hidden(LANGUAGES)
    body = _body("Letter")


class WordingForm(Seen, forms.Form):
    """The organization's own wording of one letter in one language."""

    kind = _hidden(KINDS)
    language = _hidden(LANGUAGES)
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    body = _body("Text")
