"""One call for several patients: when it was, what it was, and each one's minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from bhi.errors import DomainError
from caseload.forms.worktime import MOST_MINUTES, WorkTimeForm
from caseload.operations.errors import MoreThanTheCall
from caseload.operations.group_time import Share
from caseload.queries.timers import WORK_WITHOUT_CONTACT

_WHOLE = "Minutes are a whole number from 1 to 720."


class GroupForm(WorkTimeForm):
    """A field of minutes for each patient; those left empty were not part of the call."""

    missing = "Enter the start and the end of the call."
    activity = forms.ChoiceField(
        label="What it was",
        choices=(("", "Choose"), *WORK_WITHOUT_CONTACT),
        error_messages={"invalid_choice": "Choose what it was from the list.", "required": "Choose what it was."},
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, zone: ZoneInfo, now: datetime, episodes: Iterable[UUID]
    ) -> None:
        super().__init__(data, zone=zone, now=now)
        self.shares: tuple[Share, ...] = ()
        self.names = {f"share_{episode}": episode for episode in episodes}
        for name in self.names:
            self.fields[name] = forms.IntegerField(
                label="Minutes",
                required=False,
                min_value=1,
                max_value=MOST_MINUTES,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": MOST_MINUTES}),
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _WHOLE),
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        self.shares = tuple(
            Share(episode, values[name]) for name, episode in self.names.items() if values.get(name) is not None
        )
        if not self.shares and not any(name in self.errors for name in self.names):
            self.add_error(None, "Enter the minutes of at least one patient.")
        return values

    def field_of_refusal(self, fault: DomainError) -> str | None:
        return "ends" if isinstance(fault, MoreThanTheCall) else super().field_of_refusal(fault)
