"""The timer: one for each person, on every device, and no second of it lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.sight import looking_as
from caseload.models import Contact, TimeEntry, Timer
from caseload.operations import Work, record_time
from caseload.operations.errors import ImpossibleTime, TimerClosed, TimerRunning
from caseload.operations.timers import end_timer, let_timer_go, mark_timer, save_timer, start_timer, stop_timer
from caseload.queries.timers import split_of_entry, timer_shown, timers_around, timers_to_save
from caseload.rules.timers import Gap, Split
from caseload.rules.worktime import WorkTime
from registry.operations import add_patient
from registry.operations.errors import ReasonMissing
from tests.factories.going_live import RestrictionFactory
from tests.factories.work import WorkProtocolFactory


@pytest.fixture
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    return lambda path, episode=None: (
        f"/o/{organization.slug}/" + (f"patients/{episode.patient_id}/" if episode else "") + path
    )


def later(now: datetime, minutes: float) -> datetime:
    return now + timedelta(minutes=minutes)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# The operations


def test_a_clock_on_a_record_that_was_kept_from_its_owner_is_stopped_by_the_next_one(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    kept, episode = enrolled(), enrolled()
    unseen = start_timer(by=by, at=now, episode_id=kept.id).timer
    RestrictionFactory(organization=by.organization, patient=kept.patient, seats=[])
    with looking_as(by, later(now, 5)):
        started = start_timer(by=by, at=later(now, 5), episode_id=episode.id)
    assert (started.was_new, started.stopped) == (True, None)
    unseen.refresh_from_db()
    assert unseen.stopped_at == later(now, 5)
    stops = AuditEvent.objects.filter(action="timer.stopped").values_list("patient_id", "object_id")
    assert list(stops) == [(kept.patient_id, unseen.id)]


def test_starting_twice_is_starting_once(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    episode = enrolled()
    first = start_timer(by=by, at=now, episode_id=episode.id)
    again = start_timer(by=by, at=later(now, 1), episode_id=episode.id)
    assert (first.was_new, again.was_new, again.timer) == (True, False, first.timer)
    assert [event.patient_id for event in AuditEvent.objects.filter(action="timer.started")] == [episode.patient_id]


def test_another_patient_is_refused_until_the_running_one_is_named(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    running = start_timer(by=by, at=now, episode_id=one.id).timer
    with pytest.raises(TimerRunning) as refusal:
        start_timer(by=by, at=later(now, 5), episode_id=other.id)
    assert refusal.value.timer_id == running.id
    with pytest.raises(TimerRunning):
        start_timer(by=by, at=later(now, 5), episode_id=other.id, instead_of=uuid4())
    started = start_timer(by=by, at=later(now, 5), episode_id=other.id, instead_of=running.id)
    assert started.stopped == running
    running.refresh_from_db()
    assert running.stopped_at == started.timer.started_at == later(now, 5)


def test_the_database_lets_one_run_for_each_person(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled("One").id).timer
    other = enrolled("Other")
    values = {"organization_id": by.organization_id, "membership": by, "started_at": now}
    with pytest.raises(IntegrityError, match="caseload_timer_one_running"), transaction.atomic():
        Timer.objects.create(**values, episode=other, patient=other.patient)
    assert list(Timer.objects.all()) == [timer]


def test_a_patient_who_is_not_there_has_no_timer(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    with pytest.raises(NotFound):
        start_timer(by=by, at=now, episode_id=uuid4())


def test_a_colleagues_timer_is_not_there(
    enrolled: Callable[..., Any], by: Any, membership: Callable[..., Any], now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    colleague = membership("care_manager", name="Other")
    with pytest.raises(NotFound):
        stop_timer(by=colleague, at=now, timer_id=timer.id)
    with pytest.raises(NotFound):
        timer_shown(timer.id, for_=colleague, at=now)
    assert timers_around(colleague, at=now).running is None


def test_marks_are_kept_once_and_divide_the_time(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    for minutes, kind in ((3, "call"), (4, "call"), (20, "end_call"), (21, "end_call")):
        mark_timer(by=by, at=later(now, minutes), timer_id=timer.id, kind=kind)
    shown = timer_shown(timer.id, for_=by, at=later(now, 24))
    assert (shown.split, shown.seconds) == (Split(180, 1020, 240), 1440)
    stop_timer(by=by, at=later(now, 24), timer_id=timer.id)
    with pytest.raises(TimerClosed):
        mark_timer(by=by, at=later(now, 25), timer_id=timer.id, kind="call")


def test_it_stops_once_and_never_before_its_start_or_in_the_future(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    for impossible in (-1, 31):
        with pytest.raises(ImpossibleTime):
            stop_timer(by=by, at=later(now, 30), timer_id=timer.id, ended_at=later(now, impossible))
    assert stop_timer(by=by, at=later(now, 30), timer_id=timer.id, ended_at=later(now, 20)).stopped_at == later(now, 20)
    assert stop_timer(by=by, at=later(now, 40), timer_id=timer.id).stopped_at == later(now, 20)


def test_saved_as_work_it_is_one_entry_however_often_it_is_sent(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    mark_timer(by=by, at=later(now, 2), timer_id=timer.id, kind="call")
    values = {
        "by": by,
        "at": later(now, 12),
        "timer_id": timer.id,
        "time": WorkTime(span=(now, later(now, 12))),
        "work": Work(activity="registry"),
    }
    token = uuid4()
    first = save_timer(**values, client_token=token)
    assert save_timer(**values, client_token=token) == first
    with pytest.raises(TimerClosed), transaction.atomic():
        save_timer(**values, client_token=uuid4())
    timer.refresh_from_db()
    assert (timer.entry, timer.stopped_at) == (first, later(now, 12))
    assert [entry.activity for entry in TimeEntry.objects.all()] == ["registry"]
    assert split_of_entry(first.id, by.organization_id) == Split(120, 600, 0)


def test_another_patients_entry_does_not_end_it(
    enrolled: Callable[..., Any], log: Callable[..., Any], by: Any, now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled("One").id).timer
    with pytest.raises(NotFound):
        end_timer(by=by, at=now, timer_id=timer.id, entry=log(enrolled("Other")))


def test_it_is_let_go_with_a_reason_only_and_stays_on_record(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    with pytest.raises(ReasonMissing):
        let_timer_go(by=by, at=now, timer_id=timer.id, reason="  ")
    let_timer_go(by=by, at=later(now, 5), timer_id=timer.id, reason="Wrong patient")
    with pytest.raises(TimerClosed):
        let_timer_go(by=by, at=later(now, 6), timer_id=timer.id, reason="Again")
    timer.refresh_from_db()
    assert (timer.stopped_at, timer.let_go_because, timer.entry) == (later(now, 5), "Wrong patient", None)
    assert timers_around(by, at=now).waiting == 0


# The pages


def test_it_runs_on_every_page_until_the_contact_is_saved(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    episode = enrolled("Rivera")
    assert client.post(url("timer/start/", episode)).url == url("", episode)
    clock.move_to(later(now, 15.5))
    assert "Rivera, A. since 11:00 am" in words(client.get(url("caseload/")).text)
    page = client.get(url("contacts/new/", episode)).text
    timer = Timer.objects.get()
    assert f'name="timer" value="{timer.id}"' in page
    assert 'name="starts" value="11:00:00"' in page
    typed = {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02",
        "starts": "11:00:00", "timer": str(timer.id),
    }  # fmt: skip
    answers = [client.post(url("contacts/new/", episode), typed).status_code for _ in range(2)]
    assert answers == [302, 302]
    entry, contact = TimeEntry.objects.get(), Contact.objects.get()
    timer.refresh_from_db()
    assert (entry.contact, entry.span.lower, entry.span.upper) == (contact, now, later(now, 15.5))
    assert (timer.entry, timer.stopped_at) == (entry, later(now, 15.5))
    assert 'id="timer"' in client.get(url("caseload/")).text
    assert "since 11:00" not in client.get(url("caseload/")).text


def test_a_timer_that_was_saved_meanwhile_is_not_saved_twice(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    timer = start_timer(by=by, at=now, episode_id=episode.id).timer
    clock.move_to(later(now, 10))
    save_timer(
        by=by, at=later(now, 9), timer_id=timer.id, time=WorkTime(span=(now, later(now, 9))), client_token=uuid4()
    )
    typed = {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02",
        "starts": "11:00:00", "timer": str(timer.id), "note": "As typed",
    }  # fmt: skip
    answer = client.post(url("contacts/new/", episode), typed)
    assert answer.status_code == 422
    assert "This timer was stopped, saved or let go meanwhile." in answer.text
    assert "As typed" in answer.text
    assert (Contact.objects.count(), TimeEntry.objects.count()) == (0, 1)


def test_switching_asks_first_and_loses_nothing(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    client.post(url("timer/start/", one))
    clock.move_to(later(now, 7))
    asked = client.post(url("timer/start/", other))
    assert asked.status_code == 409
    running = Timer.objects.get()
    assert f'name="instead_of" value="{running.id}"' in asked.text
    client.post(url("timer/start/", other), {"instead_of": str(running.id)})
    listed = words(client.get(url("timers/")).text)
    assert "1 to save" in listed
    assert "11:00 am to 11:07 am" in listed
    assert "Not saved yet" in listed


def test_stopped_it_proposes_its_time_for_work_without_a_contact(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    client.post(url("timer/start/", enrolled()), {"activity": "registry"})
    timer = Timer.objects.get()
    clock.move_to(later(now, 7.5))
    assert client.post(url(f"timers/{timer.id}/stop/")).url == url(f"timers/{timer.id}/")
    page = client.get(url(f"timers/{timer.id}/")).text
    fields = dict(re.findall(r'name="(client_token|on|starts|ends|timer)" value="([^"]*)"', page))
    assert (fields["on"], fields["starts"], fields["ends"]) == ("2026-03-02", "11:00:00", "11:07:30")
    assert '<option value="registry" selected>' in page
    assert client.post(url(f"timers/{timer.id}/"), {**fields, "activity": ""}).status_code == 422
    assert client.post(url(f"timers/{timer.id}/"), {**fields, "activity": "registry"}).status_code == 302
    entry = TimeEntry.objects.get()
    assert (entry.span.upper - entry.span.lower, entry.contact) == (timedelta(minutes=7.5), None)
    assert "This timer was saved." in client.get(url(f"timers/{timer.id}/"), follow=True).text


def test_more_than_ninety_minutes_are_taken_only_when_somebody_says_so(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    client.post(url("timer/start/", enrolled()))
    timer = Timer.objects.get()
    clock.move_to(later(now, 100))
    typed = {"client_token": str(uuid4()), "activity": "registry", "on": "2026-03-02", "starts": "11:00:00"}
    asked = client.post(url(f"timers/{timer.id}/"), typed)
    assert asked.status_code == 422
    assert "That is 100 minutes." in asked.text
    shorter = client.post(url(f"timers/{timer.id}/"), {**typed, "ends": "12:20:00"})
    assert shorter.status_code == 302
    assert TimeEntry.objects.get().span.upper == later(now, 80)


def test_the_call_key_changes_the_frame_and_leaves_the_page(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    client.post(url("timer/start/", enrolled()))
    timer = Timer.objects.get()
    fragment = client.post(url(f"timers/{timer.id}/mark/"), {"kind": "call"}, headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith("{#") is False
    assert 'value="end_call"' in fragment
    assert "<main" not in fragment
    assert client.post(url(f"timers/{timer.id}/mark/"), {"kind": "end_call"}).url == url(f"timers/{timer.id}/")
    assert client.post(url(f"timers/{timer.id}/mark/"), {"kind": "nonsense"}).status_code == 302
    timer.refresh_from_db()
    assert [kind for kind, _ in timer.marks] == ["call", "end_call"]


def test_after_twenty_idle_minutes_the_next_page_asks(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    client.post(url("timer/start/", enrolled("Rivera")))
    timer = Timer.objects.get()
    clock.move_to(later(now, 19))
    assert "Still working" not in client.get(url("caseload/")).text
    clock.move_to(later(now, 45))
    page = client.get(url("caseload/")).text
    assert "Nothing was done here from 11:19 am to 11:45 am." in words(page)
    assert 'name="stopped" value="11:19"' in page
    assert client.post(url(f"timers/{timer.id}/mark/"), {"kind": "seen"}).status_code == 302
    assert "Still working" not in client.get(url("caseload/")).text
    clock.move_to(later(now, 90))
    assert "Still working" in client.get(url("caseload/")).text
    client.post(url(f"timers/{timer.id}/stop/"), {"stopped": "11:50"})
    timer.refresh_from_db()
    assert timer.stopped_at == later(now, 50)


def test_a_stop_that_cannot_be_is_said_and_the_timer_runs_on(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    client.post(url("timer/start/", enrolled()))
    timer = Timer.objects.get()
    clock.move_to(later(now, 10))
    for typed, sentence in (("10:30", "The end is before the start."), ("x", "Enter a time such as 14:05.")):
        answer = client.post(url(f"timers/{timer.id}/stop/"), {"stopped": typed})
        assert answer.status_code == 422
        assert sentence in answer.text
    timer.refresh_from_db()
    assert timer.stopped_at is None


def test_across_midnight_and_the_end_of_a_month_every_second_is_saved(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    episode = enrolled()
    clock.move_to(datetime.fromisoformat("2026-03-31T23:40:05-05:00"))
    client.post(url("timer/start/", episode))
    clock.move_to(datetime.fromisoformat("2026-04-01T00:20:35-05:00"))
    timer = Timer.objects.get()
    client.post(url(f"timers/{timer.id}/stop/"))
    page = client.get(url(f"timers/{timer.id}/")).text
    fields = dict(re.findall(r'name="(client_token|on|starts|ends|timer)" value="([^"]*)"', page))
    assert (fields["on"], fields["ends"]) == ("2026-03-31", "00:20:35")
    assert re.search(r'name="ends_next_day"[^>]*checked', page)
    sent = {**fields, "activity": "registry", "ends_next_day": "on"}
    assert client.post(url(f"timers/{timer.id}/"), sent).status_code == 302
    entry = TimeEntry.objects.get()
    assert entry.span.upper - entry.span.lower == timedelta(minutes=40, seconds=30)


def test_in_the_hour_that_comes_twice_the_timer_knows_which(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, now: datetime
) -> None:
    episode = enrolled()
    clock.move_to(datetime.fromisoformat("2026-11-01T06:50:00+00:00"))  # 1:50 daylight time in Chicago
    client.post(url("timer/start/", episode))
    clock.move_to(datetime.fromisoformat("2026-11-01T07:10:00+00:00"))  # 1:10 standard time
    timer = Timer.objects.get()
    client.post(url(f"timers/{timer.id}/stop/"))
    page = client.get(url(f"timers/{timer.id}/")).text
    fields = dict(re.findall(r'name="(client_token|on|starts|ends|timer)" value="([^"]*)"', page))
    chosen = dict(re.findall(r'name="(\w+_which)" value="(\w+)"[^>]*checked', page))
    assert chosen == {"starts_which": "first", "ends_which": "second"}
    assert client.post(url(f"timers/{timer.id}/"), {**fields, **chosen, "activity": "registry"}).status_code == 302
    span = TimeEntry.objects.get().span
    assert span.upper - span.lower == timedelta(minutes=20)


def test_let_go_on_its_page_and_the_reason_is_asked(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any
) -> None:
    client.post(url("timer/start/", enrolled()))
    timer = Timer.objects.get()
    assert client.post(url(f"timers/{timer.id}/let-go/"), {"reason": " "}).status_code == 422
    answer = client.post(url(f"timers/{timer.id}/let-go/"), {"reason": "Wrong patient"}, follow=True)
    assert "Nothing is logged for it." in answer.text
    assert "No timer waits" in answer.text
    assert "This timer was let go." in client.get(url(f"timers/{timer.id}/"), follow=True).text


def test_a_page_costs_one_statement_more_for_who_may_log_and_none_for_others(
    client_for: Callable[..., Any], url: Callable[..., str], clock: Any, in_tenant: Any
) -> None:
    def timer_statements(role: str) -> int:
        page = client_for(role)
        with CaptureQueriesContext(connection) as queries:
            assert page.get(url("caseload/")).status_code == 200
        return sum("caseload_timer" in query["sql"] for query in queries)

    assert [timer_statements(role) for role in ("care_manager", "psychiatric_consultant")] == [1, 0]


def test_the_contact_takes_a_stopped_timer_that_its_address_names(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, by: Any, now: datetime
) -> None:
    episode, other = enrolled(), enrolled("Other")
    timer = start_timer(by=by, at=now, episode_id=episode.id).timer
    clock.move_to(later(now, 30))
    stop_timer(by=by, at=later(now, 30), timer_id=timer.id, ended_at=later(now, 12))

    def filled(episode: Any, query: str) -> dict[str, str]:
        page = client.get(url("contacts/new/", episode) + query).text
        return dict(re.findall(r'name="(starts|ends|timer)" value="([^"]*)"', page))

    assert filled(episode, f"?timer={timer.id}") == {"timer": str(timer.id), "starts": "11:00:00", "ends": "11:12:00"}
    assert [filled(episode, query) for query in ("", "?timer=x", f"?timer={uuid4()}")] == [{}, {}, {}]
    assert filled(other, f"?timer={timer.id}") == {}
    let_timer_go(by=by, at=later(now, 31), timer_id=timer.id, reason="Wrong patient")
    assert filled(episode, f"?timer={timer.id}") == {}


def test_absent_and_foreign_are_not_found(client: Client, url: Callable[..., str], clock: Any, in_tenant: Any) -> None:
    absent = [f"timers/{uuid4()}/{act}" for act in ("", "mark/", "stop/", "let-go/")] + [
        f"patients/{uuid4()}/timer/start/"
    ]
    assert [client.post(url(path)).status_code for path in absent] == [404] * 5


def test_who_is_not_enrolled_has_no_timer(
    client: Client, url: Callable[..., str], clock: Any, by: Any, clinic: Any, in_tenant: Any, now: datetime
) -> None:
    patient = add_patient(
        by=by, at=now, clinic=clinic, mrn="7", family_name="New", given_name="Ana", birth_date=now.date()
    )
    answer = client.post(url(f"patients/{patient.id}/timer/start/"), follow=True)
    assert "Time is logged from enrolment on." in answer.text
    assert not Timer.objects.exists()


def test_what_was_stopped_or_saved_elsewhere_changes_nothing_here(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, by: Any, now: datetime
) -> None:
    timer = start_timer(by=by, at=now, episode_id=enrolled().id).timer
    stop_timer(by=by, at=now, timer_id=timer.id)
    assert client.post(url(f"timers/{timer.id}/stop/")).status_code == 302
    assert client.post(url(f"timers/{timer.id}/mark/"), {"kind": "call"}).status_code == 302
    let_timer_go(by=by, at=now, timer_id=timer.id, reason="Wrong patient")
    again = client.post(url(f"timers/{timer.id}/let-go/"), {"reason": "Again"}, follow=True)
    assert "This timer was stopped, saved or let go meanwhile." in unescape(again.text)
    timer.refresh_from_db()
    assert (timer.marks, timer.let_go_because) == ([], "Wrong patient")


def test_a_full_day_is_said_at_its_field(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], clock: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    for _ in range(2):
        record_time(
            by=by, at=now, episode_id=episode.id, time=WorkTime(on=now.date(), seconds=43_200), client_token=uuid4()
        )
    timer = start_timer(by=by, at=now, episode_id=episode.id).timer
    clock.move_to(later(now, 10))
    typed = {"client_token": str(uuid4()), "activity": "registry", "on": "2026-03-02", "starts": "11:00:00"}
    answer = client.post(url(f"timers/{timer.id}/"), typed)
    assert answer.status_code == 422
    assert "Mar 2 holds more than 24 hours of work." in answer.text


def test_the_clinics_limits_hold(enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any) -> None:
    episode = enrolled()
    WorkProtocolFactory(
        organization=by.organization, clinic=episode.clinic, idle_minutes=5, idle_minutes_in_call=30, cap_minutes=15,
        changed_by=by,
    )  # fmt: skip
    timer = start_timer(by=by, at=now, episode_id=episode.id).timer
    shown = timer_shown(timer.id, for_=by, at=later(now, 16))
    assert (shown.gap, shown.is_long) == (Gap(now, later(now, 16)), True)
    assert timers_to_save(by, at=later(now, 4))[0].gap is None
