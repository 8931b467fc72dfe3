"""Asking the three questions, and answering them."""

from __future__ import annotations

from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from outcomes.rules.asking import KEYS, LONGEST_REMARK, WORDS, Words
from registry.forms.fields import TokenField


class AskForm(forms.Form):
    """In which language, and how the link gets to the patient. E-mail only where the patient agreed to it."""

    client_token = TokenField()
    language = forms.ChoiceField(
        label="Language",
        choices=[(key, words.name) for key, words in WORDS.items()],
        widget=forms.RadioSelect,
        help_text="The patient can change it.",
    )
    sent_by = forms.ChoiceField(
        label="How",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the link gets there.", "invalid_choice": "Choose one of these ways."},
    )

    def __init__(self, *args: Any, may_email: bool, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [("email", "By e-mail")] if may_email else []
        field = self.fields["sent_by"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*ways, ("copied", "I copy or print the link")]
        if not self.is_bound:
            first = "email" if may_email else "copied"
            self.initial.update(client_token=uuid7(), language=language, sent_by=first)


class AnswersForm(forms.Form):
    """The three answers from 1 to 5, in the patient's language, and a remark."""

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        faults = {"required": words.missing, "invalid_choice": words.missing}
        options = [(str(number), answer) for number, answer in enumerate(words.answers, 1)][::-1]
        for key in KEYS:
            self.fields[key] = forms.ChoiceField(
                label=words.questions[key], choices=options, widget=forms.RadioSelect, error_messages=faults
            )
        self.fields["remark"] = forms.CharField(
            label=words.remark,
            help_text=words.remark_help,
            required=False,
            max_length=LONGEST_REMARK,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"max_length": words.too_long},
        )

    def given(self) -> dict[str, Any]:
        """What answer_experience takes."""
        return {key: int(self.cleaned_data[key]) for key in KEYS} | {"remark": self.cleaned_data["remark"].strip()}
