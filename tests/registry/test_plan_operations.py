"""What the operations of plans refuse and keep when no form stood before them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from registry.models import CarePlan, InitialAssessment, PlanSignOff, SafetyPlan
from registry.operations import void_fact
from registry.operations.care_plans import record_plan_version, sign_plan
from registry.operations.errors import EpisodeEnded
from registry.operations.initial_assessments import record_first_assessment
from registry.operations.plan_errors import (
    ContentRefused,
    EditedMeanwhile,
    NothingToSign,
    NotTheTreatingClinician,
)
from registry.operations.safety_plans import record_safety_plan
from registry.queries.plans import (
    care_plans,
    clinician_of_seat,
    earlier_first_assessment,
    first_assessment,
    plan_in_force,
    safety_part,
    safety_plan,
)
from registry.rules.care_plans import Plan
from registry.rules.initial_assessment import FirstAssessment
from registry.rules.safety_plans import Safety, Somebody
from tests.factories.registry import CarePlanFactory, EpisodeFactory, TreatingClinicianFactory

TODAY = date(2026, 3, 2)
ENOUGH = FirstAssessment(why_referred="Low mood", suicide_history="None")


@pytest.fixture
def episode(in_tenant: Any) -> Any:
    return EpisodeFactory(organization=in_tenant, treating_clinician=TreatingClinicianFactory(organization=in_tenant))


@pytest.fixture
def keep(by: Any, now: datetime, episode: Any) -> Any:
    """`keep(Plan(…), based_on=1)`: a version of the episode's care plan."""

    def make(content: Plan, *, based_on: int = 0, on: date = TODAY) -> Any:
        return record_plan_version(
            by=by, at=now, episode=episode, based_on=based_on, on=on, content=content, today=TODAY
        )  # fmt: skip

    return make


def test_an_ended_episode_gets_no_plan_and_no_assessment(by: Any, now: datetime, in_tenant: Any) -> None:
    ended = EpisodeFactory(
        organization=in_tenant, ended_on=date(2026, 3, 1), end_reason="graduated", status="discharged"
    )  # fmt: skip
    same = {"by": by, "at": now, "episode": ended, "based_on": 0, "on": TODAY, "today": TODAY}
    with pytest.raises(EpisodeEnded):
        record_plan_version(content=Plan(goals="Walk"), **same)
    with pytest.raises(EpisodeEnded):
        record_first_assessment(content=ENOUGH, **same)


def test_what_the_rules_refuse_is_not_kept(by: Any, now: datetime, episode: Any, keep: Any) -> None:
    with pytest.raises(ContentRefused) as refused:
        keep(Plan(goals="x" * 4_001))
    assert [fault.name for fault in refused.value.faults] == ["goals"]
    same = {"by": by, "at": now, "based_on": 0, "on": TODAY, "today": TODAY}
    with pytest.raises(ContentRefused):
        record_first_assessment(episode=episode, content=FirstAssessment(), **same)
    with pytest.raises(ContentRefused):
        record_safety_plan(patient=episode.patient, content=Safety(), **same)
    assert [kind.objects.count() for kind in (CarePlan, InitialAssessment, SafetyPlan)] == [0, 0, 0]


def test_versions_stay_and_each_is_announced_once(keep: Any, episode: Any) -> None:
    first = keep(Plan(goals="Walk", text="Words"), on=date(2026, 2, 3))
    again = keep(Plan(goals="Walk", text="Words"), on=date(2026, 2, 3))
    second = keep(Plan(goals="Walk far"), based_on=1)
    assert (first.was_new, again.was_new, again.row.id, second.row.number) == (True, False, first.row.id, 2)
    assert [(row.number, row.on, row.text) for row in CarePlan.objects.live().order_by("number")] == [
        (1, date(2026, 2, 3), "Words"), (2, TODAY, ""),
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action="care_plan.recorded").count() == 2
    assert Job.objects.filter(kind="refresh_service_month", key__contains=str(episode.id)).exists()
    with pytest.raises(EditedMeanwhile):
        keep(Plan(goals="Sleep"), based_on=1)


