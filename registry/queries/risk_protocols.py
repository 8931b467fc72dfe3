"""What a clinic does about danger: its own row, or the documented defaults; and who made it so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from registry.models import RiskProtocol
from registry.queries.duty import reachable
from registry.queries.protocol_history import MOST_SHOWN, Change, ProtocolChange
from registry.rules.risk import Rechecks
from registry.rules.risk_steps import OWN, OWNERS, PHASES, Step, Stored, steps_of


@dataclass(frozen=True)
class RiskSettings:
    """A clinic's protocol, every part filled in. `changed_at` is None where nobody ever set any."""

    clinic_id: UUID
    clinic_name: str
    zone: ZoneInfo
    own: Stored = field(default_factory=dict)
    rechecks: Rechecks = field(default_factory=Rechecks)
    after_hours: str = ""
    emergency_department: str = ""
    supervisors: tuple[UUID, ...] = ()
    changed_at: datetime | None = None

    @property
    def phases(self) -> tuple[tuple[str, str, tuple[Step, ...]], ...]:
        """Every phase with its name and its steps."""
        return tuple((tier, name, steps_of(tier, self.own)) for tier, name in PHASES)

    def today(self, at: datetime) -> date:
        """The clinic's day."""
        return at.astimezone(self.zone).date()


def risk_settings(clinic_id: UUID, clinic: Clinic | None = None) -> RiskSettings:
    """A clinic's protocol about danger. One statement, two where it set none. Raises NotFound."""
    row = RiskProtocol.objects.select_related("clinic").filter(clinic_id=clinic_id).first()
    clinic = row.clinic if row is not None else clinic or Clinic.objects.filter(id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return _settings(clinic, row)


def risk_settings_of(organization_id: UUID) -> dict[UUID, RiskSettings]:
    """Every clinic's protocol, by the clinics' names. Two statements."""
    rows = {row.clinic_id: row for row in RiskProtocol.objects.filter(organization_id=organization_id)}
    clinics = Clinic.objects.filter(organization_id=organization_id).order_by("name", "id")
    return {clinic.id: _settings(clinic, rows.get(clinic.id)) for clinic in clinics}


@dataclass(frozen=True)
class Routing:
    """Whom a clinic calls after hours, and where the next emergency department is."""

    clinic_name: str
    after_hours: str
    emergency_department: str


def routings_of(organization_id: UUID, clinic_id: UUID | None = None) -> list[Routing]:
    """What clinics, or one, wrote down for after hours, by their names. One statement."""
    rows = RiskProtocol.objects.filter(organization_id=organization_id)
    rows = rows if clinic_id is None else rows.filter(clinic_id=clinic_id)
    found = rows.order_by("clinic__name", "id").values_list("clinic__name", "after_hours", "emergency_department")
    return [Routing(*one) for one in found]


def possible_supervisors(organization_id: UUID) -> list[tuple[str, str]]:
    """Seats that may be named: those who sign in and may take on a notice, by name. One statement."""
    able = reachable(people_of(organization_id))
    return sorted(((str(seat.id), str(seat)) for seat in able.values()), key=lambda pair: pair[1])


def _settings(clinic: Clinic, row: RiskProtocol | None) -> RiskSettings:
    zone = ZoneInfo(clinic.time_zone)
    if row is None:
        return RiskSettings(clinic.id, clinic.name, zone)
    return RiskSettings(
        clinic.id,
        clinic.name,
        zone,
        own=row.steps,
        rechecks=Rechecks(row.recheck_low_days, row.recheck_moderate_days, row.recheck_high_days),
        after_hours=row.after_hours,
        emergency_department=row.emergency_department,
        supervisors=tuple(row.supervisors),
        changed_at=row.changed_at,
    )


_WORDS: Final = {
    "recheck_low_days": "Recheck at low, days",
    "recheck_moderate_days": "Recheck at moderate, days",
    "recheck_high_days": "Recheck at high, days",
    "after_hours": "After hours",
    "emergency_department": "Emergency department",
    "supervisors": "Supervisors",
    "steps": "Steps",
}


def risk_protocol_history(clinic_id: UUID, organization_id: UUID) -> tuple[ProtocolChange, ...]:
    """Who changed what of a clinic's protocol, the latest first. Three statements."""
    present = RiskProtocol.objects.filter(organization_id=organization_id, clinic_id=clinic_id).first()
    if present is None:
        return ()
    kept: Any = apps.get_model("registry", "RiskProtocolEvent")  # made by pghistory, so no module names it
    past = kept.objects.filter(organization_id=organization_id, pgh_obj_id=present.id).order_by("-pgh_id")
    versions: list[Any] = [present, *past[:MOST_SHOWN]]
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    return tuple(
        ProtocolChange(row.changed_at, people[row.changed_by_id], _changes(before, row, people))
        for row, before in zip(versions, [*versions[1:], None], strict=True)
    )


def _changes(before: Any, after: Any, people: dict[UUID, str]) -> tuple[Change, ...]:
    if before is None:
        return ()
    said = [(name, _said(name, before, people), _said(name, after, people)) for name in _WORDS]
    return tuple(Change(_WORDS[name], was, now) for name, was, now in said if was != now)


def _said(name: str, row: Any, people: dict[UUID, str]) -> str:
    value = getattr(row, name)
    if name == "supervisors":
        return ", ".join(people[one] for one in value if one in people) or "nobody"
    if name == "steps":
        return _steps_words(value) or "as usual"
    return str(value) or "none"


def _steps_words(own: Stored) -> str:
    """What differs from the usual steps: `High: Call the treating clinician. (within 15 minutes)`."""
    found = []
    for tier, name in PHASES:
        stored = {row[0] for row in own.get(tier or "first", ())}
        for step in steps_of(tier, own):
            if step.key in stored:
                who = f", {OWNERS[step.owner].lower()}" if step.key.startswith(OWN) else ""
                found.append(f"{name}: {step.words} ({step.due_words}{who})")
    return "; ".join(found)
