"""The patients of whom something may be due today, from what the one statement found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from caseload.queries.caseload_list import ClinicToday
from caseload.rules.advice_tasks import AdviceDue
from caseload.rules.clock import local_date
from caseload.rules.outreach import DEFAULT_STEPS, Step, at_risk_from, steps_from
from caseload.rules.risk_tasks import Answer, RiskOpen
from caseload.rules.signals import KIND_OF, RANK_OF
from caseload.rules.worklist import ReferralDue, Standing, StayEnded
from registry.models import RiskCause, StayKind
from registry.queries.appointments import visit_from
from registry.queries.tools import rhythms_chosen
from registry.rules.appointments import InClinic
from registry.rules.instruments import Instrument
from registry.rules.risk_course import Event, course_of
from registry.rules.risk_steps import steps_of
from registry.rules.tools import Rhythm, ScoreDue, scores_due_by

Stored = Mapping[str, Any]
_ANSWER_LOWERING = "Have a second licensed person answer the lower tier that was asked for"


@dataclass(frozen=True)
class ClinicDay(ClinicToday):
    """A clinic with its day, the tools that it asks for regularly, and its steps of outreach."""

    rhythms: tuple[tuple[Instrument, Rhythm], ...] = ()
    steps: tuple[Step, ...] = DEFAULT_STEPS


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
    in_clinic: InClinic | None = None

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
    """A patient of whom something may be due, before a rule has looked at it. `news`: signals that began lately."""

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
    is_notice_taken: bool = False
    has_minutes: bool = False
    snoozes: tuple[PutOff, ...] = ()
    news: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        return self.clinic.today


@dataclass
class _Building:
    """A patient's parts, as they come from the statement."""

    clinic: ClinicDay
    episode: Stored | None = None
    referral: Stored | None = None
    risk: Stored | None = None
    notices: list[Stored] = field(default_factory=list)


def patients_from(
    found: Mapping[str, list[Stored]], clinics: Mapping[UUID, ClinicDay], *, ours: set[UUID] | None
) -> tuple[PatientDue, ...]:
    """Everybody whom the rows are about, given what the seats `ours` are asked for; None: everybody's."""
    people = {UUID(row["id"]): _person(row) for row in found["patient"]}
    building: dict[UUID, _Building] = {}
    for kind in ("due", "referral", "notice", "risk"):
        for row in found[kind]:
            clinic = clinics[UUID(row["clinic_id"])]
            parts = building.setdefault(UUID(row["patient_id"]), _Building(clinic))
            if kind == "due":
                parts.episode = row
            elif kind == "referral":
                parts.referral = row
            elif kind == "risk":
                parts.risk = row
            else:
                parts.notices.append(row)
    return tuple(_patient(key, people[key], parts, ours) for key, parts in building.items() if key in people)


def _patient(patient_id: UUID, person: PersonShown, parts: _Building, ours: set[UUID] | None) -> PatientDue:
    row: Stored = parts.episode or {}
    follow_up: Stored = row.get("follow_up") or {}
    care_manager_id, assigned_to = _id(row.get("care_manager_id")), _id(follow_up.get("assigned_to"))
    is_ours = ours is None or care_manager_id in ours
    is_elsewhere = ours is not None and assigned_to is not None and assigned_to not in ours
    notices = sorted(parts.notices, key=lambda notice: (notice["raised_at"], notice["id"]))
    is_our_risk = bool(notices) or parts.risk is not None
    told: Stored = notices[0] if notices else parts.risk or {}
    return PatientDue(
        patient_id=patient_id,
        person=person,
        clinic=parts.clinic,
        standing=_standing(parts, is_follow_up_elsewhere=is_elsewhere),
        episode_id=_id(row.get("episode_id") or told.get("episode_id")),
        care_manager_id=care_manager_id
        or _id(told.get("care_manager_id") or (parts.referral or {}).get("assigned_to_id")),
        follow_up_id=_id(follow_up.get("id")),
        is_only_assigned=bool(row) and not is_ours and care_manager_id is not None and not is_our_risk,
        referral_id=_id(parts.referral["id"]) if parts.referral else None,
        notice_id=_id(told.get("id")) if notices else None,
        is_notice_taken=bool(notices) and all(notice["is_taken"] for notice in notices),
        has_minutes=row.get("worked_from") is not None,
        snoozes=tuple(_put_off(one) for one in row.get("snoozes") or ()),
        news=_news(row.get("began") or ()),
    )


def _news(began: Iterable[str]) -> tuple[str, ...]:
    """What began lately, one of a family; hints are no news."""
    known = (word for word in began if word in KIND_OF and not KIND_OF[word].is_hint)
    worst: dict[str, str] = {}
    for word in sorted(known, key=RANK_OF.__getitem__):
        worst.setdefault(KIND_OF[word].family, KIND_OF[word].label)
    return tuple(worst.values())


