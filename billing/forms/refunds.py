"""What the pages of payments without support are asked with."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms

from billing.operations.refunds import CLOSING, Ending, Investigation
from billing.queries.refunds import RefundDetail
from billing.rules.refunds import WAITING_DAYS
from registry.forms.fields import ChoiceOf, DayField, TextField

WORDS = {
    "corrected": "A corrected claim was sent",
    "refunded": "The money went back",
    "not_owed": "Nothing is owed",
}


class InvestigationForm(forms.Form):
    """Since when it is known, since when claims of the same cause are looked into, until when, and what was found."""

    known_on = DayField(
        label="Known since",
        help_text="The days run from here. If somebody knew it earlier, set that day: it does not move later.",
    )
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
            "known_on": refund.identified_on,
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
        return Investigation(values["from_on"], values["until_on"], values["related"], owner_id, values["known_on"])


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
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        error_messages={
            "invalid": "Enter dollars and cents, as 144.96.",
            "min_value": "Enter the amount that goes back, above 0, or leave it empty.",
            "max_digits": "This is more than any claim. Enter dollars and cents, as 144.96.",
            "max_whole_digits": "This is more than any claim. Enter dollars and cents, as 144.96.",
            "max_decimal_places": "Enter dollars and cents, as 144.96.",
        },
        help_text="In dollars. Needed where the money went back; not kept where nothing is owed.",
    )
    reference = TextField(
        label="Reference of a correction keyed elsewhere",
        max_length=50,
        help_text=(
            "Only where it was corrected outside this product, as in a payer’s portal. If the payer has not taken "
            f"its payment back {WAITING_DAYS} days after, it comes onto the list again."
        ),
    )
    note = TextField(
        label="Closing note",
        max_length=500,
        required=True,
        missing="Write what was found and done: it is kept with the claim.",
    )

    def ending(self) -> Ending:
        """What was asked for, once it is valid."""
        values = self.cleaned_data
        return Ending(values["state"], values["note"], values["amount"], values["reference"])


class FindPaymentForm(forms.Form):
    """Which claim was paid: by a part of the patient's name, a record number, or the claim's number."""

    text = TextField(
        label="Patient’s name or record number, or claim number",
        max_length=100,
        required=True,
        missing="Type a name or a number.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AddPaymentForm(forms.Form):
    """Why a payment is not supported, and since when somebody knows."""

    why = TextField(
        label="Why it has to be looked into",
        max_length=400,
        required=True,
        missing="Write why: it is kept with the claim.",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is known and from where, as an outside audit or a letter of the payer.",
    )
    known_on = DayField(label="Known since", required=True, help_text="The days to report and return run from here.")
