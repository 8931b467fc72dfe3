"""The scores of a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from bhi.errors import NotFound
from registry.models import Assessment, Episode
from registry.rules.instruments import Instrument, Remark, Tier, instrument, remarks_on, skipped_items
from registry.rules.instruments.words import critical_words, result_words


@dataclass(frozen=True)
class AnswerShown:
    """One item with what was answered; empty where it was not."""

    label: str
    text: str
    answer: str
    points: int | None
    is_asked: bool = True


@dataclass(frozen=True)
class ScoreShown:
    """One administration as pages show it, also one that was taken back.

    `result` are the words for it. `is_risk` when its answers call for the risk steps. `replaced_by` is the id of the
    score that stands instead, `void_reason` why. `answers` are empty where only a total is known.
    """

    id: UUID
    instrument: Instrument
    on: date
    result: str
    total: int | None
    critical: str
    critical_answer: int | None
    tier: Tier | None
    is_risk: bool
    is_total_only: bool
    is_by_patient: bool
    is_before_enrolment: bool
    is_live: bool
    void_reason: str
    voided_by: str
    replaced_by: UUID | None
    replaces: UUID | None
    recorded_by: str
    recorded_at: datetime
    difficulty: str
    difficulty_answer: int | None
    language: str
    remarks: tuple[Remark, ...]
    answers: tuple[AnswerShown, ...]


def episode_on(patient_id: UUID, on: date) -> Episode | None:
    """The live episode that a day falls into, the latest of several; None before, between and after episodes."""
    began = Episode.objects.live().filter(patient_id=patient_id, enrolled_on__lte=on)
    latest: Episode | None = began.order_by("-enrolled_on", "-id").first()
    return None if latest is None or (latest.ended_on is not None and latest.ended_on < on) else latest


def scores_of_patient(patient_id: UUID, *, sex: str = "", enrolled_on: date | None = None) -> tuple[ScoreShown, ...]:
    """Every score on record, those taken back included, the latest day first. One statement."""
    rows = list(_all().filter(patient_id=patient_id).order_by("-on", "-recorded_at", "-id"))
    later = {row.replaces_id: row.id for row in rows if row.replaces_id}
    return tuple(_shown(row, later.get(row.id), sex, enrolled_on) for row in rows)


def score_shown(assessment_id: UUID, *, of: UUID, sex: str = "", enrolled_on: date | None = None) -> ScoreShown:
    """One score of the patient `of`. Two statements. Raises NotFound, also for another patient's."""
    row = assessment_of(assessment_id)
    if row.patient_id != of:
        raise NotFound
    later = Assessment.objects.filter(replaces_id=row.id).values_list("id", flat=True).first()
    return _shown(row, later, sex, enrolled_on)


def assessment_of(assessment_id: UUID) -> Assessment:
    """One administration, also one that was taken back. Raises NotFound for what is absent or another's."""
    row: Assessment | None = _all().filter(id=assessment_id, patient__voided_at__isnull=True).first()
    if row is None:
        raise NotFound
    return row


def _all() -> QuerySet[Assessment]:
    return Assessment.objects.select_related("recorded_by", "voided_by", "patient")


def _shown(row: Assessment, replaced_by: UUID | None, sex: str, enrolled_on: date | None) -> ScoreShown:
    scale = instrument(row.instrument)
    tier = scale.tier(row.detail.get("tier", ""))
    items = row.items or []
    return ScoreShown(
        id=row.id,
        instrument=scale,
        on=row.on,
        result=result_words(
            scale,
            total=row.total,
            tier=tier,
            is_at_least=row.detail.get("is_at_least", False),
            is_prorated=row.is_prorated,
            sex=sex,
        ),
        total=row.total,
        critical_answer=row.item9,
        critical="" if row.item9 is None else critical_words(scale, row.item9),
        tier=tier,
        is_risk=_is_risk(row, scale),
        is_total_only=row.is_total_only,
        is_by_patient=row.is_by_patient,
        is_before_enrolment=enrolled_on is not None and row.on < enrolled_on,
        is_live=row.is_live,
        void_reason=row.void_reason,
        voided_by=str(row.voided_by) if row.voided_by else "",
        replaced_by=replaced_by,
        replaces=row.replaces_id,
        recorded_by=str(row.recorded_by),
        recorded_at=row.recorded_at,
        difficulty=_difficulty(row, scale),
        difficulty_answer=row.detail.get("difficulty"),
        language=_language(row, scale),
        remarks=remarks_on(scale, items),
        answers=_answers(row, scale),
    )


def _is_risk(row: Assessment, scale: Instrument) -> bool:
    return bool(row.item9) or any(row.items[number - 1] for number in scale.critical_items if row.items)


def _language(row: Assessment, scale: Instrument) -> str:
    """The language whose wording is shown: the one that was answered in, where it is still here."""
    language = row.detail.get("language") or "en"
    return language if language in scale.wordings else next(iter(scale.wordings), "")


def _difficulty(row: Assessment, scale: Instrument) -> str:
    given, language = row.detail.get("difficulty"), _language(row, scale)
    return scale.wordings[language].difficulty_answers[given] if given is not None and language else ""


def _answers(row: Assessment, scale: Instrument) -> tuple[AnswerShown, ...]:
    if not row.items:
        return ()
    language = _language(row, scale)
    if not language:
        numbered = enumerate(row.items, start=1)
        return tuple(AnswerShown(str(n), "", "" if given is None else str(given), given) for n, given in numbered)
    items = zip(scale.wordings[language].items, scale.points, row.items, strict=True)
    skipped = skipped_items(scale, row.items)
    return tuple(
        AnswerShown(
            item.label,
            item.text,
            "" if given is None else item.answers[points.index(given)],
            given,
            is_asked=item.number not in skipped,
        )
        for item, points, given in items
    )
