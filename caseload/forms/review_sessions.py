"""Slots and sessions of the psychiatric review, putting a patient off, and the minutes at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from bhi.tenancy.ids import uuid7
from caseload.operations.review_sessions import SessionTerms
from caseload.operations.review_slots import Room, SlotTerms
from caseload.queries.review_sessions import SessionShown, SlotShown, SpellShown
from caseload.rules.review_sessions import WEEKDAYS, SpellFault
from registry.forms.fields import ClockField, DayField, OfferingForm, Seen, TextField, TokenField

_A_WEEK = timedelta(days=7)
Choices = Sequence[tuple[str, str]]


class DeferForm(forms.Form):
    """Why a patient can wait, and until when."""

    because = TextField(label="Why can this wait?", max_length=300, required=True, missing="Say why this can wait.")
    until_on = DayField(label="Until", required=True, help_text="On this day the patient is back in the queue.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        super().__init__(data, initial={"until_on": today + _A_WEEK}, auto_id="defer_%s")


class CancelForm(forms.Form):
    """Why a meeting does not take place."""

    because = TextField(
        label="Why does it not take place?", max_length=300, required=True,
        missing="Say why the session does not take place.",
    )  # fmt: skip


def _count(label: str, least: int, most: int, help_text: str = "") -> forms.IntegerField:
    wrong = f"Enter a whole number from {least} to {most}."
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": least, "max": most}),
        error_messages=dict.fromkeys(("invalid", "required", "min_value", "max_value"), wrong),
    )


class MeetingForm(OfferingForm):
    """Who meets, where, for how long, and for how many patients."""

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {
        "clinic": ("clinics", "Choose"),
        "consultant": ("consultants", "Choose"),
    }

    clinic = forms.ChoiceField(
        label="Clinic", help_text="Times are this clinic’s.", error_messages={"required": "Choose a clinic."}
    )
    consultant = forms.ChoiceField(label="Consultant", error_messages={"required": "Choose the consultant."})
    begins_at = ClockField(label="Begins", required=True, error_messages={"required": "Enter a time such as 14:05."})
    minutes = _count("Minutes", 10, 240)
    places = _count("Patients", 1, 40, "How many can be discussed in one session.")
    kept_for_stalled = _count(
        "Of these kept for who does not improve", 0, 40, "Their places stay theirs, whatever crises the week brings."
    )
    care_managers = forms.MultipleChoiceField(
        label="Care managers",
        widget=forms.CheckboxSelectMultiple,
        help_text="Their patients are the ones discussed.",
        error_messages={"required": "Choose at least one care manager."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        care_managers: Choices,
        initial: Mapping[str, Any] | None = None,
        **lists: Choices,
    ) -> None:
        usual = {"minutes": 60, "places": 12, "kept_for_stalled": 6}
        super().__init__(data, initial={**usual, **(initial or {})}, **lists)
        self.fields["care_managers"].choices = list(care_managers)  # type: ignore[attr-defined]

    @property
    def room(self) -> Room:
        values = self.cleaned_data
        return Room(values["minutes"], values["places"], values["kept_for_stalled"])

    @property
    def people(self) -> list[UUID]:
        return [UUID(one) for one in self.cleaned_data["care_managers"]]


class SlotForm(Seen, MeetingForm):
    """A standing slot of the week."""

    name = TextField(
        label="Name", max_length=80, required=True, missing="Give the slot a name, such as: Tuesday review."
    )
    weekday = forms.TypedChoiceField(label="Day", choices=list(enumerate(WEEKDAYS)), coerce=int)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = ("name", "clinic", "consultant", "weekday", "begins_at")

    @property
    def terms(self) -> SlotTerms:
        values = self.cleaned_data
        return SlotTerms(
            name=values["name"],
            clinic_id=UUID(values["clinic"]),
            consultant_id=UUID(values["consultant"]),
            weekday=values["weekday"],
            begins_at=values["begins_at"],
            care_manager_ids=self.people,
            room=self.room,
        )


class SessionForm(MeetingForm):
    """A session beside the standing slots."""

    on = DayField(label="Day", required=True)
    client_token = TokenField()

    field_order = ("clinic", "consultant", "on", "begins_at")

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any], **lists: Any) -> None:
        super().__init__(data, initial={"client_token": uuid7(), **initial}, **lists)

    @property
    def terms(self) -> SessionTerms:
        values = self.cleaned_data
        return SessionTerms(
            clinic_id=UUID(values["clinic"]),
            consultant_id=UUID(values["consultant"]),
            on=values["on"],
            begins_at=values["begins_at"],
            care_manager_ids=self.people,
            room=self.room,
        )


class EndForm(forms.Form):
    """The minutes of each patient who lay open: confirmed where they can hardly be meant, else as they were.

    A session that was forgotten past a close is ended with the reason.
    """

    late_because = TextField(label="Why this comes late", max_length=300)

    def __init__(self, data: Mapping[str, Any] | None = None, *, session: SessionShown, now: datetime) -> None:
        super().__init__(data)
        self.session, self.now = session, now
        for shown in session.spells:
            spell = shown.until(now)
            self.fields[_key(shown.id)] = _count(f"Minutes of {shown.item.name}", 0, 720)
            self.fields[_key(shown.id)].required = False
            if not spell.is_asked:
                self.initial[_key(shown.id)] = None

    @property
    def lines(self) -> list[tuple[SpellShown, Any, forms.BoundField]]:
        """Each spell, as it would be posted now, and its field."""
        return [(shown, shown.until(self.now), self[_key(shown.id)]) for shown in self.session.spells]

    @property
    def because_late(self) -> str:
        """Why this is written into a closed month; empty where nobody said so."""
        return str(self.cleaned_data.get("late_because", "")).strip()

    @property
    def is_late(self) -> bool:
        """Whether the reason is asked for: once the month was found to be closed."""
        return bool(self["late_because"].value()) or "late_because" in self.errors

    @property
    def minutes(self) -> dict[UUID, int]:
        values = {shown.id: self.cleaned_data.get(_key(shown.id)) for shown in self.session.spells}
        return {spell_id: given for spell_id, given in values.items() if given is not None}

    def refuse(self, faults: Sequence[SpellFault]) -> None:
        """Say at each spell what is asked of it."""
        for fault in faults:
            if not self.has_error(_key(fault.spell_id)):
                self.add_error(_key(fault.spell_id), fault.sentence)


def _key(spell_id: UUID) -> str:
    return f"minutes-{spell_id}"


def slot_initial(slot: SlotShown) -> dict[str, Any]:
    """A slot's form as it is."""
    return {
        "name": slot.name,
        "clinic": str(slot.clinic_id),
        "consultant": str(slot.consultant_id),
        "weekday": slot.weekday,
        "begins_at": slot.begins_at,
        "minutes": slot.minutes,
        "places": slot.places,
        "kept_for_stalled": slot.kept_for_stalled,
        "care_managers": [str(one) for one in slot.care_manager_ids],
        "seen": slot.changed_at.isoformat(),
    }