def test_the_number_of_a_version_that_was_taken_back_is_not_given_again(
    keep: Any, by: Any, now: datetime, episode: Any
) -> None:
    keep(Plan(goals="Walk"))
    wrong = keep(Plan(goals="Of another patient"), based_on=1).row
    void_fact(by=by, at=now, fact=wrong, reason="Another patient's")
    assert [version.name for version in care_plans(episode.id)] == ["Version 1"]
    assert keep(Plan(goals="Walk far"), based_on=1).row.number == 3
    assert [version.name for version in care_plans(episode.id)] == ["Version 3", "Version 1"]


def test_what_was_written_here_is_in_force_before_what_an_import_brings(keep: Any, episode: Any) -> None:
    assert plan_in_force(episode.id) is None
    CarePlanFactory(organization=episode.organization, episode=episode, on=date(2026, 2, 1))
    later = CarePlanFactory(organization=episode.organization, episode=episode, on=date(2026, 2, 20), is_assumed=True)
    assert plan_in_force(episode.id).id == later.id
    kept = keep(Plan(goals="Walk"), on=date(2026, 2, 10)).row
    assert plan_in_force(episode.id).id == kept.id


def test_only_a_written_plan_is_signed(by: Any, now: datetime, episode: Any, keep: Any) -> None:
    same = {"by": by, "at": now, "episode": episode, "on": TODAY}
    assumed = CarePlanFactory(organization=episode.organization, episode=episode, is_assumed=True)
    with pytest.raises(NothingToSign):
        sign_plan(plan_id=assumed.id, how="verbally", **same)
    plan = keep(Plan(goals="Walk")).row
    with pytest.raises(NotTheTreatingClinician):
        sign_plan(plan_id=plan.id, how="signed_in", **same)
    sign_plan(plan_id=plan.id, how="message", **same)
    assert PlanSignOff.objects.get().treating_clinician_id == episode.treating_clinician_id
    assert care_plans(episode.id)[0].sign_off.how == "by message"
    keep(Plan(goals="Walk far"), based_on=1)
    assert [version.sign_off is None for version in care_plans(episode.id)] == [True, False, True]


def test_the_day_of_the_clinic_decides_what_is_in_the_future(by: Any, now: datetime, episode: Any, keep: Any) -> None:
    """Ten at night in Chicago is the next day in UTC."""
    plan = keep(Plan(goals="Walk")).row
    night = now + timedelta(hours=11)
    assert night.date() == TODAY + timedelta(days=1)
    with pytest.raises(Exception, match="in the future"):
        sign_plan(by=by, at=night, episode=episode, plan_id=plan.id, on=night.date(), how="verbally")


def test_what_others_read_of_it(by: Any, now: datetime, episode: Any) -> None:
    same = {"by": by, "at": now, "based_on": 0, "on": TODAY, "today": TODAY}
    assert first_assessment(episode.id) is None
    assert safety_plan(episode.patient_id) is None
    assert safety_part(None) is None
    record_first_assessment(episode=episode, content=ENOUGH, **same)
    record_safety_plan(patient=episode.patient, content=Safety(helpers=(Somebody("Dolores", "555 0100"),)), **same)
    assert first_assessment(episode.id).content == ENOUGH
    assert first_assessment(episode.id).by == "Ken Abara, RN"
    assert earlier_first_assessment(episode.patient_id, without=episode.id) is None
    other = EpisodeFactory(organization=episode.organization)
    assert earlier_first_assessment(episode.patient_id, without=other.id).content == ENOUGH
    row = SafetyPlan.objects.values("number", "on", "content").get()
    for stored in (row, row | {"on": row["on"].isoformat()}):
        part = safety_part(stored)
        assert (part.number, part.on) == (1, TODAY)
        assert [(one.title, one.fields[0].rows) for one in part.parts] == [
            ("People I can ask for help", (("Dolores", "555 0100"),))
        ]


def test_whose_seat_is_a_clinicians(by: Any, in_tenant: Any) -> None:
    assert clinician_of_seat(by.id) is None
    clinician = TreatingClinicianFactory(organization=in_tenant, membership=by)
    assert clinician_of_seat(by.id) == clinician.id
