"""Today: what is due for whom, in which order, and what is done on a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from caseload.models import FollowUp, Snooze
from caseload.operations import rebuild_standing
from caseload.operations.errors import FollowUpClosed, FollowUpInThePast, PatientDischarged, SnoozeRefused
from caseload.operations.follow_ups import change_follow_up, close_follow_up, plan_follow_up
from caseload.operations.snoozes import end_snooze, snooze_task
from caseload.queries.today import Scope, work_due, worklist
from registry.operations import end_episode
from registry.operations.tools import ToolChoice, set_tools
from registry.rules.tools import Rhythm
from tests.factories.caseload import ContactFactory, FollowUpFactory
from tests.factories.program import ReferralFactory, SafetyNoticeFactory, StayFactory
from tests.factories.registry import AssessmentFactory
from tests.factories.work import ClinicianRequestFactory, CoverFactory, ExternalReferralFactory, WorkProtocolFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    def make(path: str = "today/", episode: Any = None) -> str:
        patient = f"patients/{episode.patient_id}/" if episode is not None else ""
        return f"/o/{organization.slug}/{patient}{path}"

    return make


@pytest.fixture
def due(by: Any, now: datetime) -> Callable[..., Any]:
    """`due()`: the worklist of the care manager, as a page reads it."""

    def make(whose: str = "ours", seat: Any = None, **scope: Any) -> Any:
        return worklist(work_due(by.organization_id, Scope((seat or by).id, whose, **scope), at=now), {})

    return make


@pytest.fixture
def planned(enrolled: Callable[..., Any], by: Any, now: datetime) -> Callable[..., Any]:
    """`planned("Rivera", date)`: an episode with a score of today and a follow-up due that day."""

    def make(name: str, due_on: date | None = None, **episode: Any) -> Any:
        made = enrolled(name, **episode)
        AssessmentFactory(organization=made.organization, episode=made, on=TODAY, total=8)
        if due_on is not None:
            FollowUpFactory(organization=made.organization, episode=made, due_on=due_on, purpose="Sleep")
        rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
        return made

    return make


def shown(found: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, first reason and the kinds of the rest, in the order of the rows."""
    return [(row.patient.person.name, row.first.kind, tuple(task.kind for task in row.more)) for row in found.rows]


# What is due


def test_nothing_is_due_where_nobody_is(due: Callable[..., Any], in_tenant: Any) -> None:
    assert due().rows == ()


