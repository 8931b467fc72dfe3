"""How a risk case begins, and how it begins anew: in the same transaction as the answer that asks for it.

Only what is recorded live opens a case. History does not: scores of an import, scores that the system tells over
(stories, undone merges), and those dated more than HISTORY_DAYS before the day on which they are entered. They show
as the computed signal of safety all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from bhi.audit.operations import record
from registry.models import (
    Assessment,
    Episode,
    NoticeCause,
    Patient,
    RiskCase,
    RiskCause,
    RiskStep,
    RiskStepKind,
    SafetyNotice,
)
from registry.operations.recording import Stamp, announce_change, record_facts, stamped
from registry.queries.episodes import episode_ids_of
from registry.queries.risk import answer_words, answered
from registry.rules.risk import Answered, is_history, rises
from registry.rules.risk_course import POSITIVE, RISEN


@dataclass(frozen=True)
class Why:
    """What asks for a case: its cause with the answers, the notice or the words of whoever is concerned."""

    cause: str
    token: UUID
    words: str = ""
    assessment: Assessment | None = None
    notice: SafetyNotice | None = None


def heed_scores(assessments: Iterable[Assessment], *, stamp: Stamp, instead_of: Assessment | None = None) -> None:
    """Open a case for a positive answer among scores just recorded, or raise the open one.

    `instead_of` is the score that was corrected: what it had said already asks for nothing again.
    """
    for row in assessments:
        new, old = answered(row), answered(instead_of) if instead_of else None
        is_live = stamp.import_id is None and (row.is_by_patient or not stamp.by.is_system)
        is_said = old is not None and old.is_positive and old.value >= new.value and old.tier == new.tier
        if is_live and new.is_positive and not is_said:
            cause = RiskCause.SCREENER if new.tier else RiskCause.ITEM_9
            token = uuid5(row.id, "risk case")
            open_or_raise(row.patient_id, Why(cause, token, answer_words(row), row), stamp=stamp, new=new)


def heed_notice(notice: SafetyNotice, *, stamp: Stamp) -> RiskCase | None:
    """The case that a call for help belongs to, opened where the score did not open it already."""
    cause = RiskCause.ITEM_9 if notice.cause == NoticeCause.ITEM_9 else RiskCause.SCREENER
    why = Why(cause, uuid5(notice.id, "risk case"), assessment=notice.assessment, notice=notice)
    patient, _, _ = _of(notice.patient_id)
    case = open_case_of(patient.id)
    if case is None:
        return open_or_raise(patient.id, why, stamp=stamp)
    if case.notice_id is None:
        case.notice = notice
        case.save(update_fields=["notice"])
    return case


def open_or_raise(patient_id: UUID, why: Why, *, stamp: Stamp, new: Answered | None = None) -> RiskCase | None:
    """Open a case, or add to the open one what is new; once for each token.

    None where an old score is history. Without `new` somebody is concerned, which always asks for an assessment.
    The patient's row is locked last, so that two openers of one person make one case.
    """
    patient, episode, zone = _of(patient_id)
    on = stamp.at.astimezone(zone).date()
    if new is not None and is_history(new.on, on):
        return None
    case = open_case_of(patient_id)
    if case is None:
        return _open(patient, episode, why, stamp=stamp, on=on)
    _add(case, why, new, stamp=stamp, on=on)
    return case


def open_case_of(patient_id: UUID) -> RiskCase | None:
    """The person's open case."""
    found: RiskCase | None = RiskCase.objects.live().filter(patient_id=patient_id, closed_at__isnull=True).first()
    return found


def tell(case: RiskCase, action: str, *, stamp: Stamp, fields: Iterable[str] = ()) -> None:
    """Audit a step of a case, and tell the apps above that the person's standing may be another."""
    record(action, by=stamp.by, at=stamp.at, patient_id=case.patient_id, object_id=case.id, fields=list(fields))
    announce_change(episode_ids_of(case.patient_id), stamp=stamp, since=case.opened_on)


def _of(patient_id: UUID) -> tuple[Patient, Episode | None, ZoneInfo]:
    """The patient, locked, the open episode, and the zone of the clinic that cares."""
    locked = Patient.objects.select_for_update(no_key=True, of=("self",)).select_related("clinic")
    patient = locked.get(id=patient_id)
    episodes = Episode.objects.live().filter(patient_id=patient_id, ended_on__isnull=True)
    episode = episodes.select_related("clinic").first()
    clinic = episode.clinic if episode is not None else patient.clinic
    return patient, episode, ZoneInfo(clinic.time_zone)


def _open(patient: Patient, episode: Episode | None, why: Why, *, stamp: Stamp, on: date) -> RiskCase:
    case = stamped(
        RiskCase,
        stamp,
        patient=patient,
        episode=episode,
        clinic_id=episode.clinic_id if episode is not None else patient.clinic_id,
        cause=why.cause,
        concern=why.words,
        assessment=why.assessment,
        notice=why.notice,
        opened_at=stamp.at,
        opened_on=on,
        client_token=why.token,
    )
    record_facts([case])
    tell(case, "risk_case.opened", stamp=stamp, fields=[why.cause])
    return case


def _add(case: RiskCase, why: Why, new: Answered | None, *, stamp: Stamp, on: date) -> None:
    """What is new of an open case: a note, and where it rose since it was assessed, a recheck that is due now."""
    if RiskStep.objects.filter(client_token=why.token).exists() or case.client_token == why.token:
        return
    is_risen = case.assessed_on is not None and (new is None or _has_risen(case, new, why.assessment))
    step = stamped(
        RiskStep,
        stamp,
        case=case,
        kind=RiskStepKind.NOTE,
        key=RISEN if is_risen else POSITIVE,
        assessment=why.assessment,
        at=stamp.at,
        on=on,
        by=stamp.by,
        text=why.words,
        client_token=why.token,
    )
    record_facts([step])
    if is_risen:
        case.recheck_on = on
        case.save(update_fields=["recheck_on"])
    tell(case, "risk_case.raised", stamp=stamp, fields=[why.cause])


def _has_risen(case: RiskCase, new: Answered, row: Assessment | None) -> bool:
    assert case.assessed_on is not None
    told: Any = Assessment.objects.live().filter(patient_id=case.patient_id, item9__isnull=False, on__lte=new.on)
    earlier = told.exclude(id=row.id if row is not None else None).order_by("on", "recorded_at", "id")
    return rises(new, tier=case.tier, known=[answered(one) for one in earlier], assessed_on=case.assessed_on)
