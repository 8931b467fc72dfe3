"""What the pages of payers are asked with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from billing.operations.profiles import ProfileNotes
from billing.queries.payer_pages import Version
from billing.rules.books import OptionOutOfBounds, RuleBook
from billing.rules.facts import OptionValue
from billing.rules.payer_options import (
    OPTION_WORDS,
    OptionWords,
    book_for,
    book_says,
    cited,
    families,
    only_differences,
    read,
    typed,
)
from registry.forms.fields import DayField, TextField

AS_THE_BOOK = ""
OPTION = "option_"


class PayerFilter(forms.Form):
    """Which payers. What makes no sense is as good as not given: a filter never refuses a page."""

    show = forms.ChoiceField(choices=[("all", "all"), ("assumed", "assumed")], required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def values(self) -> dict[str, Any]:
        """The filters that can be understood."""
        self.is_valid()
        return {
            "only_assumed": self.cleaned_data.get("show") == "assumed",
            "page": self.cleaned_data.get("page") or 1,
        }


class PayerForm(forms.Form):
    """Another payer."""

    name = TextField(
        label="Name", max_length=200, required=True, missing="Enter the payer's name as it stands on the card."
    )


class BecauseForm(forms.Form):
    """On whose word, or why."""

    because = TextField(label="Where it was read", max_length=300, required=True, missing="Say where it was read.")


class WithdrawForm(forms.Form):
    """Why rules are taken back."""

    because = TextField(label="Why", max_length=300, required=True, missing="Say in a few words why they are wrong.")


class RulesForm(forms.Form):
    """How a payer pays from a day on. An option that is left as its book has it follows the book."""

    family = forms.ChoiceField(label="Rule book", error_messages={"invalid_choice": "Choose from the list."})
    from_on = DayField(
        label="From",
        required=True,
        help_text="The first day of a month: a month is judged by the rules of its first day.",
    )
    because = TextField(
        label="Where it was read",
        max_length=300,
        required=True,
        missing="Say where it was read, or who said so.",
        help_text="The policy with its date, the contract, or whom you asked and when.",
    )
    attestation = TextField(
        label="Attestation", max_length=300, help_text="What the practice attests to this payer, where and when."
    )
    authorization = TextField(
        label="Authorization", max_length=300, help_text="What has to be authorized before, and how to ask."
    )
    authorization_after_months = forms.IntegerField(
        label="Needed after so many months",
        required=False,
        min_value=1,
        max_value=120,
        help_text="Counted from the month of enrolment. Empty: as the book has it.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number of months from 1 to 120."),
    )
    cost_share = TextField(label="What the patient pays", max_length=300, help_text="As the plan says it.")
    looked = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        today: date,
        shown: Version | None = None,
        typed_so_far: Mapping[str, Any] | None = None,
    ) -> None:
        """`typed_so_far` fills a form that asks again, without finding fault with it."""
        initial = _initial(shown, today) if typed_so_far is None else dict(typed_so_far.items())
        super().__init__(data, initial=initial)
        family = self.fields["family"]
        assert isinstance(family, forms.ChoiceField)
        family.choices = list(families())
        self.book = self._book(today)
        for option in OPTION_WORDS:
            self.fields[OPTION + option.name] = _option_field(option, self.book)

    def _book(self, today: date) -> RuleBook:
        """That of the family and day in the form, so that each option says what leaving it means."""
        known = dict(families())
        chosen = str(self["family"].value() or "")
        try:
            on = date.fromisoformat(str(self["from_on"].value()))
        except ValueError:
            on = today
        return book_for(chosen if chosen in known else next(iter(known)), on)

    def clean(self) -> dict[str, Any]:
        """Options as their rules take them; each fault at its field."""
        super().clean()
        chosen: dict[str, OptionValue] = {}
        for option in OPTION_WORDS:
            text = str(self.cleaned_data.get(OPTION + option.name, "")).strip()
            if text == AS_THE_BOOK:
                continue
            try:
                chosen[option.name] = read(option.name, text)
            except OptionOutOfBounds as fault:
                self.add_error(OPTION + option.name, str(fault))
        self.cleaned_data["options"] = only_differences(self.book, chosen)
        return self.cleaned_data

    @property
    def book_notes(self) -> list[tuple[str, str]]:
        """What the book tells people, with the name of each."""
        known = [(name.replace("_", " ").capitalize(), words) for name, words in self.book.notes.items()]
        after = self.book.authorization_after_months
        return [*known, *([("Authorization needed after", f"{after} months")] if after is not None else [])]

    @property
    def notes(self) -> ProfileNotes:
        """What is written down beside the rules."""
        names = ("because", "attestation", "authorization", "authorization_after_months", "cost_share")
        return ProfileNotes(**{name: self.cleaned_data[name] for name in names})

    @property
    def fingerprint(self) -> str:
        """Of the rules in a valid form: what was looked at is what is saved."""
        values = [self.cleaned_data["family"], self.cleaned_data["from_on"].isoformat(), self.cleaned_data["options"]]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    @property
    def was_looked_at(self) -> bool:
        """Whether the effects of just these rules were shown."""
        return bool(self.cleaned_data["looked"] == self.fingerprint)

    @property
    def option_rows(self) -> list[tuple[forms.BoundField, OptionWords, str, Any]]:
        """Each option's field with its words, what the book has, and where the book has it from."""
        return [
            (self[OPTION + one.name], one, book_says(self.book, one.name), cited(self.book, one.name))
            for one in OPTION_WORDS
        ]


def _option_field(option: OptionWords, book: RuleBook) -> forms.Field:
    says = f"As the book: {book_says(book, option.name)}"
    if not option.choices:
        return TextField(
            label=option.label,
            max_length=200,
            help_text=f"{option.decides} {option.typed} Empty: as the book has it.",
        )
    choices = [(AS_THE_BOOK, says), *((typed(option.name, value), words) for value, words in option.choices)]
    return forms.ChoiceField(
        label=option.label,
        choices=choices,
        required=False,
        help_text=option.decides,
        error_messages={"invalid_choice": "Choose from the list."},
    )


def _initial(shown: Version | None, today: date) -> dict[str, Any]:
    """What stands in a new form: the payer's rules of today, from the first of this month on."""
    first = today.replace(day=1)
    if shown is None:
        return {"from_on": first.isoformat()}
    names = ("family", "attestation", "authorization", "authorization_after_months", "cost_share")
    return {
        **{name: getattr(shown, name) for name in names},
        "from_on": first.isoformat(),
        **{OPTION + name: value for name, value in shown.typed_options},
    }
