"""The care plan, version by version, and the treating clinician's word on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import CarePlan, Episode, PlanSignOff
from registry.operations.errors import DateOutOfOrder, EpisodeEnded
from registry.operations.plan_errors import (
    ClinicianMissing,
    ContentRefused,
    NothingToSign,
    NotTheTreatingClinician,
    PlanOutdated,
    PlanSigned,
)
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, stamped
from registry.operations.versions import Kept, keep_version
from registry.queries.plans import plan_in_force
from registry.rules.care_plans import SIGNED_IN, Plan, faults_of_plan
from registry.rules.content import as_json


@transaction.atomic
def record_plan_version(
    *, by: Membership, at: datetime, episode: Episode, based_on: int, on: date, content: Plan, today: date
) -> Kept[CarePlan]:
    """The version after `based_on` of an open episode's care plan, in force from `on`; `today` is the clinic's day.

    Earlier versions stay: a month rests on the plan that was there. Raises EpisodeEnded, ContentRefused,
    EditedMeanwhile.
    """
    if episode.ended_on is not None:
        raise EpisodeEnded
    if faults := faults_of_plan(content, today=today, born_on=episode.patient.birth_date):
        raise ContentRefused(faults)
    kept = keep_version(
        CarePlan,
        stamp=Stamp(by, at),
        owner={"episode": episode},
        based_on=based_on,
        on=on,
        constraint="registry_careplan_number",
        text=content.text,
        content=as_json(replace(content, text="")),
    )
    if kept.was_new:
        fields = ["on", "text", "content"]
        record("care_plan.recorded", by=by, at=at, patient_id=episode.patient_id, object_id=kept.row.id, fields=fields)
        announce_change([episode.id], stamp=Stamp(by, at), since=on)
    return kept


@transaction.atomic
def sign_plan(*, by: Membership, at: datetime, episode: Episode, plan_id: UUID, on: date, how: str) -> PlanSignOff:
    """The treating clinician agreed on a day to the version that was shown.

    By signing in (`how` is SIGNED_IN) only the clinician whose seat this is can; otherwise somebody records what they
    said, and how. Raises NothingToSign, PlanOutdated, ClinicianMissing, NotTheTreatingClinician, DateOutOfOrder,
    PlanSigned.
    """
    plan = plan_in_force(episode.id)
    if plan is None or plan.is_assumed:
        raise NothingToSign
    if plan.id != plan_id:
        raise PlanOutdated
    clinician = episode.treating_clinician
    if clinician is None:
        raise ClinicianMissing
    if how == SIGNED_IN and clinician.membership_id != by.id:
        raise NotTheTreatingClinician(str(clinician))
    _in_time(on, plan=plan, today=at.astimezone(ZoneInfo(episode.clinic.time_zone)).date())
    row = stamped(PlanSignOff, Stamp(by, at), plan=plan, treating_clinician=clinician, on=on, how=how)
    with refusing({"registry_plansignoff_one": PlanSigned}):
        record_facts([row])
    record("care_plan.signed", by=by, at=at, patient_id=episode.patient_id, object_id=plan.id, fields=["on", "how"])
    return row


def _in_time(on: date, *, plan: CarePlan, today: date) -> None:
    if on > today:
        raise DateOutOfOrder("The sign-off is in the future. Correct the day.")
    if on < plan.on:
        raise DateOutOfOrder("The sign-off is before the day of the plan. Correct the day.")
