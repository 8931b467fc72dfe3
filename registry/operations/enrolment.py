"""Enrolling a patient, and what an enrolment is steered by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from bhi.tenancy.models import Clinic, Membership
from registry.models import Episode, Program, Referral, TreatingClinician
from registry.operations.episodes import open_episode, tell_of_episode, under_way
from registry.operations.errors import DateOutOfOrder, NothingChanges, TargetUnknown
from registry.operations.recording import Stamp
from registry.operations.referral_course import close_as_enrolled
from registry.operations.referrals import check_own_clinic
from registry.rules.instruments import TARGET_SCALES


@transaction.atomic
def enrol_patient(
    *,
    by: Membership,
    at: datetime,
    today: date,
    referral: Referral,
    clinic: Clinic,
    enrolled_on: date,
    program: str = Program.COCM,
    care_manager: Membership | None = None,
    treating_clinician: TreatingClinician | None = None,
) -> Episode:
    """A referral becomes an enrolment: the episode is opened, the referral closed. After a discharge it is a new one.

    Sent twice it returns the episode of the first time. Raises DateOutOfOrder also after `today`, the clinic's day,
    EpisodeOpen, ReferralEnded, DayImpossible, ClinicNotOwn.
    """
    found = Referral.objects.live().select_for_update(of=("self",)).select_related("episode", "patient")
    present: Referral = found.get(id=referral.id)
    if present.episode is not None:
        return present.episode
    check_own_clinic(by, clinic)
    if enrolled_on > today:
        raise DateOutOfOrder("The enrolment is in the future. Correct its day.")
    if present.patient.died_on is not None:
        raise DateOutOfOrder("This patient has died, so nobody can be enrolled.")
    _not_within_an_earlier_one(referral, enrolled_on)
    episode = open_episode(
        by=by,
        at=at,
        patient=present.patient,
        clinic=clinic,
        enrolled_on=enrolled_on,
        program=program,
        referred_on=min(present.referred_on, enrolled_on),
        care_manager=care_manager,
        treating_clinician=treating_clinician,
    )
    close_as_enrolled(by=by, at=at, referral=present, episode=episode)
    return episode


@transaction.atomic
def choose_targets(*, by: Membership, at: datetime, episode: Episode, keys: Sequence[str]) -> Episode:
    """The scales that an open episode is steered by, in the order of the library.

    Raises TargetUnknown for none or one that is no target scale, EpisodeEnded, NothingChanges.
    """
    if not keys or not set(keys) <= TARGET_SCALES.keys():
        raise TargetUnknown
    chosen = [key for key in TARGET_SCALES if key in keys]
    present = under_way(episode)
    if present.target_instruments == chosen:
        raise NothingChanges("These scales are chosen already.")
    present.target_instruments = chosen
    present.save(update_fields=["target_instruments"])
    stamp = Stamp(by, at)
    tell_of_episode(
        "episode.targets_chosen", present, stamp=stamp, since=present.enrolled_on, fields=["target_instruments"]
    )
    return present


def _not_within_an_earlier_one(referral: Referral, enrolled_on: date) -> None:
    """A new enrolment begins after the last one ended: their days must not overlap."""
    earlier = Episode.objects.live().filter(patient_id=referral.patient_id, ended_on__gte=enrolled_on)
    if earlier.exists():
        raise DateOutOfOrder("The patient was still enrolled on that day. Begin the new enrolment after the discharge.")
