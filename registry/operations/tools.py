"""Deciding which tools a clinic uses. What was so before stays in the table's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Clinic, Membership
from registry.models import ClinicInstrument
from registry.queries.tools import Tool, all_tools_of, state_of
from registry.rules.instruments import SITE_ATTESTED
from registry.rules.tools import WHEN_ASKED, Rhythm, rhythm_fault


class ToolsChanged(DomainError):
    """Somebody set the clinic's tools after they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody changed these tools meanwhile. Look at theirs, then save yours again.")


class ToolRefused(DomainError):
    """A tool cannot be used so. `instrument` is its key, `part` names what of it is meant."""

    def __init__(self, sentence: str, *, instrument: str, part: str) -> None:
        super().__init__(sentence)
        self.instrument = instrument
        self.part = part


@dataclass(frozen=True)
class ToolChoice:
    """How a clinic means to use one tool. `is_attested`: the site says that it has a licence for its wording."""

    instrument: str
    is_in_use: bool
    rhythm: Rhythm = WHEN_ASKED
    is_sent_to_patients: bool = False
    is_attested: bool = False


@transaction.atomic
def set_tools(
    *, by: Membership, at: datetime, clinic_id: UUID, choices: Sequence[ToolChoice], seen: str | None = None
) -> int:
    """Set how a clinic uses the tools that are named; the others stay as they are. Returns how many changed.

    `seen` is `state_of` the tools that the person looked at: raises ToolsChanged where they are others by now.
    Raises ToolRefused for a rhythm out of range, for a tool that patients cannot answer themselves, and for a
    licence where none is called for.
    """
    Clinic.objects.select_for_update(no_key=True).only("id").get(id=clinic_id)  # one after the other
    present = {tool.key: tool for tool in all_tools_of(clinic_id)}
    if seen is not None and seen != state_of(present.values()):
        raise ToolsChanged
    for choice in choices:
        _check(choice, present[choice.instrument])
    is_first = not ClinicInstrument.objects.filter(clinic_id=clinic_id).exists()
    changed = [choice for choice in choices if choice != _as_choice(present[choice.instrument])]
    # A clinic's first own choice also fixes what held by default: without a row it would be gone.
    kept = [_as_choice(tool) for tool in present.values() if is_first and tool.is_in_use]
    written = {choice.instrument: choice for choice in (kept if changed else [])} | {c.instrument: c for c in changed}
    for choice in written.values():
        _write(by, at, clinic_id, choice, present[choice.instrument])
    if changed:
        record("tools.set", by=by, at=at, object_id=clinic_id, fields=[choice.instrument for choice in changed])
    return len(changed)


def _check(choice: ToolChoice, tool: Tool) -> None:
    scale = tool.instrument
    fault = rhythm_fault(choice.rhythm)
    if fault is not None:
        part, sentence = fault
        raise ToolRefused(f"{scale.name}: {sentence}", instrument=scale.key, part=part)
    if choice.is_sent_to_patients and not scale.may_be_sent:
        raise ToolRefused(
            f"{scale.name} cannot be answered through a link: its wording is not here, or staff have to ask it.",
            instrument=scale.key,
            part="sent",
        )
    if choice.is_attested and scale.licence_status != SITE_ATTESTED:
        raise ToolRefused(f"{scale.name} needs no license to be attested.", instrument=scale.key, part="attested")


def _as_choice(tool: Tool) -> ToolChoice:
    return ToolChoice(
        tool.key, tool.is_in_use, tool.rhythm, tool.is_sent_to_patients, is_attested=tool.attested_at is not None
    )


def _write(by: Membership, at: datetime, clinic_id: UUID, choice: ToolChoice, tool: Tool) -> None:
    values: dict[str, Any] = {
        "is_in_use": choice.is_in_use,
        "early_days": choice.rhythm.early_days,
        "later_days": choice.rhythm.later_days,
        "is_sent_to_patients": choice.is_sent_to_patients,
    }
    if choice.is_attested != (tool.attested_at is not None):
        values |= {
            "licence_attested_by": by if choice.is_attested else None,
            "licence_attested_at": at if choice.is_attested else None,
        }
    of: dict[str, Any] = {
        "organization_id": by.organization_id,
        "clinic_id": clinic_id,
        "instrument": choice.instrument,
    }
    ClinicInstrument.objects.update_or_create(**of, defaults=values)
