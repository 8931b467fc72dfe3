"""What the pages of filed claims are asked with."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

from django import forms
from django.http import QueryDict

from bhi.tenancy.ids import uuid7
from registry.forms.fields import TextField, TokenField


class FilingForm(forms.Form):
    """For which payers files are made; the token is made with the form, so that a second submit makes nothing new."""

    client_token = TokenField()
    payers = forms.TypedMultipleChoiceField(
        coerce=UUID,
        error_messages={
            "required": "Choose at least one payer.",
            "invalid_choice": "Choose from the list.",
        },
    )
    has_seen_papers = forms.BooleanField(
        required=False,
        label="I have seen the care plans and visits of these months: file them too",
    )

    def __init__(self, *args: object, payers: Iterable[UUID], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["payers"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(str(id_), str(id_)) for id_ in payers]

    @classmethod
    def sent(cls, data: QueryDict) -> FilingForm:
        """As it was sent. A payer of whom nothing is left is no fault: a second submit is answered as the first."""
        return cls(data, payers=[one for one in map(_id, data.getlist("payers")) if one is not None])

    @classmethod
    def fresh(cls, payers: Iterable[UUID]) -> FilingForm:
        chosen = list(payers)
        return cls(initial={"client_token": uuid7(), "payers": chosen}, payers=chosen)

    def token_for(self, *what: str) -> UUID | None:
        """One token for each thing that a button of this page asks for, so that each is made once and none stands for
        another; None where the page's own token is missing, whatever else was sent.
        """
        self.is_valid()
        token: UUID | None = self.cleaned_data.get("client_token")
        return uuid5(token, " ".join(sorted(what))) if token else None

    def chosen(self) -> set[UUID]:
        """The payers that are ticked, as sent or as proposed."""
        if not self.is_bound:
            return set(self.initial["payers"])
        return set(self.cleaned_data.get("payers", ()))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class ResendForm(forms.Form):
    """Filing the claims of a refused file anew."""

    client_token = TokenField()

    @classmethod
    def fresh(cls) -> ResendForm:
        return cls(initial={"client_token": uuid7()})


class CorrectionForm(forms.Form):
    """Sending a claim again, or taking it back."""

    client_token = TokenField()
    because = TextField(label="Why", max_length=300, required=True, missing="Say why, in a few words.")
    payer_claim_number = TextField(
        label="The payer’s number for the earlier claim",
        max_length=50,
        help_text="As its answer or remittance names it. Payers refuse a corrected claim without it.",
    )

    @classmethod
    def fresh(cls, number: str) -> CorrectionForm:
        return cls(initial={"client_token": uuid7(), "payer_claim_number": number})


class OutsideForm(forms.Form):
    """What was done about a claim outside this product."""

    client_token = TokenField()
    because = TextField(
        label="What was done, and why", max_length=300, required=True, missing="Say what was done, in a few words."
    )
    reference = TextField(
        label="Under which number the payer knows of it",
        max_length=50,
        help_text="Of the reopening, the refund or the call. Leave it empty where there is none.",
    )

    @classmethod
    def fresh(cls) -> OutsideForm:
        return cls(initial={"client_token": uuid7()})


class ClaimSearchForm(forms.Form):
    """Finding a claim by a number that somebody outside gave."""

    number = TextField(
        label="Claim’s number",
        max_length=50,
        required=True,
        missing="Enter the claim’s number, or a part of it.",
        help_text="As a payer names it: 00007-00012-K7QX4M, or the payer’s own number, or 0007-0012.",
    )

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        if len(number) < LEAST:
            raise forms.ValidationError(f"Enter at least {LEAST} characters of it.")
        return number


LEAST = 4
