"""What is typed about signals and for the psychiatric review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.queries.questions import CHANGES_OF, QUESTION_KINDS
from registry.forms.fields import ChoiceOf, DayField, TextField, TokenField


class PutOffForm(forms.Form):
    """Which signal may wait, until when, and why."""

    task = ChoiceOf(label="What can wait", missing="Choose which signal can wait.")
    until_on = DayField(label="Until", required=True)
    reason = TextField(label="Why", max_length=300, required=True, missing="Say why it can wait.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, offered: Sequence[tuple[str, str]]) -> None:
        super().__init__(data, initial={"task": offered[0][0]} if len(offered) == 1 else {})
        self.fields["task"].choices = offered  # type: ignore[attr-defined]


class QuestionForm(forms.Form):
    """What the consultant is asked."""

    client_token = TokenField()
    kind = ChoiceOf(label="Kind", choices=QUESTION_KINDS, initial="question", missing="Choose a kind from the list.")
    text = TextField(
        label="Question",
        max_length=1_000,
        required=True,
        missing="Write what you want to know.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"client_token": uuid7()}, auto_id="id_question_%s")


class ChangeForm(forms.Form):
    """That the treatment was changed, on which day."""

    client_token = TokenField()
    on = DayField(label="On", required=True)
    of = ChoiceOf(label="It was", choices=CHANGES_OF, initial="medication", missing="Choose what was changed.")
    text = TextField(
        label="What was changed",
        max_length=300,
        required=True,
        missing="Say what was changed, such as: sertraline 50 to 100 mg.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        super().__init__(data, initial={"client_token": uuid7(), "on": today}, auto_id="id_change_%s")


class ReasonForm(forms.Form):
    """Why something is taken back; `row` says which."""

    row = TokenField()
    reason = TextField(
        label="Why is it taken back?", max_length=300, required=True, missing="Say why it is taken back."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: object) -> None:
        super().__init__(data, initial={"row": row}, auto_id=f"id_{row}_%s")
