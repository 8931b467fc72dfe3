"""Today's worklist: one row per patient with what is due, in one statement for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.tenancy.models import Role
from caseload.queries.caseload_list import ClinicToday
from caseload.queries.hand_overs import HandedOver, handed_over_from
from caseload.queries.today_statement import STATEMENT
from caseload.rules.clock import local_date
from caseload.rules.worklist import (
    STAY_DAYS,
    Answer,
    MonthSoFar,
    ReferralDue,
    Standing,
    StayEnded,
    Task,
    place,
    split_snoozed,
    tasks_of,
)
from registry.models import StayKind

Stored = Mapping[str, Any]
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
class PersonShown:
    """How a patient is called, written to and spoken with."""

    name: str
    sort_name: str
    mrn: str
    birth_date: date
    phone: str
    best_times: str
    may_leave_voicemail: bool | None
    may_text: bool | None
    language: str
    needs_interpreter: bool | None

    @property
    def phone_digits(self) -> str:
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")

    @property
    def voicemail_words(self) -> str:
        return {True: "voicemail allowed", False: "no voicemail", None: "voicemail not asked"}[self.may_leave_voicemail]

    @property
    def language_words(self) -> str:
        """The language where it is not English, and that an interpreter is needed."""
        language = self.language if self.language.casefold() not in ("", "english", "en") else ""
        return ", ".join(filter(None, (language, "interpreter" if self.needs_interpreter else "")))


@dataclass(frozen=True)
class PutOff:
    """A task that may wait: until when, why, and who said so."""

    id: UUID
    task: str
    until_on: date
    reason: str
    by_id: UUID


@dataclass(frozen=True)
class PatientDue:
    """A patient of whom something may be due, before a rule has looked at it."""

    patient_id: UUID
    person: PersonShown
    clinic: ClinicToday
    standing: Standing
    episode_id: UUID | None = None
    care_manager_id: UUID | None = None
    follow_up_id: UUID | None = None
    is_only_assigned: bool = False
    referral_id: UUID | None = None
    notice_id: UUID | None = None
    has_minutes: bool = False
    snoozes: tuple[PutOff, ...] = ()

    @property
    def today(self) -> date:
        return self.clinic.today


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
    clinics: Mapping[UUID, ClinicToday]
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

    @property
    def others(self) -> int:
        return len(self.rows) - self.safety


def usual_scope(roles: Collection[str]) -> str:
    """Whose work somebody sees at first: a care manager's own with those they cover for, else everybody's."""
    return OURS if Role.CARE_MANAGER.value in roles else EVERYBODY


def work_due(organization_id: UUID, scope: Scope, *, at: datetime, patient_id: UUID | None = None) -> Due:
    """What may be due in a scope, or of one patient in it. One statement."""
    found = _read(organization_id, scope, at, patient_id)
    clinics = {clinic.id: clinic for clinic in map(_clinic, found["clinic"])}
    people = {UUID(row["id"]): _person(row) for row in found["patient"]}
    patients = {key: one for key, one in _patients(found, people, clinics, scope).items() if key in people}
    coming = next(iter(found["coming"]), None)
    return Due(
        patients=tuple(patients.values()),
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
    rows.sort(key=lambda row: (*place(row.first), row.patient.person.sort_name, row.patient.patient_id))
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
    }
    found: dict[str, list[Stored]] = {
        kind: [] for kind in ("due", "referral", "notice", "patient", "clinic", "cover", "coming", "handed")
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        for kind, row in cursor.fetchall():
            found[kind].append(row)
    return found


@dataclass
class _Building:
    """A patient's parts, as they come from the statement."""

    clinic: ClinicToday
    episode: Stored | None = None
    referral: Stored | None = None
    notices: list[Stored] = field(default_factory=list)


def _patients(
    found: Mapping[str, list[Stored]],
    people: Mapping[UUID, PersonShown],
    clinics: Mapping[UUID, ClinicToday],
    scope: Scope,
) -> dict[UUID, PatientDue]:
    building: dict[UUID, _Building] = {}
    for kind in ("due", "referral", "notice"):
        for row in found[kind]:
            clinic = clinics[UUID(row["clinic_id"])]
            parts = building.setdefault(UUID(row["patient_id"]), _Building(clinic))
            if kind == "due":
                parts.episode = row
            elif kind == "referral":
                parts.referral = row
            else:
                parts.notices.append(row)
    seats = {scope.seat_id} if scope.is_own else set()
    seats |= {UUID(row["away_id"]) for row in found["cover"]} if scope.is_covered else set()
    ours = None if scope.is_all else seats
    return {key: _patient(key, people[key], parts, ours) for key, parts in building.items() if key in people}


