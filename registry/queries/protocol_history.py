"""What a clinic's settings were before, who changed them and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.apps import apps

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic
from registry.models import ClinicProtocol, Program
from registry.rules.protocols import clock_words, weekday_words

# What the page of limits and hours shows; texts for patients are on the page of safety.
FIELD_WORDS: Final = {
    "program": "New patients begin in",
    "first_attempt_days": "First attempt, business days",
    "panel_limit": "Places per care manager",
    "interim_contact_days": "Contact while waiting, days",
    "open_weekdays": "Open on",
    "opens_at": "Opens",
    "closes_at": "Closes",
    "outside_hours": "Links outside hours",
    "link_days": "Links are good for, days",
    "crisis_text": "Crisis text",
    "crisis_text_es": "Crisis text in Spanish",
    "read_within": "When answers are read",
    "read_within_es": "When answers are read, in Spanish",
}
MOST_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """One setting that became another."""

    words: str
    before: str
    after: str


@dataclass(frozen=True)
class ProtocolChange:
    """What somebody changed at once."""

    at: datetime
    by: str
    changes: tuple[Change, ...]


def protocol_history(clinic: Clinic) -> tuple[ProtocolChange, ...]:
    """Who changed which of a clinic's settings, the latest first; the first entry says what was set to begin with."""
    present = ClinicProtocol.objects.filter(clinic=clinic).first()
    if present is None:
        return ()
    kept: Any = apps.get_model("registry", "ClinicProtocolEvent")  # made by pghistory, so no module names it
    past = kept.objects.filter(organization_id=clinic.organization_id, pgh_obj_id=present.id)
    versions: list[Any] = [present, *past.order_by("-pgh_id")[:MOST_SHOWN]]
    people = people_of(clinic.organization_id)
    return tuple(
        ProtocolChange(row.changed_at, people[row.changed_by_id].name, _changes(before, row))
        for row, before in zip(versions, [*versions[1:], None], strict=True)
    )


def _changes(before: Any, after: Any) -> tuple[Change, ...]:
    if before is None:
        return ()
    return tuple(
        Change(words, _said(name, getattr(before, name)), _said(name, getattr(after, name)))
        for name, words in FIELD_WORDS.items()
        if getattr(before, name) != getattr(after, name)
    )


def _said(name: str, value: Any) -> str:
    if name == "program":
        return str(Program(value).label)
    if name == "open_weekdays":
        return weekday_words(tuple(value)) if value else "as by default"
    if name in ("opens_at", "closes_at"):
        return clock_words(value) if value else "as by default"
    return "none" if value in (None, "") else str(value)
