"""A review as a form: rows of recommendations, a few words, and what two people wrote of one draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.forms.notes import AddendumForm
from caseload.rules.reviews import PARTS, STATEMENT, ReviewText, faults_of_draft, faults_of_review
from registry.forms.content import ContentForm
from registry.forms.fields import DayField, TextField, TokenField
from registry.rules.content import Fault


class ReviewForm(ContentForm):
    """The review that is being written. `is_signing` asks what a signed one needs; a draft may lack it."""

    document = ReviewText
    parts = PARTS
    statement = STATEMENT

    on = DayField(label="Day of the review", required=True)
    client_token = TokenField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, is_signing: bool = False, **kwargs: Any) -> None:
        self.is_signing = is_signing
        self.meanwhile: Any = None
        super().__init__(data, **kwargs)
        self.initial.setdefault("client_token", uuid7())

    def faults(self) -> tuple[Fault, ...]:
        held_to = faults_of_review if self.is_signing else faults_of_draft
        return held_to(self.content, today=self.today, born_on=self.born_on)


class ReviewAddendumForm(AddendumForm):
    """A text that the consultant adds to a signed review."""

    help_text = "The review itself stays as it was signed."


class ReviewVoidForm(forms.Form):
    """Why a review is taken back."""

    reason = TextField(
        label="Why is it taken back?",
        max_length=300,
        required=True,
        missing="Say why this review is taken back, such as: signed for the wrong patient.",
        help_text="Kept with the review.",
    )


def fresh_form(content: ReviewText, *, number: int, today: date, born_on: date) -> ReviewForm:
    """The form as it begins: with the draft of a number, 0 where there is none."""
    return ReviewForm(content=content, based_on=number, today=today, born_on=born_on)
