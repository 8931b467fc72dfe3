"""What the pages of payments without support are asked with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from billing.operations.refunds import CLOSING, Investigation
from billing.queries.refunds import RefundDetail
from registry.forms.fields import ChoiceOf, DayField, TextField

WORDS = {
    "corrected": "A corrected claim was sent",
    "refunded": "The money went back",
    "not_owed": "Nothing is owed",
}


class InvestigationForm(forms.Form):
    """Since when claims of the same cause are looked into, until when, and what was found."""

    from_on = DayField(label="Looked into from", required=False)
    until_on = DayField(label="Finished on", required=False, help_text="Leave empty while it goes on.")
    owner = forms.ChoiceField(label="Who sees to it", required=False)
    related = TextField(
        label="What was found on claims of the same cause",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, people: Iterable[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [("", "Nobody yet"), *((str(id_), name) for id_, name in people)]

    @classmethod
    def of(cls, detail: RefundDetail, people: Iterable[tuple[UUID, str]]) -> InvestigationForm:
        """As it was kept."""
        refund = detail.refund
        values = {
            "from_on": refund.investigation_from,
            "until_on": refund.investigation_until,
            "owner": str(refund.owner_id or ""),
            "related": refund.related,
        }
        return cls(initial=values, people=people)

    def investigation(self) -> Investigation:
        """What was asked for, once it is valid."""
        values = self.cleaned_data
        owner_id = UUID(values["owner"]) if values["owner"] else None
        return Investigation(values["from_on"], values["until_on"], values["related"], owner_id)


class CloseRefundForm(forms.Form):
    """How it ended."""

    state = ChoiceOf(
        label="How it ended",
        choices=[(state.value, WORDS[state]) for state in CLOSING],
        widget=forms.RadioSelect,
        missing="Say how it ended.",
    )
    amount = forms.DecimalField(
        label="Amount that went back",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        error_messages={"invalid": "Enter dollars and cents, as 144.96."},
        help_text="In dollars. Leave empty when nothing is owed.",
    )
    note = TextField(
        label="Closing note",
        max_length=500,
        required=True,
        missing="Write what was found and done: it is kept with the claim.",
    )
