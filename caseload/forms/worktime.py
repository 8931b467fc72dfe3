"""Typed time: a start and an end, or a day and minutes, each fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from bhi.errors import DomainError, MonthClosed
from bhi.tenancy.ids import uuid7
from caseload.operations.errors import DayFull, ImpossibleTime, TimerClosed
from caseload.queries.timers import TimerShown
from caseload.rules.clock import is_ambiguous, is_nonexistent, occurrence, short_day
from caseload.rules.worktime import WorkTime, fault_of
from registry.forms.fields import ClockField, DayField, TextField, TokenField

MOST_MINUTES = 720
OCCURRENCES = (("first", "The first, before the clocks went back"), ("second", "The second, after it"))


class WorkTimeForm(forms.Form):
    """When something was worked. `zone` and `now` belong to the clinic; they decide what a typed time means."""

    missing = "Enter the start and the end, or only the minutes."
    client_token = TokenField()
    on = DayField(label="Day", required=True)
    starts = ClockField(label="Start")
    ends = ClockField(label="End")
    ends_next_day = forms.BooleanField(label="It ended after midnight, on the next day", required=False)
    starts_which = forms.ChoiceField(label="Which start", required=False, choices=OCCURRENCES, widget=forms.RadioSelect)
    ends_which = forms.ChoiceField(label="Which end", required=False, choices=OCCURRENCES, widget=forms.RadioSelect)
    minutes = forms.IntegerField(
        label="Minutes",
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": MOST_MINUTES}),
        error_messages={"invalid": "Minutes are a whole number from 1 to 720."},
    )

    timer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    is_so_long = forms.BooleanField(label="Yes, it took that long", required=False)
    late_because = TextField(label="Why this comes late", max_length=300)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
        clock: TimerShown | None = None,
    ) -> None:
        """`clock` is the timer whose time this form saves: it fills the start, and the end once it was stopped."""
        today = now.astimezone(zone).date()
        given = {**(clock_initial(clock, zone) if clock is not None else {}), **(initial or {})}
        super().__init__(data, initial={"client_token": uuid7(), "on": today, **given})
        self.zone, self.now, self.today = zone, now, today
        self.time: WorkTime | None = None
        self.clock = clock
        if clock is None:
            del self.fields["timer"], self.fields["is_so_long"]
        for name in ("starts", "ends"):
            if clock is not None or _has_seconds(given.get(name)):
                self.fields[name].widget = forms.TimeInput(attrs={"type": "time", "step": 1}, format="%H:%M:%S")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self.time = self._time(values)
        if self.clock is not None:
            self._ask_if_long(self.clock, values)
        return values

    @property
    def timer_id(self) -> UUID | None:
        """The timer whose time this form saves."""
        return self.clock.id if self.clock is not None else None

    @property
    def is_ended_by_saving(self) -> bool:
        """Whether the timer runs on until the form is saved."""
        return self.clock is not None and self.clock.is_running

    @property
    def asks_next_day(self) -> bool:
        """Whether the end may lie on the next day: only then is it asked."""
        return bool(self["ends_next_day"].value()) or "ends" in self.errors

    @property
    def because_late(self) -> str:
        """Why this is written into a closed month; empty where nobody said so."""
        return str(self.cleaned_data.get("late_because", "")).strip()

    def field_of_refusal(self, fault: DomainError) -> str | None:
        """Where the refusal of an operation is shown; None is above the form."""
        if isinstance(fault, MonthClosed):
            return "late_because"
        if isinstance(fault, DayFull):
            return "ends" if self.time is not None and self.time.span is not None else "minutes"
        if isinstance(fault, ImpossibleTime):
            return {"start": "on", "end": "ends"}.get(fault.field, fault.field)
        if isinstance(fault, TimerClosed):
            return "starts"
        return None

    def _ask_if_long(self, clock: TimerShown, values: Mapping[str, Any]) -> None:
        """A clock may have been forgotten: a long time is taken only when somebody says so."""
        span = self.time.span if self.time is not None else None
        if span is not None and span[1] - span[0] > clock.limits.cap and not values.get("is_so_long"):
            minutes = int((span[1] - span[0]).total_seconds()) // 60
            self.add_error("is_so_long", f"That is {minutes} minutes. Correct the end, or say that it took that long.")

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
        if self.clock is not None and not self["ends"].value():
            end: datetime | None = self.clock.stopped_at or self.now.replace(microsecond=0)
        else:
            end = self._instant("ends", on + timedelta(days=1) if values.get("ends_next_day") else on, values)
        return WorkTime(span=(start, end)) if start is not None and end is not None else None

    def _instant(self, name: str, on: date, values: Mapping[str, Any]) -> datetime | None:
        """The instant of a local time: one that does not exist is refused, one that occurs twice is asked for."""
        at: time | None = values.get(name)
        if at is None:
            if name not in self.errors:
                self.add_error(name, self.missing)
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


def _has_seconds(at: object) -> bool:
    return isinstance(at, time) and bool(at.second)


def clock_initial(clock: TimerShown, zone: ZoneInfo) -> dict[str, Any]:
    """What a timer fills in: its day and start, and its end once it was stopped."""
    return {"timer": clock.id, **span_initial(clock.started_at, clock.stopped_at, zone)}


def span_initial(starts_at: datetime, ends_at: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """A span as the fields have it, to the second; of a time that occurs twice, which one."""
    start = starts_at.astimezone(zone)
    filled: dict[str, Any] = {"on": start.date(), "starts": start.time(), "starts_which": occurrence(starts_at, zone)}
    if ends_at is not None:
        end = ends_at.astimezone(zone)
        filled |= {
            "ends": end.time(),
            "ends_which": occurrence(ends_at, zone),
            "ends_next_day": end.date() != start.date(),
        }
    return filled