def _patient(patient_id: UUID, person: PersonShown, parts: _Building, ours: set[UUID] | None) -> PatientDue:
    row: Stored = parts.episode or {}
    follow_up: Stored = row.get("follow_up") or {}
    care_manager_id, assigned_to = _id(row.get("care_manager_id")), _id(follow_up.get("assigned_to"))
    is_ours = ours is None or care_manager_id in ours
    is_elsewhere = ours is not None and assigned_to is not None and assigned_to not in ours
    notices = sorted(parts.notices, key=lambda notice: (notice["raised_at"], notice["id"]))
    told: Stored = notices[0] if notices else {}
    return PatientDue(
        patient_id=patient_id,
        person=person,
        clinic=parts.clinic,
        standing=_standing(parts, is_follow_up_elsewhere=is_elsewhere),
        episode_id=_id(row.get("episode_id") or told.get("episode_id")),
        care_manager_id=care_manager_id
        or _id(told.get("care_manager_id") or (parts.referral or {}).get("assigned_to_id")),
        follow_up_id=_id(follow_up.get("id")),
        is_only_assigned=bool(row) and not is_ours and care_manager_id is not None and not notices,
        referral_id=_id(parts.referral["id"]) if parts.referral else None,
        notice_id=_id(told.get("id")),
        has_minutes=row.get("worked_from") is not None,
        snoozes=tuple(_put_off(one) for one in row.get("snoozes") or ()),
    )


def _standing(parts: _Building, *, is_follow_up_elsewhere: bool) -> Standing:
    row: Stored = parts.episode or {}
    clinic = parts.clinic
    signals = _signals(row.get("signals") or (), clinic.today)
    return Standing(
        today=clinic.today,
        is_on_hold=row.get("status") == "on_hold",
        enrolled_on=_day(row.get("enrolled_on")),
        last_contact_on=_day(row.get("last_contact_on")),
        next_due_on=None if is_follow_up_elsewhere else _day(row.get("next_due_on")),
        next_due_purpose=row.get("next_due_purpose") or "",
        signals={word: date.fromisoformat(one["since"]) for word, one in signals.items()},
        last_scores=_last_scores(signals),
        answers=tuple(
            Answer(date.fromisoformat(on), key, value, tier or "") for on, key, value, tier in row.get("answers") or ()
        ),
        notices=tuple(local_date(datetime.fromisoformat(notice["raised_at"]), clinic.zone) for notice in parts.notices),
        stay=_stay(row.get("stay")),
        unconsented_from=_day(row["worked_from"]) if row.get("is_unconsented") else None,
        referral=_referral(parts.referral),
        asked_again=tuple((date.fromisoformat(on), words) for on, words in row.get("asked_again") or ()),
    )


def _signals(stored: Iterable[Stored], today: date) -> dict[str, Stored]:
    """Of the stored runs of signals, those that stand today; ISO days compare as they are."""
    now = today.isoformat()
    standing = (one for one in stored if one["since"] <= now and (one["until"] is None or now < one["until"]))
    return {one["word"]: one for one in standing}


def _last_scores(signals: Mapping[str, Stored]) -> tuple[tuple[str, date], ...]:
    """The scales whose last score is too old, by the evidence of the signal that says so."""
    evidence = signals["measure_overdue"]["evidence"] if "measure_overdue" in signals else ()
    return tuple((key, date.fromisoformat(on)) for what, on, key, _ in evidence if what == "last")


def _clinic(row: Stored) -> ClinicToday:
    return ClinicToday(UUID(row["id"]), row["name"], ZoneInfo(row["time_zone"]), date.fromisoformat(row["today"]))


def _person(row: Stored) -> PersonShown:
    return PersonShown(
        name=row["name"],
        sort_name=row["sort_name"],
        mrn=row["mrn"],
        birth_date=date.fromisoformat(row["birth_date"]),
        phone=row["phone"],
        best_times=row["phone_best_times"],
        may_leave_voicemail=row["may_leave_voicemail"],
        may_text=row["may_text"],
        language=row["language"],
        needs_interpreter=row["needs_interpreter"],
    )


def _stay(row: Stored | None) -> StayEnded | None:
    return StayEnded(date.fromisoformat(row["on"]), StayKind(row["kind"]).label) if row else None


def _referral(row: Stored | None) -> ReferralDue | None:
    if row is None:
        return None
    return ReferralDue(row["state"], date.fromisoformat(row["due_on"]), row["urgency"], bool(row["is_reached"]))


def _put_off(row: Stored) -> PutOff:
    until_on = date.fromisoformat(row["until_on"])
    return PutOff(UUID(row["id"]), row["task"], until_on, row["reason"], UUID(row["by"]))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