def test_rows_stand_by_the_harm_of_missing_them(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    planned("Late", TODAY - timedelta(days=3))
    planned("Today", TODAY)
    planned("Coming", TODAY + timedelta(days=1))
    danger = planned("Danger", TODAY - timedelta(days=9))
    AssessmentFactory(organization=danger.organization, episode=danger, on=TODAY, total=12, item9=2)
    told = planned("Told")
    SafetyNoticeFactory(organization=told.organization, patient=told.patient)
    left = planned("Left")
    StayFactory(organization=left.organization, patient=left.patient, until_on=date(2026, 2, 27))
    rebuild_standing(organization_id=by.organization_id, episode_ids=[danger.id], at=now)
    assert shown(due()) == [
        ("Told, Ana", "safety_notice", ()),
        ("Danger, Ana", "risk_unassessed", ("follow_up_overdue",)),
        ("Left, Ana", "stay_ended", ()),
        ("Late, Ana", "follow_up_overdue", ()),
        ("Today, Ana", "follow_up_today", ()),
    ]
    assert due().rows[1].first.words == "Item 9 answered 2 on Mar 2, not yet assessed"
    assert due().safety == 2


def test_an_assessed_danger_asks_again_when_its_recheck_is_due(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    danger = planned("Danger")
    AssessmentFactory(organization=danger.organization, episode=danger, on=date(2026, 2, 10), total=12, item9=1)
    screen = {"instrument": "cssrs", "total": None, "on": date(2026, 2, 10), "detail": {"tier": "moderate"}}
    AssessmentFactory(organization=danger.organization, episode=danger, is_total_only=False, **screen)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[danger.id], at=now)
    [row] = due().rows
    assert (row.first.kind, row.first.since) == ("risk_recheck", date(2026, 2, 24))
    assert row.first.words == "Assessed as moderate risk on Feb 10, recheck was due on Feb 24"


def test_minutes_without_consent_and_questions_to_others_are_due(
    planned: Callable[..., Any], due: Callable[..., Any], log: Callable[..., Any]
) -> None:
    log(planned("Bare", consent=False))
    asked = planned("Asked")
    ClinicianRequestFactory(organization=asked.organization, episode=asked, due_on=TODAY)
    ExternalReferralFactory(organization=asked.organization, episode=asked, check_on=date(2026, 2, 25))
    later = planned("Later")
    ExternalReferralFactory(organization=later.organization, episode=later, check_on=TODAY + timedelta(days=1))
    assert shown(due()) == [("Asked, Ana", "coordination", ()), ("Bare, Ana", "consent_missing", ())]
    assert due().rows[0].first.words == "Ask whether the patient was seen: County clinic"
    assert due().rows[1].first.words == "Minutes run without consent, from Mar 2"


def test_an_overdue_score_names_the_scale(
    enrolled: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = enrolled("Stale", enrolled_on=date(2026, 1, 5))
    AssessmentFactory(organization=made.organization, episode=made, on=date(2026, 1, 6), total=14)
    FollowUpFactory(organization=made.organization, episode=made, due_on=TODAY + timedelta(days=5))
    rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
    [row] = due().rows
    assert [task.kind for task in row.tasks] == ["score_overdue"]
    assert row.first.words == "PHQ-9 was due on Jan 20, last on Jan 6; GAD-7 was due on Jan 5, none yet"


def test_an_overdue_score_is_said_by_the_rhythm_of_the_clinic(
    enrolled: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = enrolled("Stale", enrolled_on=date(2026, 1, 5))
    tools = [ToolChoice("phq9", rhythm=Rhythm(21, 30), is_in_use=True), ToolChoice("gad7", is_in_use=False)]
    set_tools(by=by, at=now, clinic_id=made.clinic_id, choices=tools)
    for key, on, total in (("phq9", 6, 14), ("phqa", 9, 12)):
        AssessmentFactory(
            organization=made.organization, episode=made, on=date(2026, 1, on), total=total, instrument=key
        )
    FollowUpFactory(organization=made.organization, episode=made, due_on=TODAY + timedelta(days=5))
    rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
    [row] = due().rows
    assert row.first.words == "PHQ-9 was due on Jan 30, last on Jan 9"


def test_the_treating_clinician_is_told_on_day_14_by_a_request_or_in_a_contact(
    enrolled: Callable[..., Any], due: Callable[..., Any], by: Any
) -> None:
    lost = {}
    for name, ago in (("Asked", 20), ("Before", 20), ("New", 13), ("Reached", 20), ("Spoken", 20), ("Untold", 14)):
        lost[name] = made = enrolled(name, enrolled_on=date(2026, 1, 5))
        on = TODAY - timedelta(days=ago)
        ContactFactory(organization=made.organization, episode=made, on=on, activity="outreach_attempt",
                       outcome="voicemail", started_at=None)  # fmt: skip
    of = {name: {"organization": made.organization, "episode": made} for name, made in lost.items()}
    ClinicianRequestFactory(**of["Asked"], asked_on=date(2026, 2, 12), due_on=date(2026, 3, 20))
    ClinicianRequestFactory(**of["Before"], asked_on=date(2026, 2, 9), due_on=date(2026, 3, 20))
    ContactFactory(**of["Spoken"], on=date(2026, 2, 17), activity="coordination", started_at=None)
    ContactFactory(**of["Reached"], on=date(2026, 2, 27), activity="treatment", started_at=None)
    told = {
        row.patient.person.name: (task.since, task.words)
        for row in due().rows
        for task in row.tasks
        if task.kind == "clinician_untold"
    }
    assert told == {
        "Before, Ana": (date(2026, 2, 24), "Not reached since Feb 10: say so, and ask whether they were seen"),
        "Untold, Ana": (TODAY, "Not reached since Feb 16: say so, and ask whether they were seen"),
    }


def test_a_clinic_without_a_letter_tells_after_its_last_try(
    enrolled: Callable[..., Any], due: Callable[..., Any]
) -> None:
    made = enrolled("Untold", enrolled_on=date(2026, 1, 5))
    WorkProtocolFactory(
        organization=made.organization, clinic=made.clinic, outreach=[[0, "phone"], [5, "phone"], [9, "review"]]
    )
    ContactFactory(organization=made.organization, episode=made, on=date(2026, 2, 25), activity="outreach_attempt",
                   outcome="voicemail", started_at=None)  # fmt: skip
    [since] = [task.since for row in due().rows for task in row.tasks if task.kind == "clinician_untold"]
    assert since == TODAY


def test_referrals_are_due_for_whom_they_were_given_to_and_for_everybody_while_nobodys(
    clinic: Any, by: Any, due: Callable[..., Any], membership: Callable[..., Any], in_tenant: Any
) -> None:
    mine = {"organization": by.organization, "clinic": clinic, "patient__clinic": clinic, "first_attempt_due_on": TODAY}
    other = membership("care_manager")
    ReferralFactory(**mine, assigned_to=by, patient__family_name="Mine", patient__given_name="Ana")
    ReferralFactory(**mine, urgency="urgent", patient__family_name="Free", patient__given_name="Ana")
    ReferralFactory(**mine, assigned_to=other, patient__family_name="Hers", patient__given_name="Ana")
    assert shown(due()) == [("Free, Ana", "first_attempt", ()), ("Mine, Ana", "first_attempt", ())]
    assert due().rows[0].first.words == "Urgent. First attempt due today"
    assert [row.patient.person.name for row in due("all").rows] == ["Free, Ana", "Hers, Ana", "Mine, Ana"]


def test_whose_work_is_shown(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, membership: Callable[..., Any]
) -> None:
    away, other = membership("care_manager", name="Away"), membership("care_manager", name="Other")
    planned("Mine", TODAY)
    planned("Covered", TODAY, care_manager=away)
    planned("Hers", TODAY, care_manager=other)
    planned("Nobodys", TODAY, care_manager=None)
    cover = {"organization": by.organization, "away": away, "by": by}
    CoverFactory(**cover, from_on=TODAY, until_on=TODAY)
    CoverFactory(**(cover | {"away": other}), from_on=TODAY + timedelta(days=1), until_on=TODAY + timedelta(days=2))
    names = {whose: [row[0].split(",")[0] for row in shown(due(whose))] for whose in ("ours", "mine", "covered", "all")}
    assert names == {
        "ours": ["Covered", "Mine"],
        "mine": ["Mine"],
        "covered": ["Covered"],
        "all": ["Covered", "Hers", "Mine", "Nobodys"],
    }


def test_danger_that_is_nobodys_is_everybodys(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = planned("Nobodys", TODAY, care_manager=None)
    AssessmentFactory(organization=made.organization, episode=made, on=TODAY, total=12, item9=1)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
    assert shown(due()) == [("Nobodys, Ana", "risk_unassessed", ("follow_up_today",))]


def test_a_follow_up_belongs_to_whom_it_was_given(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, membership: Callable[..., Any], now: datetime
) -> None:
    other = membership("care_manager")
    made = planned("Given", TODAY)
    follow_up = FollowUp.objects.get(episode=made)
    change_follow_up(
        by=by, at=now, follow_up_id=follow_up.id, due_on=TODAY, purpose="Sleep", assigned_to_id=other.id
    )  # fmt: skip
    assert shown(due()) == []
    assert shown(due(seat=other)) == [("Given, Ana", "follow_up_today", ())]
    assert shown(due("all")) == [("Given, Ana", "follow_up_today", ())]


def test_another_clinic_is_left_out(planned: Callable[..., Any], due: Callable[..., Any]) -> None:
    made = planned("Here", TODAY)
    assert len(due(clinic_id=made.clinic_id).rows) == 1
    assert due(clinic_id=uuid4()).rows == ()


# What was put off


def test_what_is_put_off_does_not_ask_until_its_day(
    planned: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = planned("Late", TODAY - timedelta(days=3))
    values = {"episode_id": made.id, "task": "follow_up_overdue", "until_on": TODAY + timedelta(days=7)}
    snooze = snooze_task(by=by, at=now, **values, reason=" On holiday. ")
    assert due().rows == ()
    [waiting] = due().waiting
    assert (waiting.put_off.id, waiting.put_off.reason, waiting.task.kind) == (
        snooze.id, "On holiday.", "follow_up_overdue",
    )  # fmt: skip
    assert snooze_task(by=by, at=now, **values, reason="On holiday.").id == snooze.id
    again = snooze_task(by=by, at=now, **(values | {"until_on": TODAY + timedelta(days=2)}), reason="Back sooner.")
    assert [one.put_off.id for one in due().waiting] == [again.id]
    end_snooze(by=by, at=now, snooze_id=again.id)
    assert shown(due()) == [("Late, Ana", "follow_up_overdue", ())]
    with pytest.raises(NotFound):
        end_snooze(by=by, at=now, snooze_id=again.id)


@pytest.mark.parametrize(
    ("task", "days", "reason", "field"),
    [
        ("risk_unassessed", 1, "Busy", ""),
        ("safety_notice", 1, "Busy", ""),
        ("score_overdue", 0, "Busy", "until_on"),
        ("score_overdue", 31, "Busy", "until_on"),
        ("score_overdue", 1, " ", "reason"),
    ],
)
def test_what_cannot_be_put_off(
    planned: Callable[..., Any], by: Any, now: datetime, task: str, days: int, reason: str, field: str
) -> None:
    made = planned("Late")
    with pytest.raises(SnoozeRefused) as refusal:
        snooze_task(by=by, at=now, episode_id=made.id, task=task, until_on=TODAY + timedelta(days=days), reason=reason)
    assert refusal.value.field == field
    assert not Snooze.objects.exists()


def test_only_an_episode_that_is_there_can_be_put_off(by: Any, now: datetime, in_tenant: Any) -> None:
    with pytest.raises(NotFound):
        snooze_task(by=by, at=now, episode_id=uuid4(), task="score_overdue", until_on=TODAY, reason="Busy")


# Follow-ups


def test_a_follow_up_is_planned_once(planned: Callable[..., Any], by: Any, now: datetime) -> None:
    made = planned("Rivera")
    values = {"by": by, "at": now, "episode_id": made.id, "purpose": "PHQ-9"}
    first = plan_follow_up(**values, due_on=TODAY)
    assert plan_follow_up(**values, due_on=TODAY) == first
    assert FollowUp.objects.get().due_on == TODAY
    with pytest.raises(FollowUpClosed):
        plan_follow_up(**values, due_on=TODAY + timedelta(days=1))


def test_a_follow_up_is_moved_and_keeps_its_history(
    planned: Callable[..., Any], by: Any, now: datetime, due: Callable[..., Any]
) -> None:
    planned("Late", TODAY - timedelta(days=3))
    follow_up = FollowUp.objects.get()
    values = {"by": by, "at": now, "follow_up_id": follow_up.id, "purpose": "Sleep", "assigned_to_id": None}
    before = AuditEvent.objects.count()
    change_follow_up(**values, due_on=follow_up.due_on)
    assert AuditEvent.objects.count() == before
    change_follow_up(**values, due_on=TODAY + timedelta(days=4))
    assert due().rows == ()
    assert AuditEvent.objects.get(action="follow_up.changed").fields == ["due_on"]
    with pytest.raises(FollowUpInThePast):
        change_follow_up(**values, due_on=TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        change_follow_up(**(values | {"assigned_to_id": uuid4()}), due_on=TODAY)


def test_a_follow_up_is_done_once(planned: Callable[..., Any], by: Any, now: datetime, due: Callable[..., Any]) -> None:
    planned("Late", TODAY - timedelta(days=3))
    follow_up = FollowUp.objects.get()
    close_follow_up(by=by, at=now, follow_up_id=follow_up.id)
    follow_up.refresh_from_db()
    assert (follow_up.closed_on, due().rows) == (TODAY, ())
    with pytest.raises(FollowUpClosed):
        close_follow_up(by=by, at=now, follow_up_id=follow_up.id)
    with pytest.raises(NotFound):
        close_follow_up(by=by, at=now, follow_up_id=uuid4())


def test_nothing_is_planned_for_who_is_gone(planned: Callable[..., Any], by: Any, now: datetime) -> None:
    made = planned("Gone")
    end_episode(by=by, at=now, episode=made, on=date(2026, 3, 1), reason="graduated")
    with pytest.raises(PatientDischarged):
        plan_follow_up(by=by, at=now, episode_id=made.id, due_on=TODAY)
    with pytest.raises(NotFound):
        plan_follow_up(by=by, at=now, episode_id=uuid4(), due_on=TODAY)
