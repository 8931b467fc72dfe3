"""One score by itself: new, or in place of a wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from bhi.errors import DomainError
from bhi.tenancy.ids import uuid7
from registry.forms.fields import DayField, TokenField
from registry.forms.score_entry import add_fields, field_of, item_field, part_field, score_given
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import ScoreUnusable
from registry.queries.tools import Tool


class AssessmentForm(forms.Form):
    """One administration of one tool. `today` is the clinic's day; `born` the patient's birth date."""

    client_token = TokenField()
    language = forms.CharField(required=False, widget=forms.HiddenInput)
    on = DayField(label="Answered on", required=True)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        tool: Tool,
        today: date,
        born: date,
        language: str = "en",
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        start = {"client_token": uuid7(), "on": today, "language": language, **(initial or {})}
        super().__init__(data, initial=start, auto_id=f"{tool.key}-%s")
        self.tool, self.today, self.born = tool, today, born
        self.given: ScoreGiven | None = None
        add_fields(self, tool, with_total=True)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        language = values.get("language") or "en"
        language = language if language in self.tool.instrument.wordings else "en"
        self.given = score_given(self, self.tool, values, language=language)
        if self.given is None and not self._has_score_errors():
            self.add_error(self._first_field(), self._nothing())
        self._check_day(values.get("on"))
        return values

    def say(self, fault: DomainError) -> None:
        """Show the refusal of an operation at its field, or above the form."""
        self.add_error(field_of(fault, self) if isinstance(fault, ScoreUnusable) else None, str(fault))

    def _has_score_errors(self) -> bool:
        return any(name.startswith(f"{self.tool.key}_") for name in self.errors)

    def _first_field(self) -> str:
        total = part_field(self.tool.key, "total")
        return item_field(self.tool.key, 1) if self.tool.takes_items else total

    def _nothing(self) -> str:
        if not self.tool.takes_items:
            return "Enter the total."
        return (
            "Answer the questions, or enter the total." if self.tool.instrument.has_total else "Answer the questions."
        )

    def _check_day(self, on: date | None) -> None:
        if on is not None and on > self.today:
            self.add_error("on", "This day is in the future. Enter the day on which it was answered.")
        if on is not None and on < self.born:
            self.add_error("on", "This day is before the patient was born. Correct it.")


class ReplacementForm(AssessmentForm):
    """What a score should have said, and why."""

    reason = forms.CharField(
        label="Why it is corrected",
        max_length=300,
        error_messages={
            "required": "Say in a few words why it is corrected.",
            "max_length": "This is longer than 300 characters. Shorten it.",
        },
    )
