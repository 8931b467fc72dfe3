"""An enrolment from its beginning to its end."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Clinic, Membership
from registry.models import EndReason, Episode, EpisodeStatus, Patient, Program, ProgramPeriod, TreatingClinician
from registry.operations.drafts import draft_episode, draft_program_period
from registry.operations.errors import DateOutOfOrder, EpisodeEnded, EpisodeOpen, NothingChanges
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, void_facts


@transaction.atomic
def open_episode(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    clinic: Clinic,
    enrolled_on: date,
    program: str = Program.COCM,
    referred_on: date | None = None,
    care_manager: Membership | None = None,
    treating_clinician: TreatingClinician | None = None,
    import_id: UUID | None = None,
) -> Episode:
    """Enrol a patient in a program, with the first program period.

    Raises EpisodeOpen when the patient is enrolled already, DateOutOfOrder.
    """
    stamp = Stamp(by, at, import_id)
    episode = draft_episode(
        stamp,
        patient=patient,
        clinic=clinic,
        enrolled_on=enrolled_on,
        program=program,
        referred_on=referred_on,
        care_manager=care_manager,
        treating_clinician=treating_clinician,
    )
    first = draft_program_period(stamp, episode=episode, program=program, from_on=enrolled_on)
    with refusing({"registry_episode_one_open": EpisodeOpen}):
        record_facts([episode, first])
    tell_of_episode(
        "episode.opened", episode, stamp=stamp, since=referred_on or enrolled_on, fields=["program", "enrolled_on"]
    )
    return episode


@transaction.atomic
def change_program(*, by: Membership, at: datetime, episode: Episode, to: str, on: date) -> Episode:
    """Move an open episode to the other program from a day on; a change already made on that day is replaced.

    Raises EpisodeEnded, DateOutOfOrder before enrolment or before a later change, NothingChanges.
    """
    stamp = Stamp(by, at)
    episode = under_way(episode)
    periods = list(ProgramPeriod.objects.live().filter(episode=episode).order_by("from_on"))
    if any(period.from_on > on for period in periods):
        raise DateOutOfOrder("The program was changed again later. Take that change back first.")
    if periods and periods[-1].program == to:
        raise NothingChanges("The patient is in that program already.")
    void_same_day = [period for period in periods if period.from_on == on]
    if void_same_day:
        void_facts(void_same_day, stamp=stamp, reason="Replaced on the same day")
    record_facts([draft_program_period(stamp, episode=episode, program=to, from_on=on)])
    episode.program = to
    episode.save(update_fields=["program"])
    tell_of_episode("episode.program_changed", episode, stamp=stamp, since=on, fields=["program"])
    return episode


@transaction.atomic
def start_relapse_prevention(*, by: Membership, at: datetime, episode: Episode, on: date) -> Episode:
    """From `on` the episode is in relapse prevention. Raises EpisodeEnded, DateOutOfOrder, NothingChanges."""
    episode = under_way(episode)
    if episode.relapse_prevention_from is not None:
        raise NothingChanges("The patient is in relapse prevention already.")
    _not_before_enrolment(episode, on)
    episode.relapse_prevention_from = on
    episode.status = EpisodeStatus.RELAPSE_PREVENTION
    episode.save(update_fields=["relapse_prevention_from", "status"])
    tell_of_episode(
        "episode.relapse_prevention", episode, stamp=Stamp(by, at), since=on, fields=["relapse_prevention_from"]
    )
    return episode


@transaction.atomic
def end_episode(*, by: Membership, at: datetime, episode: Episode, on: date, reason: str) -> Episode:
    """Discharge on a day, which still counts. A death is kept with the patient too.

    Raises EpisodeEnded when it has ended already, DateOutOfOrder before enrolment.
    """
    episode = under_way(episode)
    _not_before_enrolment(episode, on)
    ended(episode, on=on, reason=reason)
    tell_of_episode("episode.ended", episode, stamp=Stamp(by, at), since=on, fields=["ended_on", "end_reason"])
    return episode


def ended(episode: Episode, *, on: date, reason: str) -> None:
    """Write the end of a locked episode; a death is kept with the patient too."""
    episode.ended_on, episode.end_reason, episode.status = on, reason, EpisodeStatus.DISCHARGED
    episode.save(update_fields=["ended_on", "end_reason", "status"])
    if reason == EndReason.DIED:
        Patient.objects.filter(id=episode.patient_id, died_on__isnull=True).update(died_on=on)


def under_way(episode: Episode) -> Episode:
    """The episode as it is now, locked, so that two people do not end it twice. Raises EpisodeEnded."""
    present: Episode = Episode.objects.live().select_for_update().get(id=episode.id)
    if present.ended_on is not None:
        raise EpisodeEnded
    return present


def _not_before_enrolment(episode: Episode, on: date) -> None:
    if on < episode.enrolled_on:
        raise DateOutOfOrder("This date is before the enrolment. Correct one of them.")


def tell_of_episode(action: str, episode: Episode, *, stamp: Stamp, since: date, fields: list[str]) -> None:
    """One audit event, and the announcement that the episode's months may come out differently."""
    record(action, by=stamp.by, at=stamp.at, patient_id=episode.patient_id, object_id=episode.id, fields=fields)
    announce_change([episode.id], stamp=stamp, since=since)
