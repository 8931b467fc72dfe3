"""Slots, the week's sessions, their agendas, and the live session with its minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.accounts.queries import system_membership
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import run
from caseload.models import AgendaItem, OpenSpell, ReviewSession, ReviewSlot, SessionSeat, SlotSeat, TimeEntry
from caseload.operations.live_sessions import begin_session, end_session, open_item, pause_session, set_present
from caseload.operations.review_sessions import (
    SessionTerms,
    add_to_agenda,
    cancel_session,
    defer_item,
    defer_patient,
    draw_agenda,
    move_on_agenda,
    plan_coming_sessions,
    plan_session,
    put_back,
    take_off_agenda,
)
from caseload.operations.review_slots import Room, SlotTerms, end_slot, set_slot
from caseload.operations.session_errors import (
    AnotherLive,
    ItemMoved,
    NoSession,
    SessionMoved,
    SessionRefused,
    SlotTaken,
    SpellsToConfirm,
)
from caseload.operations.standing import rebuild_standing
from caseload.queries.review_queue import Population, queue_rows_of, review_queue
from caseload.rules.review_queue import Assessed
from registry.operations.errors import ReasonMissing
from tests.factories.registry import AssessmentFactory, system_seat
from tests.factories.reviews import ReviewQuestionFactory, ReviewSessionFactory, TreatmentChangeFactory
from tests.factories.risk import RiskCaseFactory

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def consultant(membership: Callable[..., Any]) -> Any:
    return membership("psychiatric_consultant", name="Lena Ortiz", credential="MD")


@pytest.fixture
def terms(clinic: Any, consultant: Any, by: Any) -> Callable[..., SlotTerms]:
    def make(**values: Any) -> SlotTerms:
        usual: dict[str, Any] = {
            "name": "Tuesday review", "clinic_id": clinic.id, "consultant_id": consultant.id, "weekday": 1,
            "begins_at": time(14, 0), "care_manager_ids": [by.id], "room": Room(60, 3, 1),
        }  # fmt: skip
        return SlotTerms(**{**usual, **values})

    return make


@pytest.fixture
def asked(enrolled: Callable[..., Any], by: Any, now: datetime) -> Callable[..., Any]:
    """`asked("Rivera", days=3)`: somebody in Collaborative Care whom the care manager asked about."""

    def make(name: str, *, kind: str = "question", days: int = 1, **episode: Any) -> Any:
        made = enrolled(name, **{"program": "cocm", **episode})
        ReviewQuestionFactory(
            organization=made.organization, episode=made, kind=kind, asked_by=by, asked_on=MONDAY - timedelta(days=days)
        )
        rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
        return made

    return make


def stall(episode: Any, now: datetime, *totals: tuple[date, int]) -> None:
    for on, total in totals:
        AssessmentFactory(
            organization=episode.organization, patient=episode.patient, instrument="phq9", on=on, total=total, item9=0
        )
    rebuild_standing(organization_id=episode.organization_id, episode_ids=[episode.id], at=now)


def names(session: ReviewSession) -> list[str]:
    items = AgendaItem.objects.filter(session=session).order_by("place")
    return [item.episode.patient.family_name for item in items.select_related("episode__patient")]


def planned(by: Any, clinic: Any, consultant: Any, now: datetime, **values: Any) -> ReviewSession:
    usual: dict[str, Any] = {
        "clinic_id": clinic.id, "consultant_id": consultant.id, "on": MONDAY, "begins_at": time(11, 0),
        "care_manager_ids": [by.id], "room": Room(60, 3, 1),
    }  # fmt: skip
    return plan_session(by=by, at=now, terms=SessionTerms(**{**usual, **values}), client_token=uuid4())


def test_the_queue_says_why_in_order_in_two_statements(
    in_tenant: Any, asked: Callable[..., Any], enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    old = {"enrolled_on": date(2025, 11, 3)}
    quiet = enrolled("Quiet", program="bhi", **old)
    stuck = asked("Stuck", **old)
    stall(stuck, now, (date(2025, 11, 4), 16), (date(2026, 2, 27), 16))
    asked("Drug", kind="medication", days=2)
    with CaptureQueriesContext(connection) as statements:
        queue = review_queue(by.organization_id, Population(frozenset({by.id})), at=now)
    assert len(statements) == 2
    assert [row.name for row in queue.rows] == ["Stuck, Ana", "Drug, Ana"]
    assert [reason.words for reason in queue.rows[0].reasons][:2] == ["never reviewed, 119 d", "stalled 16 wk, 16 → 16"]
    assert (queue.rows[0].questions, queue.rows[0].candidate.is_not_improving) == (("Is the dose high enough?",), True)
    assert queue.rows[1].worst == "question"
    assert review_queue(by.organization_id, Population(frozenset({uuid4()})), at=now).rows == ()
    assert queue_rows_of(by.organization_id, [quiet.id], at=now)[quiet.id].reasons == ()
    assert queue_rows_of(by.organization_id, [], at=now) == {}
    TreatmentChangeFactory(organization=stuck.organization, episode=stuck, on=date(2026, 2, 27))
    eased = queue_rows_of(by.organization_id, [stuck.id], at=now)[stuck.id]
    assert [reason.kind for reason in eased.reasons] == ["never_reviewed", "question", "stalling"]


def test_danger_is_assessed_while_every_open_case_is(
    in_tenant: Any, asked: Callable[..., Any], by: Any, now: datetime
) -> None:
    episode = asked("Rivera")
    of = {"organization": episode.organization, "patient": episode.patient}
    RiskCaseFactory(**of, tier="low", assessed_on=MONDAY, recheck_on=MONDAY + timedelta(days=30))
    found = queue_rows_of(by.organization_id, [episode.id], at=now)[episode.id]
    assert found.facts.assessed == Assessed("low", MONDAY)
    later = queue_rows_of(by.organization_id, [episode.id], at=now + timedelta(days=30))[episode.id]
    assert later.facts.assessed is None


def test_a_slot_is_set_changed_and_ended(
    in_tenant: Any, terms: Callable[..., SlotTerms], by: Any, consultant: Any, membership: Any, now: datetime
) -> None:
    slot = set_slot(by=by, at=now, terms=terms())
    assert Job.objects.filter(kind="plan_review_sessions").count() == 1
    with pytest.raises(SlotTaken):
        set_slot(by=by, at=now, terms=terms(name="Again"))
    noor = membership("care_manager", name="Noor Haddad")
    changed = set_slot(
        by=by, at=now + timedelta(minutes=1), terms=terms(care_manager_ids=[by.id, noor.id], weekday=2),
        slot_id=slot.id, seen_at=slot.changed_at,
    )  # fmt: skip
    assert (changed.id, changed.weekday, SlotSeat.objects.count()) == (slot.id, 2, 2)
    with pytest.raises(SessionMoved):
        set_slot(by=by, at=now, terms=terms(), slot_id=slot.id, seen_at=now)
    end_slot(by=by, at=now, slot_id=slot.id)
    for absent in (slot.id, uuid4()):
        with pytest.raises(NotFound):
            end_slot(by=by, at=now, slot_id=absent)
    system_seat(by.organization)
    assert plan_coming_sessions(organization_id=by.organization_id, at=now) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"room": Room(5, 3, 1)}, "minutes"),
        ({"room": Room(60, 0, 0)}, "places"),
        ({"room": Room(60, 3, 4)}, "kept_for_stalled"),
        ({"clinic_id": UUID(int=1)}, "clinic"),
        ({"consultant_id": UUID(int=1)}, "consultant"),
        ({"care_manager_ids": []}, "care_managers"),
        ({"care_manager_ids": [UUID(int=1)]}, "care_managers"),
    ],
)
def test_what_a_slot_cannot_be(
    in_tenant: Any, terms: Callable[..., SlotTerms], by: Any, now: datetime, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(SessionRefused) as refused:
        set_slot(by=by, at=now, terms=terms(**values))
    assert (refused.value.field, ReviewSlot.objects.count()) == (field, 0)


def test_each_week_has_its_session_once(
    in_tenant: Any, terms: Callable[..., SlotTerms], by: Any, now: datetime
) -> None:
    system_seat(by.organization)
    set_slot(by=by, at=now, terms=terms())
    week = timedelta(days=7)
    made = [plan_coming_sessions(organization_id=by.organization_id, at=at) for at in (now, now, now + week)]
    assert made == [1, 0, 1]
    first, second = ReviewSession.objects.order_by("on")
    assert (first.on, second.on, first.recorded_by) == (TUESDAY, TUESDAY + week, system_membership(by.organization_id))
    assert SessionSeat.objects.filter(session=first).count() == 2


def test_a_slot_that_was_set_is_planned_by_its_job(
    in_tenant: Any, terms: Callable[..., SlotTerms], by: Any, now: datetime
) -> None:
    system_seat(by.organization)
    set_slot(by=by, at=now, terms=terms())
    job = Job.objects.get(kind="plan_review_sessions")
    assert run(organization_id=by.organization_id, job_id=job.id, at=now) == JobState.DONE
    assert ReviewSession.objects.get().on == TUESDAY


def test_who_waits_on_one_agenda_is_not_on_a_later_one_too(
    in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    for number in range(5):
        asked(f"N{number}", days=9 - number)
    sessions = [planned(by, clinic, consultant, now, on=on) for on in (TUESDAY, TUESDAY + timedelta(days=7))]
    assert [names(one) for one in sessions] == [["N0", "N1", "N2"], ["N3", "N4"]]


def test_the_night_before_an_agenda_is_drawn_up_once_more(
    in_tenant: Any, asked: Callable[..., Any], enrolled: Callable[..., Any], by: Any, clinic: Any, consultant: Any,
    now: datetime,
) -> None:  # fmt: skip
    system_seat(by.organization)
    for number in range(3):
        asked(f"N{number}", days=9 - number)
    session = planned(by, clinic, consultant, now, on=TUESDAY)
    quiet = enrolled("Quiet", program="bhi")
    add_to_agenda(by=by, at=now, session_id=session.id, episode_id=quiet.id)
    asked("First", days=20)
    night = session.planned_at - timedelta(hours=25)
    plan_coming_sessions(organization_id=by.organization_id, at=night)
    assert names(session) == ["N0", "N1", "N2", "Quiet"]
    plan_coming_sessions(organization_id=by.organization_id, at=night + timedelta(hours=10))
    assert names(session) == ["First", "N0", "Quiet"]


def test_a_session_left_running_keeps_nobody_from_the_next(
    in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    asked("Rivera")
    first = planned(by, clinic, consultant, now)
    begin_session(by=by, at=now, session_id=first.id)
    later = now + timedelta(days=2)
    assert names(planned(by, clinic, consultant, now, on=TUESDAY)) == []
    assert names(planned(by, clinic, consultant, later, on=later.date())) == ["Rivera"]


def test_a_session_that_nobody_began_did_not_take_place(
    in_tenant: Any, terms: Callable[..., SlotTerms], asked: Callable[..., Any], by: Any, now: datetime
) -> None:
    system_seat(by.organization)
    asked("Rivera", days=1)
    set_slot(by=by, at=now, terms=terms())
    plan_coming_sessions(organization_id=by.organization_id, at=now)
    # At eight in the evening of its day it may still begin.
    evening = now + timedelta(hours=33)
    assert plan_coming_sessions(organization_id=by.organization_id, at=evening) == 1
    assert ReviewSession.objects.get(on=TUESDAY).state == "planned"
    asked("Osei", days=9)
    plan_coming_sessions(organization_id=by.organization_id, at=now + timedelta(days=2))
    first, second = ReviewSession.objects.order_by("on")
    assert (first.state, first.closed_because, second.state) == ("cancelled", "It did not take place.", "planned")
    assert draw_agenda(by=by, at=now + timedelta(days=2), session_id=second.id) == 2
    assert names(second) == ["Rivera", "Osei"]


def test_an_agenda_is_changed_by_hand_and_drawn_up_again(
    in_tenant: Any, asked: Callable[..., Any], enrolled: Callable[..., Any], by: Any, clinic: Any, consultant: Any,
    now: datetime,
) -> None:  # fmt: skip
    for number in range(4):
        asked(f"N{number}", days=9 - number)
    quiet = enrolled("Quiet", program="bhi")
    session = planned(by, clinic, consultant, now)
    added = add_to_agenda(by=by, at=now, session_id=session.id, episode_id=quiet.id)
    assert add_to_agenda(by=by, at=now, session_id=session.id, episode_id=quiet.id) == added
    assert names(session) == ["N0", "N1", "N2", "Quiet"]
    for is_up in (True, True, True, True, False):
        move_on_agenda(by=by, at=now, item_id=added.id, is_up=is_up)
    assert names(session) == ["N0", "Quiet", "N1", "N2"]
    take_off_agenda(by=by, at=now, item_id=AgendaItem.objects.get(place=4).id)
    with pytest.raises(NotFound):
        take_off_agenda(by=by, at=now, item_id=uuid4())
    with pytest.raises(NotFound):
        add_to_agenda(by=by, at=now, session_id=session.id, episode_id=uuid4())
    assert draw_agenda(by=by, at=now, session_id=session.id) == 3
    assert names(session) == ["N0", "N1", "Quiet"]
    actions = AuditEvent.objects.filter(action__startswith="agenda.").values_list("action", flat=True)
    assert sorted(set(actions)) == ["agenda.added_to", "agenda.moved", "agenda.taken_off"]


def test_who_is_put_off_waits_with_a_reason(
    in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    asked("Rivera")
    session = planned(by, clinic, consultant, now)
    item = AgendaItem.objects.get()
    until = MONDAY + timedelta(days=7)
    for because, day, field in (
        ("", until, "because"),
        ("Away", MONDAY, "until_on"),
        ("Away", until.replace(year=2027), "until_on"),
    ):
        with pytest.raises(SessionRefused) as refused:
            defer_item(by=by, at=now, item_id=item.id, because=because, until_on=day)
        assert refused.value.field == field
    defer_item(by=by, at=now, item_id=item.id, because=" Away ", until_on=until)
    for refused_now in (
        lambda: defer_item(by=by, at=now, item_id=item.id, because="Away", until_on=until),
        lambda: take_off_agenda(by=by, at=now, item_id=item.id),
    ):
        with pytest.raises(ItemMoved):
            refused_now()
    queue = review_queue(by.organization_id, at=now)
    assert (queue.rows, [row.deferred_because for row in queue.deferred]) == ((), ["Away"])
    assert [row.name for row in review_queue(by.organization_id, at=now + timedelta(days=7)).rows] == ["Rivera, Ana"]
    assert draw_agenda(by=by, at=now, session_id=session.id) == 1
    assert put_back(by=by, at=now, item_id=item.id) == put_back(by=by, at=now, item_id=item.id)
    assert len(review_queue(by.organization_id, at=now).rows) == 1


def test_who_is_on_no_agenda_is_put_off_on_that_of_the_next_session(
    in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    episode, until = asked("Rivera"), MONDAY + timedelta(days=7)
    given: dict[str, Any] = {"by": by, "at": now, "episode_id": episode.id, "because": "Away", "until_on": until}
    with pytest.raises(NoSession):
        defer_patient(**given)
    session = planned(by, clinic, consultant, now)
    take_off_agenda(by=by, at=now, item_id=AgendaItem.objects.get().id)
    item = defer_patient(**given)
    assert (item.session, item.state, item.added_by) == (session, "deferred", by)
    with pytest.raises(ItemMoved):
        defer_patient(**given)
    AgendaItem.objects.filter(id=item.id).update(state="unfinished", deferred_because="")
    with pytest.raises(ItemMoved):
        put_back(by=by, at=now, item_id=item.id)


def test_a_cancelled_sessions_patients_come_first_next_time(
    in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    asked("Late", days=1)
    session = planned(by, clinic, consultant, now, on=TUESDAY)
    asked("Old", days=30)
    with pytest.raises(ReasonMissing):
        cancel_session(by=by, at=now, session_id=session.id, because=" ")
    cancel_session(by=by, at=now, session_id=session.id, because="Consultant ill")
    for moved in (
        lambda: cancel_session(by=by, at=now, session_id=session.id, because="x"),
        lambda: add_to_agenda(by=by, at=now, session_id=session.id, episode_id=uuid4()),
        lambda: begin_session(by=by, at=now, session_id=session.id),
    ):
        with pytest.raises(SessionMoved):
            moved()
    later = planned(by, clinic, consultant, now, on=TUESDAY, begins_at=time(16, 0))
    assert names(later) == ["Late", "Old"]
    assert [reason.words for reason in review_queue(by.organization_id, at=now).rows[0].reasons] == [
        "not reached Mar 3", "question", "new, 28 d",
    ]  # fmt: skip


def test_a_session_by_hand_is_made_once_and_not_for_a_day_that_is_over(
    in_tenant: Any, by: Any, clinic: Any, consultant: Any, now: datetime
) -> None:
    token = uuid4()
    wanted = SessionTerms(clinic.id, consultant.id, MONDAY, time(11, 0), [by.id])
    made = [plan_session(by=by, at=now, terms=wanted, client_token=token) for _ in range(2)]
    assert made[0] == made[1]
    with pytest.raises(SessionRefused, match="is over"):
        planned(by, clinic, consultant, now, on=MONDAY - timedelta(days=1))


class Live:
    """A session that runs, with three patients."""

    def __init__(self, session: ReviewSession, by: Any, consultant: Any, now: datetime) -> None:
        self.session, self.by, self.consultant, self.now = session, by, consultant, now
        self.items = list(AgendaItem.objects.filter(session=session).order_by("place"))

    def at(self, minutes: float) -> datetime:
        return self.now + timedelta(minutes=minutes)

    def open(self, number: int, minutes: float) -> OpenSpell:
        at = self.at(minutes)
        return open_item(by=self.by, at=at, session_id=self.session.id, item_id=self.items[number].id)

    def end(self, minutes: float, given: dict[UUID, int] | None = None) -> Any:
        return end_session(by=self.by, at=self.at(minutes), session_id=self.session.id, minutes=given)


@pytest.fixture
def live(in_tenant: Any, asked: Callable[..., Any], by: Any, clinic: Any, consultant: Any, now: datetime) -> Live:
    for number in range(3):
        asked(f"N{number}", days=9 - number)
    session = planned(by, clinic, consultant, now)
    begin_session(by=consultant, at=now, session_id=session.id)
    return Live(session, by, consultant, now)


def test_an_open_patients_clock_is_that_patients_minutes(live: Live) -> None:
    first = live.open(0, 0)
    assert live.open(0, 3) == first
    live.open(1, 5)
    pause_session(by=live.by, at=live.at(9), session_id=live.session.id)
    pause_session(by=live.by, at=live.at(9.5), session_id=live.session.id)
    live.open(0, 10)
    ended = live.end(12)
    assert (ended.was_new, ended.entries, ended.held) == (True, 6, 0)
    minutes = {
        (entry.by.name, entry.role, entry.episode_id): (entry.span.upper - entry.span.lower).total_seconds() / 60
        for entry in TimeEntry.objects.filter(activity="case_review").order_by("span")
    }
    one, two = (item.episode_id for item in live.items[:2])
    assert minutes == {
        ("Ken Abara", "care_manager", one): 2, ("Ken Abara", "care_manager", two): 4,
        ("Lena Ortiz", "psychiatric_consultant", one): 2, ("Lena Ortiz", "psychiatric_consultant", two): 4,
    }  # fmt: skip
    again = live.end(60)
    assert (again.was_new, TimeEntry.objects.count()) == (False, 6)
    session = ReviewSession.objects.get()
    assert (session.state, session.ended_at) == ("ended", live.at(12))
    # Nobody was signed, so everybody comes first next time.
    assert set(AgendaItem.objects.values_list("state", flat=True)) == {"unfinished"}
    assert [row.place[0] for row in review_queue(live.by.organization_id, at=live.at(60)).rows] == [0, 0, 0]
    with pytest.raises(SessionMoved):
        live.open(2, 61)
    with pytest.raises(SessionMoved):
        put_back(by=live.by, at=live.now, item_id=live.items[0].id)


def test_only_who_was_there_has_minutes(live: Live, membership: Callable[..., Any]) -> None:
    noor, lead = membership("care_manager", name="Noor Haddad"), membership("clinic_lead", name="Lee Park")
    set_present(by=live.by, at=live.now, session_id=live.session.id, present_ids=[noor.id, lead.id, live.consultant.id])
    live.open(0, 0)
    live.end(5)
    assert sorted(TimeEntry.objects.values_list("by__name", flat=True)) == ["Lena Ortiz", "Noor Haddad"]


def test_minutes_that_cannot_be_meant_are_asked_first(live: Live) -> None:
    brief, long = live.open(0, 0), live.open(1, 0.2)
    usual = live.open(2, 50)
    with pytest.raises(SpellsToConfirm) as asked:
        live.end(900)
    assert [fault.spell_id for fault in asked.value.faults] == [brief.id, long.id, usual.id]
    assert TimeEntry.objects.count() == 0
    with pytest.raises(SpellsToConfirm):
        live.end(900, {brief.id: 0, long.id: 51, usual.id: 6})
    ended = live.end(900, {brief.id: 0, long.id: 12, usual.id: 6})
    assert (ended.entries, ended.session.ended_at) == (4, live.at(56))
    spans = TimeEntry.objects.filter(by=live.by).order_by("span").values_list("span", flat=True)
    assert [(span.lower, span.upper) for span in spans] == [(live.at(0.2), live.at(12.2)), (live.at(50), live.at(56))]


def test_what_overlaps_other_work_is_held_as_ever(live: Live, asked: Any, log: Callable[..., Any]) -> None:
    log(asked("Other"), minutes=20, ago=-1, at=live.at(60))
    live.open(0, 0)
    ended = live.end(5)
    assert (ended.entries, ended.held) == (2, 1)
    assert [entry.by for entry in TimeEntry.objects.filter(held=True)] == [live.by]


def test_one_meeting_at_a_time_for_a_consultant(live: Live, clinic: Any) -> None:
    second = planned(live.by, clinic, live.consultant, live.now, begins_at=time(15, 0))
    with pytest.raises(AnotherLive):
        begin_session(by=live.by, at=live.now, session_id=second.id)
    assert begin_session(by=live.by, at=live.at(9), session_id=live.session.id).began_at == live.now
    for moved in (
        lambda: end_session(by=live.by, at=live.now, session_id=second.id),
        lambda: open_item(by=live.by, at=live.now, session_id=second.id, item_id=live.items[0].id),
    ):
        with pytest.raises(SessionMoved):
            moved()
    with pytest.raises(NotFound):
        open_item(by=live.by, at=live.now, session_id=live.session.id, item_id=uuid4())
    with pytest.raises(NotFound):
        end_session(by=live.by, at=live.now, session_id=uuid4())


def test_an_empty_agenda_is_drawn_up_when_the_meeting_begins(
    in_tenant: Any, asked: Callable[..., Any], by: Any, consultant: Any, clinic: Any, now: datetime
) -> None:
    asked("Rivera")
    session = ReviewSessionFactory(organization=by.organization, clinic=clinic, consultant=consultant, on=MONDAY)
    begin_session(by=by, at=now, session_id=session.id, present_ids=[by.id, consultant.id])
    assert names(session) == ["Rivera"]
    assert SessionSeat.objects.filter(session=session, is_present=True).count() == 2
    assert end_session(by=by, at=now + timedelta(minutes=9), session_id=session.id).entries == 0
