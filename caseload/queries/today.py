"""Today's worklist: one row per patient with what is due, in one statement for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.tenancy.models import Role
from caseload.queries.hand_overs import HandedOver, handed_over_from
from caseload.queries.today_patients import ClinicDay, PatientDue, PutOff, Stored, clinic_from, patients_from
from caseload.queries.today_statement import STATEMENT
from caseload.rules.signal_words import NEW_DAYS
from caseload.rules.worklist import STAY_DAYS, MonthSoFar, Task, place, split_snoozed, tasks_of

OURS, MINE, COVERED, EVERYBODY = "ours", "mine", "covered", "all"
WHOSE = (OURS, MINE, COVERED, EVERYBODY)


@dataclass(frozen=True)
class Scope:
    """Whose work: a seat's own, that of those it stands in for, both, or everybody's; at one clinic or all."""

    seat_id: UUID
    whose: str = OURS
    clinic_id: UUID | None = None

    @property
    def is_own(self) -> bool:
        return self.whose in (OURS, MINE)

    @property
    def is_covered(self) -> bool:
        return self.whose in (OURS, COVERED)

    @property
    def is_all(self) -> bool:
        return self.whose == EVERYBODY


@dataclass(frozen=True)
class EpisodeToday:
    """An episode and the day that it is at its clinic."""

    episode_id: UUID
    patient_id: UUID
    today: date


@dataclass(frozen=True)
class Due:
    """All that may be due in a scope, every clinic with its day, whom the seat stands in for, and what comes next."""

    patients: tuple[PatientDue, ...]
    clinics: Mapping[UUID, ClinicDay]
    covers: tuple[tuple[UUID, date], ...] = ()
    next_on: date | None = None
    next_patients: int = 0
    handed: tuple[HandedOver, ...] = ()

    @property
    def with_minutes(self) -> list[EpisodeToday]:
        """The episodes whose month has minutes: only theirs can be close to its code."""
        return [
            EpisodeToday(patient.episode_id, patient.patient_id, patient.today)
            for patient in self.patients
            if patient.has_minutes and patient.episode_id is not None
        ]


@dataclass(frozen=True)
class WorkRow:
    """A patient's row: what is due, the most harmful to miss first."""

    patient: PatientDue
    tasks: tuple[Task, ...]
    month: MonthSoFar | None = None

    @property
    def first(self) -> Task:
        return self.tasks[0]

    @property
    def more(self) -> tuple[Task, ...]:
        return self.tasks[1:]

    @property
    def place(self) -> tuple[tuple[int, int, date], str, UUID]:
        """Where the row stands among others, whatever organization they are of."""
        return place(self.first), self.patient.person.sort_name, self.patient.patient_id


@dataclass(frozen=True)
class WaitingRow:
    """A task that somebody put off, with the reason."""

    patient: PatientDue
    task: Task
    put_off: PutOff


@dataclass(frozen=True)
class Worklist:
    """The rows in order, and what was put off."""

    rows: tuple[WorkRow, ...] = ()
    waiting: tuple[WaitingRow, ...] = ()

    @property
    def safety(self) -> int:
        """For how many patients something of safety is due."""
        return sum(row.first.is_safety for row in self.rows)


def usual_scope(roles: Collection[str]) -> str:
    """Whose work somebody sees at first: a care manager's own with those they cover for, else everybody's."""
    return OURS if Role.CARE_MANAGER.value in roles else EVERYBODY


def work_due(organization_id: UUID, scope: Scope, *, at: datetime, patient_id: UUID | None = None) -> Due:
    """What may be due in a scope, or of one patient in it. One statement."""
    found = _read(organization_id, scope, at, patient_id)
    clinics = {clinic.id: clinic for clinic in map(clinic_from, found["clinic"])}
    coming = next(iter(found["coming"]), None)
    return Due(
        patients=patients_from(found, clinics, ours=_seats(scope, found)),
        clinics=clinics,
        covers=tuple((UUID(row["away_id"]), date.fromisoformat(row["until_on"])) for row in found["cover"]),
        next_on=date.fromisoformat(coming["on"]) if coming else None,
        next_patients=coming["patients"] if coming else 0,
        handed=tuple(map(handed_over_from, found["handed"])),
    )


def worklist(due: Due, months: Mapping[UUID, MonthSoFar]) -> Worklist:
    """The rows in the order of harm, given the months of those who have minutes, by episode."""
    rows: list[WorkRow] = []
    waiting: list[WaitingRow] = []
    for patient in due.patients:
        month = months.get(patient.episode_id) if patient.episode_id else None
        asking, put_off = _asked(patient, month)
        if asking:
            rows.append(WorkRow(patient, tuple(asking), month))
        by_task = {one.task: one for one in patient.snoozes}
        waiting.extend(WaitingRow(patient, task, by_task[task.kind]) for task in put_off)
    rows.sort(key=lambda row: row.place)
    waiting.sort(key=lambda row: (row.put_off.until_on, row.patient.person.sort_name, row.patient.patient_id))
    return Worklist(tuple(rows), tuple(waiting))


def _asked(patient: PatientDue, month: MonthSoFar | None) -> tuple[list[Task], list[Task]]:
    tasks: Iterable[Task] = tasks_of(replace(patient.standing, month=month))
    if patient.is_only_assigned:
        tasks = [task for task in tasks if task.kind in ("follow_up_overdue", "follow_up_today")]
    return split_snoozed(tasks, {one.task: one.until_on for one in patient.snoozes}, patient.today)


def _read(organization_id: UUID, scope: Scope, at: datetime, patient_id: UUID | None) -> dict[str, list[Stored]]:
    values: dict[str, Any] = {
        "organization": organization_id,
        "at": at,
        "clinic": scope.clinic_id,
        "patient": patient_id,
        "seat": scope.seat_id,
        "is_own": scope.is_own,
        "is_covered": scope.is_covered,
        "is_all": scope.is_all,
        "stay_days": STAY_DAYS,
        "new_days": NEW_DAYS,
    }
    found: dict[str, list[Stored]] = {
        kind: [] for kind in ("due", "referral", "notice", "risk", "patient", "clinic", "cover", "coming", "handed")
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        for kind, row in cursor.fetchall():
            found[kind].append(row)
    return found


def _seats(scope: Scope, found: Mapping[str, list[Stored]]) -> set[UUID] | None:
    """The seats whose work it is; None: everybody's."""
    if scope.is_all:
        return None
    seats = {scope.seat_id} if scope.is_own else set()
    return seats | ({UUID(row["away_id"]) for row in found["cover"]} if scope.is_covered else set())