def _standing(parts: _Building, *, is_follow_up_elsewhere: bool) -> Standing:
    row: Stored = parts.episode or {}
    clinic = parts.clinic
    signals = _signals(row.get("signals") or (), clinic.today)
    lost_on = _day(row.get("lost_on"))
    return Standing(
        today=clinic.today,
        is_on_hold=row.get("status") == "on_hold",
        enrolled_on=_day(row.get("enrolled_on")),
        last_contact_on=_day(row.get("last_contact_on")),
        next_due_on=None if is_follow_up_elsewhere else _day(row.get("next_due_on")),
        next_due_purpose=row.get("next_due_purpose") or "",
        signals={word: date.fromisoformat(one["since"]) for word, one in signals.items()},
        last_scores=_last_scores(signals),
        scores_due=_scores_due(row, clinic) if "measure_overdue" in signals else (),
        answers=tuple(
            Answer(date.fromisoformat(on), key, value, tier or "") for on, key, value, tier in row.get("answers") or ()
        ),
        risk=_risk(parts.risk),
        risk_closed_on=_day(row.get("risk_closed_on")),
        notices=tuple(local_date(datetime.fromisoformat(notice["raised_at"]), clinic.zone) for notice in parts.notices),
        stay=_stay(row.get("stay")),
        unconsented_from=_day(row["worked_from"]) if row.get("is_unconsented") else None,
        referral=_referral(parts.referral),
        lost_on=lost_on,
        at_risk_from=at_risk_from(lost_on, clinic.steps) if lost_on else None,
        advice=tuple(_advice(*one) for one in row.get("advice") or ()),
        asked_again=tuple((date.fromisoformat(on), words) for on, words in row.get("asked_again") or ()),
    )


def _signals(stored: Iterable[Stored], today: date) -> dict[str, Stored]:
    """Of the stored runs of signals, those that stand today and were not put off; ISO days compare as they are."""
    now = today.isoformat()
    standing = (one for one in stored if one["since"] <= now and (one["until"] is None or now < one["until"]))
    return {one["word"]: one for one in standing if (one.get("put_off") or now) <= now}


def _last_scores(signals: Mapping[str, Stored]) -> tuple[tuple[str, date], ...]:
    """The scales whose last score is too old, by the evidence of the signal that says so."""
    evidence = signals["measure_overdue"]["evidence"] if "measure_overdue" in signals else ()
    return tuple((key, date.fromisoformat(on)) for what, on, key, *_ in evidence if what == "last")


def _scores_due(row: Stored, clinic: ClinicDay) -> tuple[ScoreDue, ...]:
    """The tools in the clinic's own rhythm, with when each is due."""
    last = {key: date.fromisoformat(on) for key, on in (row.get("scored") or {}).items()}
    return scores_due_by(clinic.rhythms, enrolled_on=date.fromisoformat(row["enrolled_on"]), last_scored=last)


def clinic_from(row: Stored) -> ClinicDay:
    """A clinic's row with its day and its tools."""
    rhythms = rhythms_chosen([tuple(one) for one in row["tools"] or ()])
    zone, today = ZoneInfo(row["time_zone"]), date.fromisoformat(row["today"])
    return ClinicDay(UUID(row["id"]), row["name"], zone, today, rhythms, steps_from(row["outreach"] or ()))


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
        in_clinic=visit_from(row["in_clinic"]) if row["in_clinic"] else None,
    )


def _advice(kind: str, state: str, state_on: str, due_on: str, words: str) -> AdviceDue:
    return AdviceDue(kind, state, date.fromisoformat(state_on), date.fromisoformat(due_on), words)


def _stay(row: Stored | None) -> StayEnded | None:
    return StayEnded(date.fromisoformat(row["on"]), StayKind(row["kind"]).label) if row else None


def _risk(row: Stored | None) -> RiskOpen | None:
    if row is None:
        return None
    words = "concern" if row["cause"] == RiskCause.CONCERN else row["concern"] or str(RiskCause(row["cause"]).label)
    opened_on = date.fromisoformat(row["opened_on"])
    return RiskOpen(
        words, opened_on, row["tier"], _day(row["assessed_on"]), _day(row["recheck_on"]), is_risen=row["is_risen"],
        steps=_steps(row),
    )  # fmt: skip


def _steps(row: Stored) -> tuple[str, ...]:
    """What the protocol asks for now of an open case and is not done, in words."""
    course = course_of(datetime.fromisoformat(row["opened_at"]), (_event(*one) for one in row["taken"] or ()))
    asked = steps_of(course.steps_tier, row["own_steps"])
    waiting = [step.words.rstrip(".") for step in asked if step.key not in course.done]
    return (*waiting, _ANSWER_LOWERING) if course.asked is not None else tuple(waiting)


def _event(key: str, kind: str, at: str, on: str, by: str, step: str, tier: str) -> Event:
    return Event(UUID(key), kind, datetime.fromisoformat(at), date.fromisoformat(on), UUID(by), step, tier)


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
