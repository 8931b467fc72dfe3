"""Deciding what a clinic does about danger, and rehearsing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import RiskDrill, RiskProtocol
from registry.operations.protocols import ProtocolChanged
from registry.operations.risk_errors import RiskRefused
from registry.queries.duty import reachable
from registry.queries.risk_protocols import risk_settings
from registry.rules.risk import Rechecks, fault_of_tier, faults_of_rechecks
from registry.rules.risk_drills import SCENARIOS
from registry.rules.risk_steps import PHASES, OwnStep, faults_of_steps, steps_of, stored_from


class ProtocolRefused(DomainError):
    """Settings that would make the protocol laxer, or say nothing. `faults` are where and sentence."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("Some settings cannot be kept. See below which, and why.")
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ProtocolGiven:
    """A clinic's protocol as it is to be: deadlines by phase and step, its own steps by phase, days, texts, people."""

    minutes: dict[tuple[str, str], int] = field(default_factory=dict)
    added: dict[str, list[OwnStep]] = field(default_factory=dict)
    rechecks: Rechecks = field(default_factory=Rechecks)
    after_hours: str = ""
    emergency_department: str = ""
    supervisors: tuple[UUID, ...] = ()


@transaction.atomic
def set_risk_protocol(
    *, by: Membership, at: datetime, clinic: Clinic, given: ProtocolGiven, seen: datetime | None
) -> RiskProtocol:
    """Set a clinic's protocol. `seen` is when what the person looked at was set, None: never.

    Deadlines and rechecks may be sooner than usual, never later; mandatory steps stay. Raises ProtocolRefused with
    every fault, ProtocolChanged when somebody was faster.
    """
    _check(given, by)
    made = {"organization_id": by.organization_id, "clinic": clinic}
    fresh = {**_columns(given), "changed_at": at, "changed_by": by}
    row, is_new = RiskProtocol.objects.select_for_update().get_or_create(**made, defaults=fresh)
    if seen != (None if is_new else row.changed_at):
        raise ProtocolChanged
    columns = _columns(given)
    changed = sorted(columns) if is_new else sorted(name for name in columns if getattr(row, name) != columns[name])
    if not changed:
        return row
    if not is_new:
        for name in (*changed, "changed_at", "changed_by"):
            setattr(row, name, fresh[name])
        row.save(update_fields=[*changed, "changed_at", "changed_by"])
    record("risk_protocol.set", by=by, at=at, object_id=row.id, fields=changed)
    return row


def _check(given: ProtocolGiven, by: Membership) -> None:
    faults = [*faults_of_rechecks(given.rechecks), *faults_of_steps(given.minutes, given.added)]
    able = reachable(people_of(by.organization_id))
    if any(seat not in able for seat in given.supervisors):
        faults.append(("supervisors", "Choose people of the list: those who sign in and may take on a notice."))
    if faults:
        raise ProtocolRefused(faults)


def _columns(given: ProtocolGiven) -> dict[str, Any]:
    minutes = {(tier, step.key): step.minutes for tier, _ in PHASES for step in steps_of(tier)} | given.minutes
    return {
        "steps": stored_from(minutes, given.added),
        "recheck_low_days": given.rechecks.low,
        "recheck_moderate_days": given.rechecks.moderate,
        "recheck_high_days": given.rechecks.high,
        "after_hours": given.after_hours.strip(),
        "emergency_department": given.emergency_department.strip(),
        "supervisors": sorted(given.supervisors),
    }


# Drills: no patient is touched, nobody is called


@transaction.atomic
def begin_drill(*, by: Membership, at: datetime, clinic_id: UUID, scenario: str) -> RiskDrill:
    """Begin to rehearse; one that somebody has not ended goes on. Raises RiskRefused for no such scenario, NotFound."""
    if scenario not in SCENARIOS:
        raise RiskRefused("Choose what to rehearse from the list.", field="scenario")
    if not Clinic.objects.select_for_update(no_key=True).filter(id=clinic_id).exists():
        raise NotFound
    mine = RiskDrill.objects.filter(organization_id=by.organization_id, begun_by=by, ended_at__isnull=True)
    running: RiskDrill | None = mine.filter(clinic_id=clinic_id, scenario=scenario).first()
    if running is not None:
        return running
    drill = RiskDrill(
        organization_id=by.organization_id, clinic_id=clinic_id, scenario=scenario, begun_at=at, begun_by=by
    )
    drill.save(force_insert=True)
    record("risk_drill.begun", by=by, at=at, object_id=drill.id)
    return drill


@transaction.atomic
def assess_in_drill(*, by: Membership, at: datetime, drill_id: UUID, tier: str) -> RiskDrill:
    """Choose the tier, by the rule that holds in earnest. A second choice changes nothing. Raises RiskRefused."""
    drill = _running(drill_id, by)
    fault = fault_of_tier(tier, computed=SCENARIOS[drill.scenario].tier, has_screener=True) if tier else ""
    if not tier or fault:
        raise RiskRefused(fault or "Choose a tier from the list.", field="tier")
    if not drill.tier:
        drill.tier = tier
        drill.done = [*drill.done, ["tier", at.isoformat(), str(by.id)]]
        drill.save(update_fields=["tier", "done"])
    return drill


@transaction.atomic
def do_in_drill(*, by: Membership, at: datetime, drill_id: UUID, key: str) -> RiskDrill:
    """A step is done; twice is once. Raises RiskRefused for a step that is not asked for, NotFound."""
    drill = _running(drill_id, by)
    if key not in [step.key for step in steps_of(drill.tier, risk_settings(drill.clinic_id).own)]:
        raise RiskRefused("This step is not asked for. See below what is.")
    name = f"{drill.tier or 'first'}.{key}"
    if name not in [row[0] for row in drill.done]:
        drill.done = [*drill.done, [name, at.isoformat(), str(by.id)]]
        drill.save(update_fields=["done"])
    return drill


@transaction.atomic
def end_drill(*, by: Membership, at: datetime, drill_id: UUID, remark: str) -> RiskDrill:
    """End it with what is to be mended before it is real. Twice changes nothing. Raises RiskRefused, NotFound."""
    drill = _drill(drill_id, by)
    if drill.ended_at is not None:
        return drill
    if not remark.strip():
        raise RiskRefused("Write what went well, or what is to be mended.", field="remark")
    drill.ended_at, drill.remark = at, remark.strip()
    drill.save(update_fields=["ended_at", "remark"])
    record("risk_drill.ended", by=by, at=at, object_id=drill.id)
    return drill


def _running(drill_id: UUID, by: Membership) -> RiskDrill:
    drill = _drill(drill_id, by)
    if drill.ended_at is not None:
        raise RiskRefused("This drill is over. Begin another one.")
    return drill


def _drill(drill_id: UUID, by: Membership) -> RiskDrill:
    rows = RiskDrill.objects.select_for_update(no_key=True).filter(organization_id=by.organization_id, id=drill_id)
    drill: RiskDrill | None = rows.first()
    if drill is None:
        raise NotFound
    return drill
