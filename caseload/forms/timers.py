"""What is typed about a timer besides its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from caseload.queries.timers import TIMED_WORK
from caseload.rules.clock import is_ambiguous


class StartForm(forms.Form):
    """What the clock is started for, and the running one that it takes the place of."""

    activity = forms.ChoiceField(choices=TIMED_WORK, required=False)
    instead_of = forms.UUIDField(required=False)


class StoppedForm(forms.Form):
    """When the work really stopped, as a clock time of the last day; empty is now."""

    stopped = forms.TimeField(
        label="Stopped at",
        required=False,
        error_messages={"invalid": "Enter a time such as 14:05."},
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, data: Any = None, *, zone: ZoneInfo, now: datetime, **rest: Any) -> None:
        super().__init__(data, **rest)
        self.zone, self.now = zone, now

    @property
    def stopped_at(self) -> datetime | None:
        """The last time before now at which a clock there showed what was typed; None is now.

        Of an hour that occurs twice, the later one that is past: the clock was running, and may be shortened still.
        """
        at = self.cleaned_data["stopped"]
        if at is None:
            return None
        local = self.now.astimezone(self.zone)
        for day in (local.date(), local.date() - timedelta(days=1)):
            naive = datetime.combine(day, at)
            for fold in (1, 0) if is_ambiguous(naive, self.zone) else (0,):
                found = naive.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)
                if found <= self.now:
                    return found
        raise AssertionError("yesterday is past")


class LetGoForm(forms.Form):
    """Why nothing comes of a timer."""

    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text="Kept with the timer.",
        error_messages={
            "required": "Say why, in a few words.",
            "max_length": "This is longer than 300 characters. Shorten it.",
        },
    )
