"""Scores: one administration of a tool recorded, or a wrong one replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Assessment, Episode, Patient
from registry.operations.errors import DateOutOfOrder, FormReused, ScoreUnusable
from registry.operations.recording import Stamp, announce_change, record_facts, stamped, void_facts
from registry.operations.risk_opening import heed_scores
from registry.queries.assessments import episode_on
from registry.queries.episodes import episode_ids_of
from registry.rules.instruments import ImpossibleScore, Scored, check_total, instrument, score


@dataclass(frozen=True)
class ScoreGiven:
    """What was given of one administration: its answers in order (None where missing), or its bare total.

    `item9` is the answer about self-harm beside a bare total. `difficulty` is the unscored question, counted from
    0; `language` the one in which it was answered, where that is not English.
    """

    instrument: str
    items: tuple[int | None, ...] | None = None
    total: int | None = None
    item9: int | None = None
    difficulty: int | None = None
    language: str = ""


def draft_assessment(
    stamp: Stamp,
    *,
    patient: Patient,
    episode: Episode | None,
    on: date,
    instrument_key: str = "",
    items: Sequence[int | None] | None = None,
    total: int | None = None,
    item9: int | None = None,
    given: ScoreGiven | None = None,
    **columns: Any,
) -> Assessment:
    """One administration, `given` or by its parts, as it will be stored. `columns` are others of Assessment.

    Raises ScoreUnusable when a value is impossible or too many answers are missing, DateOutOfOrder before birth.
    """
    if on < patient.birth_date:
        raise DateOutOfOrder("The date of the score is before that of birth. Correct one of them.")
    given = given or ScoreGiven(instrument_key, tuple(items) if items is not None else None, total, item9)
    return stamped(Assessment, stamp, patient=patient, episode=episode, on=on, **result_columns(given), **columns)


def result_columns(given: ScoreGiven) -> dict[str, Any]:
    """What of Assessment says which tool it was and what came of it. Raises ScoreUnusable."""
    scored = scored_from(given.instrument, items=given.items, total=given.total, critical=given.item9)
    return {
        "instrument": given.instrument,
        "total": scored.total,
        "item9": scored.critical,
        "items": list(scored.items) or None,
        "is_total_only": given.items is None,
        "is_prorated": scored.is_prorated,
        "detail": _detail(given, scored),
    }


def _detail(given: ScoreGiven, scored: Scored) -> dict[str, Any]:
    """What the score leaves out, where there is any of it."""
    found = {
        "tier": scored.tier.key if scored.tier else None,
        "is_at_least": scored.is_at_least or None,
        "difficulty": given.difficulty,
        "language": given.language or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def scored_from(
    instrument_key: str, *, items: Sequence[int | None] | None, total: int | None, critical: int | None
) -> Scored:
    """Answers or a bare total as what is kept of them. Raises ScoreUnusable when that is nothing.

    Answers too few for a total are kept when the critical item is among them: a positive one must not be lost.
    """
    scale = instrument(instrument_key)
    try:
        scored = check_total(scale, total, critical) if items is None else score(scale, items)  # type: ignore[arg-type]
    except ImpossibleScore as fault:
        raise ScoreUnusable(str(fault), instrument=instrument_key, item=fault.item) from None
    if scored.total is None and scored.critical is None and scored.tier is None:
        raise ScoreUnusable(
            f"{scale.name}: {len(scored.missing)} answers are missing, so there is no score. "
            "Answer the others, or clear them all.",
            instrument=instrument_key,
            item=scored.missing[0],
        )
    return scored


@transaction.atomic
def record_assessment(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    episode: Episode | None,
    instrument: str,
    on: date,
    items: Sequence[int | None] | None = None,
    total: int | None = None,
    item9: int | None = None,
    difficulty: int | None = None,
    language: str = "",
    is_by_patient: bool = False,
    client_token: UUID | None = None,
    import_id: UUID | None = None,
) -> Assessment:
    """One administration of a tool, by its answers or its bare total. One that means danger opens a risk case.

    A second submit of the form with `client_token` returns what the first one kept. Raises ScoreUnusable,
    DateOutOfOrder, FormReused.
    """
    stamp = Stamp(by, at, import_id)
    kept = _kept_by(client_token, patient)
    if kept is not None:
        return kept
    answers = tuple(items) if items is not None else None
    assessment = draft_assessment(
        stamp,
        patient=patient,
        episode=episode,
        on=on,
        given=ScoreGiven(instrument, answers, total, item9, difficulty, language),
        is_by_patient=is_by_patient,
        client_token=client_token,
    )
    record_facts([assessment])
    heed_scores([assessment], stamp=stamp)
    touched = [episode.id] if episode else episode_ids_of(patient.id)
    _tell("assessment.recorded", assessment, touched, stamp=stamp, since=on)
    return assessment


@transaction.atomic
def replace_assessment(
    *, by: Membership, at: datetime, assessment: Assessment, reason: str, on: date, given: ScoreGiven
) -> Assessment:
    """What an administration should have said. The wrong one is voided with the reason, and both are kept.

    The new one stays with the contact of the old one and with who answered it; its episode is that of its day.
    Raises ScoreUnusable, DateOutOfOrder, ReasonMissing, and AlreadyVoided also when somebody else was faster.
    """
    stamp = Stamp(by, at)
    patient = assessment.patient
    fresh = draft_assessment(
        stamp,
        patient=patient,
        episode=episode_on(patient.id, on),
        on=on,
        given=given,
        contact_id=assessment.contact_id,
        is_by_patient=assessment.is_by_patient,
        replaces=assessment,
    )
    void_facts([assessment], stamp=stamp, reason=reason)
    record_facts([fresh])
    heed_scores([fresh], stamp=stamp, instead_of=assessment)
    _tell("assessment.replaced", fresh, episode_ids_of(patient.id), stamp=stamp, since=min(on, assessment.on))
    return fresh


def _kept_by(client_token: UUID | None, patient: Patient) -> Assessment | None:
    """What this form recorded before. Raises FormReused when that was another patient's."""
    if client_token is None:
        return None
    # Two submits at once: the second waits here until the first has recorded.
    Patient.objects.select_for_update(no_key=True).only("id").get(id=patient.id)
    kept: Assessment | None = Assessment.objects.filter(client_token=client_token).first()
    if kept is not None and kept.patient_id != patient.id:
        raise FormReused
    return kept


def _tell(action: str, assessment: Assessment, touched: Sequence[UUID], *, stamp: Stamp, since: date) -> None:
    record(
        action,
        by=stamp.by,
        at=stamp.at,
        patient_id=assessment.patient_id,
        object_id=assessment.id,
        fields=[assessment.instrument, "on"],
    )
    announce_change(touched, stamp=stamp, since=since)
