"""What is treated in an episode: recorded, put in order, confirmed by the treating clinician."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Diagnosis, Episode, TreatingClinician
from registry.operations.drafts import draft_diagnosis
from registry.operations.errors import (
    DateOutOfOrder,
    DiagnosisKnown,
    DiagnosisUnusable,
    EpisodeEnded,
    NothingChanges,
)
from registry.operations.recording import Stamp, announce_change, keep_fact, refusing, void_facts
from registry.rules.diagnoses import icd10, may_be_new, why_unusable
from registry.rules.identifiers import normal_icd10

SIGNED_IN = "Signed in"


@transaction.atomic
def record_diagnosis(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    code: str,
    rank: int = 1,
    from_on: date | None = None,
    import_id: UUID | None = None,
    is_new: bool = False,
) -> Diagnosis:
    """A diagnosis treated in the episode, known to the table or not; `is_new` says on somebody's word that a later
    release has it. Raises DiagnosisUnreadable, DiagnosisKnown.
    """
    stamp = Stamp(by, at, import_id)
    diagnosis = draft_diagnosis(stamp, episode=episode, code=code, rank=rank, from_on=from_on, is_new=is_new)
    since = from_on or episode.enrolled_on
    with refusing({"registry_diagnosis_once": DiagnosisKnown}):
        keep_fact(
            "diagnosis.recorded",
            diagnosis,
            episode.patient_id,
            [episode.id],
            stamp=stamp,
            since=since,
            fields=["code"],
        )
    return diagnosis


@transaction.atomic
def add_diagnosis(
    *, by: Membership, at: datetime, episode: Episode, code: str, from_on: date | None = None, is_new: bool = False
) -> Diagnosis:
    """A diagnosis chosen by a person, last in order. Only whole codes of the table are taken, and with `is_new` those
    that a release after the table's may have brought, on that person's word, which is kept: claims ask for it.

    Raises DiagnosisUnusable with what to do, DiagnosisKnown, EpisodeEnded.
    """
    fault = why_unusable(code, icd10())
    if fault and not (is_new and may_be_new(code, icd10(), at.astimezone(ZoneInfo(episode.clinic.time_zone)).date())):
        raise DiagnosisUnusable(fault)
    present = _open(episode)
    live = Diagnosis.objects.live().filter(episode=present)
    if live.filter(code=normal_icd10(code)).exists():
        raise DiagnosisKnown
    last = live.aggregate(last=Max("rank"))["last"] or 0
    return record_diagnosis(
        by=by, at=at, episode=present, code=code, rank=last + 1, from_on=from_on, is_new=bool(fault)
    )


@transaction.atomic
def put_first(*, by: Membership, at: datetime, diagnosis: Diagnosis) -> None:
    """Make a diagnosis the first, the one that is treated; the others keep their order behind it."""
    episode = _open(diagnosis.episode)
    others = Diagnosis.objects.live().filter(episode=episode).exclude(id=diagnosis.id).order_by("rank", "code")
    for rank, one in enumerate([diagnosis, *others], start=1):
        Diagnosis.objects.live().filter(id=one.id).exclude(rank=rank).update(rank=rank)
    _tell("diagnosis.put_first", diagnosis, episode, stamp=Stamp(by, at), fields=["rank"])


@transaction.atomic
def confirm_diagnosis(
    *,
    by: Membership,
    at: datetime,
    diagnosis: Diagnosis,
    treating_clinician: TreatingClinician,
    on: date,
    today: date,
    how: str,
) -> Diagnosis:
    """The treating clinician agrees with a diagnosis: signed in, or told to whoever records it.

    Raises NothingChanges when it is confirmed already, DateOutOfOrder after `today`, the clinic's day.
    """
    if on > today:
        raise DateOutOfOrder("The day is in the future. Correct it.")
    open_ones = Diagnosis.objects.live().filter(id=diagnosis.id, confirmed_on__isnull=True)
    if not open_ones.update(confirmed_on=on, confirmed_by=treating_clinician, confirmed_how=how[:60]):
        raise NothingChanges("This diagnosis is confirmed already.")
    fields = ["confirmed_on", "confirmed_by"]
    _tell("diagnosis.confirmed", diagnosis, diagnosis.episode, stamp=Stamp(by, at), fields=fields)
    diagnosis.confirmed_on, diagnosis.confirmed_by, diagnosis.confirmed_how = on, treating_clinician, how[:60]
    return diagnosis


@transaction.atomic
def end_diagnosis(*, by: Membership, at: datetime, diagnosis: Diagnosis, reason: str) -> None:
    """Take a diagnosis off the list; it stays on record with the reason. Raises ReasonMissing, AlreadyVoided."""
    stamp = Stamp(by, at)
    episode = _locked(diagnosis.episode)
    void_facts([diagnosis], stamp=stamp, reason=reason)
    for rank, one in enumerate(Diagnosis.objects.live().filter(episode=episode).order_by("rank", "code"), start=1):
        Diagnosis.objects.filter(id=one.id).exclude(rank=rank).update(rank=rank)
    _tell("diagnosis.voided", diagnosis, episode, stamp=stamp, fields=["voided_at", "void_reason"])


def _open(episode: Episode) -> Episode:
    """The episode, locked: one order of its diagnoses at a time."""
    present = _locked(episode)
    if present.ended_on is not None:
        raise EpisodeEnded
    return present


def _locked(episode: Episode) -> Episode:
    present: Episode = Episode.objects.live().select_for_update(no_key=True).get(id=episode.id)
    return present


def _tell(action: str, diagnosis: Diagnosis, episode: Episode, *, stamp: Stamp, fields: list[str]) -> None:
    record(action, by=stamp.by, at=stamp.at, patient_id=episode.patient_id, object_id=diagnosis.id, fields=fields)
    announce_change([episode.id], stamp=stamp, since=diagnosis.from_on or episode.enrolled_on)
