"""The review queue in two panes, agendas, the live session, and what is to be done after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from caseload.models import AgendaItem, CaseReview, OpenSpell, ReviewDraft, ReviewSession, ReviewSlot, TimeEntry
from caseload.operations.live_sessions import begin_session, open_item
from caseload.operations.review_sessions import SessionTerms, plan_session
from caseload.operations.review_slots import Room, SlotTerms, set_slot
from caseload.operations.standing import rebuild_standing
from tests.factories.registry import system_seat
from tests.factories.reviews import ReviewQuestionFactory
from tests.factories.tenancy import MembershipFactory

MONDAY = date(2026, 3, 2)
ROOT = "/o/lakeside/reviews/"


@pytest.fixture(autouse=True)
def _at(now: datetime, in_tenant: Any) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def cm(by: Any) -> Client:
    client = Client()
    client.force_login(by.user)
    return client


@pytest.fixture
def pc(client_for: Callable[..., Any]) -> Any:
    return client_for("psychiatric_consultant", name="Lena Ortiz", credential="MD")


@pytest.fixture
def asked(enrolled: Callable[..., Any], by: Any, now: datetime) -> Callable[..., Any]:
    def make(name: str, days: int = 1) -> Any:
        made = enrolled(name)
        on = MONDAY - timedelta(days=days)
        ReviewQuestionFactory(organization=made.organization, episode=made, asked_by=by, asked_on=on)
        rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
        return made

    return make


@pytest.fixture
def session(asked: Callable[..., Any], by: Any, pc: Any, clinic: Any, now: datetime) -> ReviewSession:
    """A planned one with two patients, Abara before Rivera."""
    asked("Rivera", days=1)
    asked("Abara", days=5)
    terms = SessionTerms(clinic.id, pc.membership.id, MONDAY, time(14, 0), [by.id], Room(60, 12, 6))
    return plan_session(by=by, at=now, terms=terms, client_token=uuid4())


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def typed(do: str, text: str = "Go on", **values: Any) -> dict[str, Any]:
    advice = {"recommendations-0-kind": "continue", "recommendations-0-text": text}
    return {"do": do, "based_on": "0", "client_token": str(uuid4()), "on": "2026-03-02", **advice, **values}


def test_the_queue_is_gone_through_and_signed(asked: Callable[..., Any], cm: Client, pc: Any) -> None:
    rivera, abara = asked("Rivera", days=1), asked("Abara", days=5)
    page = said(pc.get(ROOT))
    assert "2 to discuss. Choose a patient." in page
    assert re.search(r"Abara, Ana question new, 28 d .* Rivera, Ana question", page)
    assert pc.get(f"{ROOT}?patient={abara.id}").headers["Location"] == f"{ROOT}patients/{abara.id}/"
    answer = pc.get(f"{ROOT}patients/{abara.id}/")
    assert ("1 of 2" in said(answer), "Is the dose high enough?" in said(answer)) == (True, True)
    assert "Abara" not in re.findall(r"<title>(.*?)</title>", answer.text)[0]
    signed = pc.post(f"{ROOT}patients/{abara.id}/", typed("sign_next"))
    assert signed.headers["Location"] == f"{ROOT}patients/{rivera.id}/"
    assert CaseReview.objects.get().episode_id == abara.id
    assert "1 to discuss" in said(pc.get(ROOT))
    last = pc.post(f"{ROOT}patients/{rivera.id}/", typed("sign_next"))
    assert last.headers["Location"] == ROOT
    assert "Nobody has to be discussed" in said(pc.get(ROOT))
    assert "No weekly slot is set." in said(cm.get(ROOT))
    opened = AuditEvent.objects.filter(action="review_queue.opened")
    assert set(opened.values_list("patient_id", flat=True)) == {abara.patient_id}


def test_a_draft_is_kept_and_a_fault_loses_nothing(asked: Callable[..., Any], cm: Client, pc: Any) -> None:
    url = f"{ROOT}patients/{asked('Rivera').id}/"
    refused = pc.post(url, typed("sign", **{"recommendations-0-kind": "", "recommendations-0-text": "Think of sleep"}))
    assert (refused.status_code, "Think of sleep" in refused.text) == (422, True)
    assert cm.post(url, typed("draft", text="Typed by Ken")).headers["Location"] == url
    assert "Typed by Ken" in pc.get(url).text
    assert ReviewDraft.objects.get().read_by == pc.membership
    assert "draft begun" in said(cm.get(ROOT))


def test_putting_off_needs_a_reason_and_a_session(asked: Callable[..., Any], cm: Client, clinic: Any, pc: Any) -> None:
    url = f"{ROOT}patients/{asked('Rivera').id}/"
    off = {"do": "defer", "because": "Away", "until_on": "2026-03-09"}
    assert (cm.post(url, {**off, "because": ""}).status_code, AgendaItem.objects.count()) == (422, 0)
    assert "No session is planned yet." in said(cm.post(url, off))
    assert cm.post(f"{ROOT}sessions/new/", {}).status_code == 422
    planned = {
        "clinic": str(clinic.id), "consultant": str(pc.membership.id), "on": "2026-03-03", "begins_at": "14:00",
        "minutes": "60", "places": "12", "kept_for_stalled": "6", "client_token": str(uuid4()),
        "care_managers": [str(seat) for seat in [cm.session["_auth_user_id"]][:0]],
    }  # fmt: skip
    assert "Choose at least one care manager." in said(cm.post(f"{ROOT}sessions/new/", planned))
    by = AuditEvent.objects.filter(action="review_queue.opened").latest("at").by
    made = cm.post(f"{ROOT}sessions/new/", {**planned, "care_managers": [str(by.id)]})
    session = ReviewSession.objects.get()
    assert made.headers["Location"] == f"{ROOT}sessions/{session.id}/"
    assert cm.post(url, off).headers["Location"] == ROOT
    assert (AgendaItem.objects.get().state, AgendaItem.objects.get().deferred_because) == ("deferred", "Away")
    assert "Put off: 1" in said(cm.get(ROOT))


def test_minutes_outside_a_session_are_the_persons_own(asked: Callable[..., Any], pc: Any) -> None:
    url = f"{ROOT}patients/{asked('Rivera').id}/"
    time_typed = {"do": "time", "client_token": str(uuid4()), "on": "2026-03-02", "starts": "10:00", "ends": "10:12"}
    assert "The end is not after the start." in said(pc.post(url, {**time_typed, "ends": "09:00"}))
    assert pc.post(url, time_typed).headers["Location"] == url
    entry = TimeEntry.objects.get()
    assert (entry.by, entry.role, entry.activity) == (pc.membership, "psychiatric_consultant", "case_review")


def test_whose_queue_is_kept_for_the_session(asked: Callable[..., Any], cm: Client, membership: Any) -> None:
    mine = asked("Rivera")
    noor = Client()
    noor.force_login(membership("care_manager", name="Noor Haddad").user)
    assert "Nobody has to be discussed" in said(noor.get(ROOT))
    assert noor.post(f"{ROOT}narrow/", {"whose": "all"}).headers["Location"] == ROOT
    assert "1 to discuss" in said(noor.get(ROOT))
    assert noor.get(f"{ROOT}patients/{mine.id}/").status_code == 200
    assert noor.get(f"{ROOT}patients/{uuid4()}/").status_code == 404


def test_a_consultant_begins_with_the_patients_of_their_slots(
    asked: Callable[..., Any], pc: Any, by: Any, membership: Any, now: datetime, clinic: Any
) -> None:
    asked("Rivera")
    assert "1 to discuss" in said(pc.get(ROOT))
    noor = membership("care_manager", name="Noor Haddad")
    for name, person, shown in (("One", noor, "Nobody has to be discussed"), ("Two", by, "1 to discuss")):
        terms = SlotTerms(name, clinic.id, pc.membership.id, 1, time(9 + (person == by), 0), [person.id])
        set_slot(by=by, at=now, terms=terms)
        assert shown in said(pc.get(ROOT))
    assert '<option value="own" selected>All my slots</option>' in pc.get(ROOT).text
    slot = ReviewSlot.objects.get(name="One")
    pc.post(f"{ROOT}narrow/", {"whose": str(slot.id)})
    assert "Nobody has to be discussed" in said(pc.get(ROOT))


def test_slots_are_set_and_ended(by: Any, pc: Any, clinic: Any) -> None:
    url = "/o/lakeside/settings/review-slots/"
    assert "No slot yet." in said(pc.get(url))
    slot = {
        "name": "Tuesday review", "clinic": str(clinic.id), "consultant": str(pc.membership.id), "weekday": "1",
        "begins_at": "14:00", "minutes": "60", "places": "12", "kept_for_stalled": "13",
        "care_managers": [str(by.id)],
    }  # fmt: skip
    refused = pc.post(url, slot)
    assert (refused.status_code, "No more than the 12 places can be kept." in said(refused)) == (422, True)
    assert pc.post(url, {**slot, "kept_for_stalled": "6"}).headers["Location"] == url
    made = ReviewSlot.objects.get()
    assert "Tuesday review Tuesday 2:00 pm, 60 min" in said(pc.get(url))
    assert 'value="Tuesday review"' in pc.get(f"{url}{made.id}/").text
    again = {**slot, "kept_for_stalled": "6", "name": "Second", "seen": made.changed_at.isoformat()}
    assert pc.post(url, again).status_code == 422
    assert pc.post(f"{url}{made.id}/", {**again, "weekday": "2"}).headers["Location"] == url
    assert pc.post(f"{url}{uuid4()}/", again).status_code == 404
    assert pc.post(f"{url}{made.id}/end/").headers["Location"] == url
    assert pc.post(f"{url}{made.id}/end/").status_code == 404


def test_an_agenda_is_read_changed_and_cancelled(
    session: ReviewSession, asked: Callable[..., Any], cm: Client, pc: Any
) -> None:
    late = asked("Osei", days=1)
    url = f"{ROOT}sessions/{session.id}/"
    page = said(cm.get(url))
    assert re.search(r"1\. Abara, Ana .* question new, 28 d Is the dose high enough\? Waiting .* 2\. Rivera, Ana", page)
    assert "In the queue, not on this agenda: 1 Osei, Ana" in page
    first = AgendaItem.objects.get(place=1)
    for do, which in (("add", late.id), ("down", first.id), ("off", first.id), ("draw", "")):
        assert cm.post(f"{url}agenda/", {"do": do, "which": str(which)}).headers["Location"] == url
    on_it = AgendaItem.objects.order_by("place").values_list("episode__patient__family_name", flat=True)
    assert list(on_it) == ["Abara", "Rivera", "Osei"]
    assert cm.post(f"{url}agenda/", {"do": "off", "which": str(uuid4())}).status_code == 404
    item = AgendaItem.objects.get(place=1)
    off = f"{url}agenda/{item.id}/defer/"
    assert cm.post(off, {"because": "", "until_on": "2026-03-09"}).status_code == 422
    assert cm.post(off, {"because": "Away", "until_on": "2026-03-09"}).headers["Location"] == url
    assert "Put off until Mar 9: Away" in said(cm.get(url))
    assert cm.post(f"{url}agenda/", {"do": "back", "which": str(item.id)}).headers["Location"] == url
    assert (cm.post(url, {}).status_code, cm.get(f"{off[:-7]}{uuid4()}/defer/").status_code) == (422, 404)
    assert cm.post(url, {"because": "Consultant ill"}).headers["Location"] == url
    assert "Cancelled: Consultant ill" in said(cm.get(url))
    assert "Cancelled: Consultant ill" in said(pc.get(f"{ROOT}sessions/"))


def test_what_an_operation_refuses_is_said_at_its_field(
    session: ReviewSession, cm: Client, by: Any, pc: Any, clinic: Any, now: datetime
) -> None:
    url, item = f"{ROOT}sessions/{session.id}/", AgendaItem.objects.get(place=1)
    far = {"because": "Away", "until_on": "2027-03-09"}
    at_most = "A patient can be put off for 60 days at most."
    assert at_most in said(cm.post(f"{url}agenda/{item.id}/defer/", far))
    assert at_most in said(cm.post(f"{ROOT}patients/{item.episode_id}/", {**far, "do": "defer"}))
    past = {
        "clinic": str(clinic.id), "consultant": str(pc.membership.id), "on": "2026-03-01", "begins_at": "14:00",
        "minutes": "60", "places": "12", "kept_for_stalled": "6", "client_token": str(uuid4()),
        "care_managers": [str(by.id)],
    }  # fmt: skip
    assert "This day is over." in said(cm.post(f"{ROOT}sessions/new/", past))
    assert "Nothing was chosen." in said(cm.post(f"{url}agenda/", {"do": "?"}, follow=True))
    begin_session(by=by, at=now, session_id=session.id)
    open_item(by=by, at=now, session_id=session.id, item_id=item.id)
    assert at_most in said(cm.post(f"{url}live/?item={item.id}", {**far, "do": "defer"}))
    moved = "begun, ended or cancelled meanwhile"
    assert moved in said(cm.post(url, {"because": "Ill"}))
    assert moved in said(cm.post(f"{url}agenda/", {"do": "draw"}, follow=True))
    assert cm.get(f"{ROOT}sessions/{uuid4()}/").status_code == 404


def test_both_see_the_same_patient_and_the_minutes_are_posted(
    session: ReviewSession, cm: Client, by: Any, pc: Any, now: datetime
) -> None:
    url, act = f"{ROOT}sessions/{session.id}/", f"{ROOT}sessions/{session.id}/do/"
    live = f"{url}live/"
    assert cm.get(live).headers["Location"] == url
    assert cm.post(act, {"do": "begin", "present": [str(by.id), str(pc.membership.id)]}).headers["Location"] == live
    assert "Nobody is open" in said(pc.get(live))
    abara, rivera = AgendaItem.objects.order_by("place")
    seen = re.findall(r"pulse/\?seen=(\w+)", pc.get(live).text)[0]
    pulse = f"{url}pulse/?seen={seen}"
    assert pc.get(pulse).status_code == 204
    assert cm.post(act, {"do": "open", "item": str(abara.id)}).headers["Location"] == live
    moved = pc.get(pulse)
    assert (moved.status_code, "data-follow" in moved.text, "Abara" in moved.text) == (200, True, False)
    assert "0 of 2 done" in said(pc.get(live))
    draft = cm.post(f"{live}?item={abara.id}", typed("draft", text="By Ken"))
    assert draft.headers["Location"] == live
    assert "By Ken" in pc.get(live).text
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        signed = pc.post(f"{live}?item={abara.id}", typed("sign_next", text="By Ken", based_on="1"))
        assert signed.headers["Location"] == live
    assert OpenSpell.objects.get(ended_at__isnull=True).item == rivera
    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        off = {"do": "defer", "because": "Not back yet", "until_on": "2026-03-09"}
        assert pc.post(f"{live}?item={rivera.id}", {**off, "because": ""}).status_code == 422
        assert pc.post(f"{live}?item={rivera.id}", off).headers["Location"] == live
        assert "2 of 2 done" in said(pc.get(live))
        assert "6 min" not in said(cm.get(f"{url}end/"))
        assert cm.post(f"{url}end/").headers["Location"] == f"{url}tasks/"
        assert cm.post(f"{url}end/").headers["Location"] == f"{url}tasks/"
    assert sorted(TimeEntry.objects.values_list("by__name", "role")) == [
        ("Ken Abara", "care_manager"), ("Ken Abara", "care_manager"),
        ("Lena Ortiz", "psychiatric_consultant"), ("Lena Ortiz", "psychiatric_consultant"),
    ]  # fmt: skip
    tasks = said(cm.get(f"{url}tasks/"))
    assert "Lena Ortiz" in tasks
    assert "Put off: Not back yet" in tasks
    assert pc.get(live).headers["Location"] == f"{url}tasks/"


def test_what_was_read_is_signed_together_and_who_is_here_is_said(
    session: ReviewSession, cm: Client, by: Any, pc: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    url, act = f"{ROOT}sessions/{session.id}/", f"{ROOT}sessions/{session.id}/do/"
    begin_session(by=by, at=now, session_id=session.id, present_ids=[by.id])
    abara = AgendaItem.objects.get(place=1)
    open_item(by=by, at=now, session_id=session.id, item_id=abara.id)
    cm.post(f"{url}live/?item={abara.id}", typed("draft"))
    assert "You are not marked as here" in said(pc.get(f"{url}live/"))
    pc.post(act, {"do": "join"})
    assert "Sign all 1 read" in said(pc.get(f"{url}live/"))
    assert "1 signed." in said(pc.post(act, {"do": "sign_read"}, follow=True))
    assert AgendaItem.objects.get(id=abara.id).state == "reviewed"
    assert "This patient was reviewed in this session." in said(pc.get(f"{url}live/"))
    assert "Only a psychiatric consultant signs" in said(cm.post(act, {"do": "sign_read"}, follow=True))
    assert "Paused" in said(cm.post(act, {"do": "pause"}, follow=True))
    assert "Saved who is here." in said(cm.post(act, {"do": "seat", "present": [str(by.id)]}, follow=True))
    assert cm.post(act, {"do": "open", "item": "x"}).status_code == 404
    assert "Nothing was chosen." in said(cm.post(act, {"do": "?"}, follow=True))


def test_each_person_is_told_what_to_do(session: ReviewSession, cm: Client, pc: Any, by: Any, now: datetime) -> None:
    begin_session(by=by, at=now, session_id=session.id)
    first, second = AgendaItem.objects.order_by("place")
    url = f"{ROOT}sessions/{session.id}/"
    advice = {
        "recommendations-0-kind": "medication", "recommendations-0-act": "start", "recommendations-0-dose": "50 mg",
        "recommendations-0-text": "Sertraline", "recommendations-1-kind": "psychosocial",
        "recommendations-1-text": "Walks", "recommendations-1-present_again": "in four weeks",
    }  # fmt: skip
    assert pc.post(f"{url}live/?item={first.id}", {**typed("sign"), **advice}).status_code == 302
    cm.post(f"{url}live/?item={second.id}", typed("draft"))
    assert cm.post(f"{url}end/").headers["Location"] == f"{url}tasks/"
    page = said(cm.get(f"{url}tasks/"))
    assert page[page.index("What Ken Abara has to do") : page.index(" Draft saved.")] == (
        "What Ken Abara has to do Patient What By "
        "Abara, Ana Send to the clinician : 1. Medication: start. Sertraline 50 mg Mar 3 "
        "Abara, Ana Carry out : 2. Psychosocial. Walks Mar 9 "
        "Abara, Ana Present again : in four weeks: 2. Psychosocial. Walks "
        "Lena Ortiz What Lena Ortiz has to do Patient What By Rivera, Ana Sign the draft"
    )


def test_somebody_is_added_while_the_session_runs(
    session: ReviewSession, asked: Callable[..., Any], cm: Client, by: Any, now: datetime
) -> None:
    begin_session(by=by, at=now, session_id=session.id)
    urgent = asked("Urgent", days=0)
    agenda = f"{ROOT}sessions/{session.id}/"
    assert f'href="{agenda}"' in cm.get(f"{agenda}live/").text
    page = said(cm.get(agenda))
    assert ("Add Urgent, Ana" in page, "Draw up again" in page, "Cancel this session" in page) == (True, False, False)
    cm.post(f"{agenda}agenda/", {"do": "add", "which": str(urgent.id)})
    assert "Urgent, Ana" in said(cm.get(f"{agenda}live/"))


def test_a_session_left_running_asks(session: ReviewSession, cm: Client, by: Any, now: datetime) -> None:
    url = f"{ROOT}sessions/{session.id}/"
    begin_session(by=by, at=now, session_id=session.id)
    spell = open_item(by=by, at=now, session_id=session.id, item_id=AgendaItem.objects.get(place=1).id)
    with time_machine.travel(now + timedelta(hours=15), tick=False):
        cm.force_login(by.user)
        assert "Is this session still going on?" in said(cm.get(f"{url}live/"))
        refused = cm.post(f"{url}end/")
        assert (refused.status_code, "Confirm the minutes, 0 to 900." in said(refused)) == (422, True)
        assert cm.post(f"{url}end/", {f"minutes-{spell.id}": "11"}).headers["Location"] == f"{url}tasks/"
    assert {entry.span.upper for entry in TimeEntry.objects.all()} == {now + timedelta(minutes=11)}
    assert ReviewSession.objects.get().ended_at == now + timedelta(minutes=11)


def test_a_refused_form_stays_with_its_patient(session: ReviewSession, cm: Client, by: Any, now: datetime) -> None:
    begin_session(by=by, at=now, session_id=session.id)
    first, second = AgendaItem.objects.order_by("place")
    open_item(by=by, at=now, session_id=session.id, item_id=second.id)
    live = f"{ROOT}sessions/{session.id}/live/"
    refused = cm.post(f"{live}?item={first.id}", typed("sign", text="About Abara"))
    assert (refused.status_code, "About Abara" in refused.text) == (422, True)
    assert "Another patient is open by now" in said(refused)
    assert cm.post(f"{live}?item={uuid4()}", typed("draft")).status_code == 422
    assert ReviewDraft.objects.count() == 0


@pytest.mark.parametrize(
    "page", ["", "patients/{episode}/", "sessions/", "sessions/{session}/", "sessions/{session}/live/"]
)
def test_a_page_takes_as_many_statements_for_two_as_for_eight(
    page: str, session: ReviewSession, asked: Callable[..., Any], pc: Any, by: Any, now: datetime
) -> None:
    first = AgendaItem.objects.get(place=1)
    url = ROOT + page.format(episode=first.episode_id, session=session.id)
    if "live" in page:
        begin_session(by=by, at=now, session_id=session.id)
        open_item(by=by, at=now, session_id=session.id, item_id=first.id)
    pc.get(url)
    with CaptureQueriesContext(connection) as few:
        assert pc.get(url).status_code == 200
    for number in range(6):
        made = asked(f"More{number}")
        AgendaItem.objects.create(
            organization=made.organization, session=session, episode=made, place=3 + number, reason="question"
        )
    with CaptureQueriesContext(connection) as many:
        pc.get(url)
    assert (len(many), len(many) <= 14 + 8) == (len(few), True)


def test_one_queue_for_several_organizations(
    asked: Callable[..., Any], pc: Any, other_organization: Any, in_tenant: Any
) -> None:
    asked("Rivera")
    there = MembershipFactory(
        organization=other_organization, user=pc.membership.user, roles=["psychiatric_consultant"]
    )
    MembershipFactory(organization=system_seat(in_tenant).organization, roles=["billing"])
    page = said(pc.get("/reviews/"))
    assert "Lakeside Family Medicine: 1 Ridgeway Health: 0" in page
    assert "Rivera, Ana" in page
    assert "All organizations" in said(pc.get(ROOT))
    with tenant(other_organization):
        assert AuditEvent.objects.get(action="review_queue.viewed").by_id == there.id
