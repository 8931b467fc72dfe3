"""Typed time: a start and an end, or a day and minutes, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from bhi.errors import DomainError
from bhi.tenancy.ids import uuid7
from caseload.operations.errors import DayFull, ImpossibleTime
from caseload.rules.clock import is_ambiguous, is_nonexistent, short_day
from caseload.rules.worktime import WorkTime, fault_of

MOST_MINUTES = 720
OCCURRENCES = (("first", "The first, before the clocks went back"), ("second", "The second, after it"))
DAY_MESSAGES = {
    "required": "Enter the day.",
    "invalid": "Enter a day that exists, as year-month-day: 2026-10-12.",
}
_TIME_MESSAGES = {"invalid": "Enter a time such as 14:05."}
_DAMAGED = "This form is damaged. Open a new one."
_MESSAGES: dict[str, dict[str, str]] = {
    "on": DAY_MESSAGES,
    "starts": _TIME_MESSAGES,
    "ends": _TIME_MESSAGES,
    "minutes": {"invalid": "Minutes are a whole number from 1 to 720."},
    "client_token": {"invalid": _DAMAGED, "required": _DAMAGED},
}


class WorkTimeForm(forms.Form):
    """When something was worked. `zone` and `now` belong to the clinic; they decide what a typed time means."""

    client_token = forms.UUIDField(widget=forms.HiddenInput)
    on = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    starts = forms.TimeField(
        label="Start", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(label="End", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    starts_which = forms.ChoiceField(label="Which start", required=False, choices=OCCURRENCES, widget=forms.RadioSelect)
    ends_which = forms.ChoiceField(label="Which end", required=False, choices=OCCURRENCES, widget=forms.RadioSelect)
    minutes = forms.IntegerField(
        label="Minutes",
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": MOST_MINUTES}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        today = now.astimezone(zone).date()
        super().__init__(data, initial={"client_token": uuid7(), "on": today, **(initial or {})})
        self.zone, self.now, self.today = zone, now, today
        self.time: WorkTime | None = None
        for name, messages in _MESSAGES.items():
            self.fields[name].error_messages |= messages

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self.time = self._time(values)
        return values

    def field_of_refusal(self, fault: DomainError) -> str | None:
        """Where the refusal of an operation is shown; None is above the form."""
        if isinstance(fault, DayFull):
            return "ends" if self.time is not None and self.time.span is not None else "minutes"
        if isinstance(fault, ImpossibleTime):
            return {"start": "on", "end": "ends"}.get(fault.field, fault.field)
        return None

    def _time(self, values: Mapping[str, Any]) -> WorkTime | None:
        on = values.get("on")
        if on is None:
            return None
        work = self._from_minutes(on, values) if self._has_only_minutes() else self._from_clock(on, values)
        fault = None if work is None else fault_of(work, now=self.now, zone=self.zone)
        if fault is None:
            return work
        self.add_error(self._field_of(fault.field, values), fault.sentence)
        return None

    def _field_of(self, part: str, values: Mapping[str, Any]) -> str:
        """The field that a fault is shown at: a start in the future may be the day's fault."""
        if part == "start" and values["on"] > self.today:
            return "on"
        return {"start": "starts", "end": "ends"}.get(part, part)

    def _has_only_minutes(self) -> bool:
        """Whether minutes are typed, and no clock time."""
        return bool(self["minutes"].value()) and not (self["starts"].value() or self["ends"].value())

    def _from_minutes(self, on: date, values: Mapping[str, Any]) -> WorkTime | None:
        minutes = values.get("minutes")
        return None if minutes is None else WorkTime(on=on, seconds=minutes * 60)

    def _from_clock(self, on: date, values: Mapping[str, Any]) -> WorkTime | None:
        if self["minutes"].value():
            self.add_error("minutes", "Give either the start and the end, or only the minutes. Clear one of them.")
            return None
        start = self._instant("starts", on, values)
        end = self._instant("ends", on, values)
        return WorkTime(span=(start, end)) if start is not None and end is not None else None

    def _instant(self, name: str, on: date, values: Mapping[str, Any]) -> datetime | None:
        """The instant of a local time: one that does not exist is refused, one that occurs twice is asked for."""
        at: time | None = values.get(name)
        if at is None:
            if name not in self.errors:
                self.add_error(name, "Enter the start and the end, or only the minutes.")
            return None
        local = datetime.combine(on, at)
        if is_nonexistent(local, self.zone):
            self.add_error(
                name, f"The clocks went forward on {short_day(on)}: this time did not occur. Enter the one after it."
            )
            return None
        which = values.get(f"{name}_which")
        if is_ambiguous(local, self.zone) and not which:
            self.add_error(f"{name}_which", f"The clocks went back on {short_day(on)}, so this time occurred twice.")
            return None
        return local.replace(tzinfo=self.zone, fold=1 if which == "second" else 0).astimezone(UTC)
