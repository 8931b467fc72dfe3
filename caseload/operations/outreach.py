"""Attempts to reach somebody, and what a clinic does about those who are not reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership
from caseload.models import Activity, ContactOutcome, WorkProtocol
from caseload.operations.clinic_settings import keep_settings
from caseload.operations.contacts import ContactKept, NextContact, record_contact
from caseload.operations.timekeeping import Work
from caseload.rules.outreach import Step, faults_of_steps
from caseload.rules.targets import USUAL, OwnLimits, fault_of_own, targets_in_force
from caseload.rules.worktime import WorkTime

# Of a clinic's own limits, those that stand with its outreach.
OVERDUE = ("contact_days", "contact_lapsed_days", "measure_days")


class WasReached(DomainError):
    """Whoever was reached gets a note, not an attempt."""

    def __init__(self) -> None:
        super().__init__("The patient was reached. Write the note of the contact instead.")


class StepsRefused(DomainError):
    """A clinic's steps that cannot stand, with every sentence of the rules."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


@transaction.atomic
def record_attempt(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    client_token: UUID,
    time: WorkTime,
    mode: str,
    outcome: str,
    note: str = "",
    next_contact: NextContact | None = None,
) -> ContactKept:
    """One line: tried so, in vain, with its minutes and the next try. A second submit changes nothing.

    Raises WasReached, and what record_contact does.
    """
    if outcome == ContactOutcome.REACHED:
        raise WasReached
    return record_contact(
        by=by,
        at=at,
        episode_id=episode_id,
        client_token=client_token,
        time=time,
        mode=mode,
        work=Work(Activity.OUTREACH_ATTEMPT),
        outcome=outcome,
        note=note,
        next_contact=next_contact,
    )


@transaction.atomic
def set_work_protocol(
    *,
    by: Membership,
    at: datetime,
    clinic: Clinic,
    steps: Sequence[Step],
    idle_minutes: int,
    idle_minutes_in_call: int,
    cap_minutes: int,
    seen: datetime | None,
    overdue: OwnLimits = USUAL,
) -> None:
    """How a clinic reaches out and how its timers ask. What was so before stays in the table's history.

    `seen` is when the settings that the person looked at were made (None: never). Nothing is written when all is so
    already. Raises StepsRefused, SettingsMoved.
    """
    limits = targets_in_force(at.astimezone(ZoneInfo(clinic.time_zone)).date()).limits
    faults = [*faults_of_steps(steps), *filter(None, [fault_of_own(overdue, limits)])]
    if faults:
        raise StepsRefused(faults)
    wanted = {
        "outreach": [[step.day, step.mode] for step in steps],
        "idle_minutes": idle_minutes,
        "idle_minutes_in_call": idle_minutes_in_call,
        "cap_minutes": cap_minutes,
        **{name: getattr(overdue, name) for name in OVERDUE},
    }
    row, changed = keep_settings(WorkProtocol, clinic, wanted, by=by, at=at, seen=seen)
    if not changed:
        return
    record("work_protocol.set", by=by, at=at, object_id=row.id, fields=changed)
    if set(OVERDUE) & set(changed):
        # Signals are stored with the day from which they hold: with other limits these days are others.
        arguments = {"clinic_id": clinic.id}
        queue("rebuild_clinic", organization_id=by.organization_id, key=str(clinic.id), at=at, arguments=arguments)
