"""What is asked on the rows of Today: an attempt, the next contact, putting a task off, and whose work is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.operations.contacts import NextContact
from caseload.queries.choices import ATTEMPT_MODES, ATTEMPT_OUTCOMES
from caseload.queries.today import WHOSE, Scope
from caseload.rules.worktime import WorkTime
from registry.forms.fields import ChoiceOf, DayField, OfferingForm, TextField, TokenField

TAPS = (1, 2, 3, 5, 10)
SINCE = "since"
# A row may stand open over lunch: measured time is taken without a tap only so far.
LONGEST_UNASKED = timedelta(minutes=15)
LONGEST_OPEN = timedelta(hours=12)
TRY_AGAIN = "Try again to reach"
SAVE, DONE = "save", "done"


class AttemptForm(forms.Form):
    """An attempt in two clicks: how and what came of it, with its minutes and the next try.

    Without a tap the minutes are those since the form was opened, which is measured and not made up.
    """

    client_token = TokenField()
    opened_at = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    mode = ChoiceOf(label="How", choices=ATTEMPT_MODES, missing="Choose how you tried.")
    outcome = ChoiceOf(label="What came of it", choices=ATTEMPT_OUTCOMES, missing="Choose what came of it.")
    minutes = ChoiceOf(label="Minutes", required=False, missing="Choose from the list.")
    next_on = DayField(label="Next try")
    next_purpose = TextField(label="How", max_length=200)
    note = TextField(label="Remark", max_length=500)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: ZoneInfo,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        fresh = {"client_token": uuid7(), "opened_at": now.isoformat()}
        super().__init__(data, initial={**fresh, **(initial or {})})
        self.zone, self.now, self.today = zone, now, now.astimezone(zone).date()
        self.opened = self._opened()
        self.time: WorkTime | None = None
        taps = [(str(minutes), str(minutes)) for minutes in TAPS]
        since = [(SINCE, f"since {self.opened_words}")] if self.opened is not None else []
        self.fields["minutes"].choices = [*taps, *since]  # type: ignore[attr-defined]

    @property
    def opened_words(self) -> str:
        """The local time at which the form was opened: `2:05 pm`."""
        if self.opened is None:
            return ""
        local = self.opened.astimezone(self.zone)
        return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"

    @property
    def next_contact(self) -> NextContact | None:
        due_on = self.cleaned_data.get("next_on")
        purpose = self.cleaned_data.get("next_purpose", "").strip()
        return NextContact(due_on, purpose or TRY_AGAIN) if due_on else None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "minutes" not in self.errors:
            self.time = self._time(values.get("minutes") or "")
        next_on = values.get("next_on")
        if next_on is not None and next_on < self.today:
            self.add_error("next_on", "The next try is in the past. Correct its date.")
        return values

    def _time(self, tapped: str) -> WorkTime | None:
        if tapped and tapped != SINCE:
            return WorkTime(on=self.today, seconds=int(tapped) * 60)
        taken = self.now - self.opened if self.opened is not None else None
        if self.opened is None or taken is None or taken <= timedelta():
            self.add_error("minutes", "Tap how many minutes it took.")
        elif not tapped and taken > LONGEST_UNASKED:
            minutes = int(taken.total_seconds()) // 60
            self.add_error("minutes", f"This was opened {minutes} minutes ago. Tap how many minutes it took.")
        else:
            return WorkTime(span=(self.opened, self.now))
        return None

    def _opened(self) -> datetime | None:
        """When the form was opened, as it says itself; None where that cannot be."""
        typed = self.data.get("opened_at") if self.is_bound else self.initial["opened_at"]
        try:
            opened = datetime.fromisoformat(str(typed or ""))
        except ValueError:
            return None
        if opened.tzinfo is None or opened > self.now or self.now - opened > LONGEST_OPEN:
            return None
        return opened


class FollowUpForm(OfferingForm):
    """The next contact: when, about what, and by whom."""

    offers = {"assigned_to": ("people", "The care manager")}

    planned = forms.UUIDField(required=False, widget=forms.HiddenInput)
    due_on = DayField(label="Day", required=True)
    purpose = TextField(label="About", max_length=200)
    assigned_to = forms.ChoiceField(
        label="Who",
        required=False,
        error_messages={"invalid_choice": "Choose a person from the list."},
    )

    @property
    def assigned_to_id(self) -> UUID | None:
        chosen = self.cleaned_data.get("assigned_to")
        return UUID(chosen) if chosen else None


class SnoozeForm(forms.Form):
    """Which task may wait, until when, and why."""

    task = ChoiceOf(label="What can wait", missing="Choose what can wait.")
    until_on = DayField(label="Until", required=True)
    reason = TextField(label="Why", max_length=300, required=True, missing="Say why it can wait.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, tasks: Iterable[tuple[str, str]]) -> None:
        offered = list(tasks)
        super().__init__(data, initial={"task": offered[0][0]} if len(offered) == 1 else {})
        self.fields["task"].choices = offered  # type: ignore[attr-defined]


class ScopeForm(forms.Form):
    """Whose work, at which clinic. What makes no sense is as good as not given."""

    whose = forms.ChoiceField(required=False, choices=[(name, name) for name in WHOSE])
    clinic = forms.UUIDField(required=False)


def scope_asked(given: Mapping[str, Any], *, seat_id: UUID, usual: str) -> Scope:
    """What the session remembers, completed by what is usual for the seat."""
    form = ScopeForm(given)
    form.is_valid()
    values = form.cleaned_data
    return Scope(seat_id, values.get("whose") or usual, values.get("clinic"))


def to_remember(given: Mapping[str, Any]) -> dict[str, str]:
    """Of a filter that was sent, what can be kept for the session."""
    form = ScopeForm(given)
    form.is_valid()
    return {name: str(value) for name, value in form.cleaned_data.items() if value}
