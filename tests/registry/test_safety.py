"""A dangerous answer: somebody is called at once, then the next, then the leads, until somebody takes it on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from registry.models import Assessment, ClinicProtocol, DutyTurn, SafetyNotice, SafetyStep, SelfReport
from registry.operations.answers import close_abandoned, give_answer
from registry.operations.duty import add_turns, end_turn
from registry.operations.safety import acknowledge_notice, close_notice, raise_notice, tell_of_notice
from registry.operations.self_report_errors import (
    AnswerImpossible,
    ClosingNoteMissing,
    NoticeClosed,
    NoticeTaken,
    TurnOverlaps,
    TurnUnusable,
)
from registry.operations.self_reports import link_address, send_self_report
from registry.queries.duty import has_rota, rota_of
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory

QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def people(membership: Callable[..., Any]) -> dict[str, Any]:
    """Two on duty, two leads, and somebody who only bills."""
    return {
        "first": membership("care_manager", name="Bea First"),
        "second": membership("care_manager", name="Carl Second"),
        "lead": membership("clinic_lead", name="Dora Lead"),
        "other_lead": membership("clinic_lead", name="Emil Lead"),
        "biller": membership("billing", name="Fay Biller"),
    }


@pytest.fixture
def rota(on_duty: Callable[..., None], people: dict[str, Any]) -> None:
    on_duty(people["first"], people["second"])


@pytest.fixture
def report(person: Callable[..., Any], by: Any, rota: None, now: datetime) -> SelfReport:
    return send_self_report(
        by=by,
        at=now,
        patient_id=person("Rivera", phone="555-0101").id,
        tools=["phq9", "gad7"],
        language="en",
        sent_by="printed",
        client_token=uuid4(),
    )


@pytest.fixture
def phone(report: SelfReport) -> Callable[..., Any]:
    """`phone("9/", answer="2")` posts to a page of the link, `phone("9/")` opens it; the birth date was given."""
    client, start = Client(), urlsplit(link_address(report)).path
    client.post(start + "birth-date/", {"month": "5", "day": "4", "year": "1961"})

    def visit(path: str = "", **typed: str) -> Any:
        return client.post(start + path, typed, follow=True) if typed else client.get(start + path, follow=True)

    return visit


@pytest.fixture
def in_danger(phone: Callable[..., Any]) -> Any:
    """The page after item 9 was answered with 2."""
    for number in range(1, 9):
        phone(f"{number}/", answer="1")
    return phone("9/", answer="2")


@pytest.fixture
def notice(person: Callable[..., Any], by: Any, clinic: Any, now: datetime) -> SafetyNotice:
    system_seat(by.organization)
    return raise_notice(by=by, at=now, patient=person("Rivera"), clinic_id=clinic.id)


def steps(notice: SafetyNotice) -> list[tuple[int, str, int, str]]:
    """Minutes after it was raised, kind, round, who."""
    rows = SafetyStep.objects.filter(notice=notice).select_related("member").order_by("at", "round", "member__name")
    return [
        (
            int((row.at - notice.raised_at).total_seconds()) // 60,
            row.kind,
            row.round,
            row.member.name if row.member else "",
        )
        for row in rows
    ]


def mailed() -> list[str]:
    return [message.to[0] for message in mail.outbox]


def heading(page: Any) -> str:
    return unescape(re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)[1])


# The patient


def test_an_answer_above_0_shows_help_and_calls_at_once(in_danger: Any, report: SelfReport, now: datetime) -> None:
    assert heading(in_danger) == "Please read this now"
    assert 'href="tel:988"' in in_danger.text
    assert "If you may hurt yourself or are in danger now, do not wait for us." in unescape(in_danger.text)
    notice = SafetyNotice.objects.get()
    assert (notice.patient_id, notice.cause, notice.raised_at) == (report.patient_id, "item_9", now)
    so_far = Assessment.objects.get()
    assert (so_far.total, so_far.item9, so_far.is_by_patient) == (10, 2, True)
    assert notice.assessment_id == so_far.id
    assert notice.closed_at is None


def test_the_clinics_own_words_are_shown_in_the_patients_language(
    phone: Callable[..., Any], report: SelfReport, by: Any, now: datetime
) -> None:
    ClinicProtocol.objects.create(
        organization_id=report.organization_id,
        clinic_id=report.clinic_id,
        crisis_text="Ours: 988, 911.",
        crisis_text_es="Nuestro: 988, 911.",
        changed_at=now,
        changed_by=by,
    )
    for number in range(1, 9):
        phone(f"{number}/", answer="0")
    assert "Ours: 988, 911." in phone("9/", answer="1").text
    phone(language="es")
    assert "Nuestro: 988, 911." in phone("9/help/").text


def test_the_patient_goes_on_and_sends_and_the_score_so_far_is_replaced(
    in_danger: Any, phone: Callable[..., Any]
) -> None:
    assert "Question 10 of 16" in phone("10/").text
    for number in range(10, 17):
        phone(f"{number}/", answer="0")
    assert heading(phone("send/", send="1")) == "Thank you"
    live = Assessment.objects.live().filter(instrument="phq9")
    assert [(a.total, a.item9) for a in live] == [(10, 2)]
    assert SafetyNotice.objects.count() == 1


def test_a_changed_answer_does_not_take_the_call_back(
    in_danger: Any, phone: Callable[..., Any], client_for: Callable[..., Any]
) -> None:
    phone("9/", answer="0")
    for number in range(10, 17):
        phone(f"{number}/", answer="0")
    phone("send/", send="1")
    first, last = (Assessment.objects.get(instrument="phq9", replaces__isnull=is_first) for is_first in (True, False))
    assert (first.item9, first.is_live, last.item9, last.replaces_id) == (2, False, 0, first.id)
    notice = SafetyNotice.objects.get()
    assert notice.closed_at is None
    page = client_for("care_manager").get(f"/o/lakeside/safety/{notice.id}/")
    assert "<strong>More than half the days</strong>, changed afterwards to <strong>Not at all</strong>" in page.text


def test_only_item_9_is_known_and_still_it_is_kept(report: SelfReport, phone: Callable[..., Any]) -> None:
    """The patient left out the rest, answered this, and closed the browser."""
    for number in range(1, 9):
        phone(f"{number}/", answer="skip")
    phone("9/", answer="3")
    kept = Assessment.objects.get()
    assert (kept.total, kept.item9) == (None, 3)


def test_a_worse_answer_later_is_in_what_is_kept_of_an_abandoned_questionnaire(
    in_danger: Any, phone: Callable[..., Any], report: SelfReport, now: datetime
) -> None:
    phone("9/", answer="3")
    assert SafetyNotice.objects.count() == 1
    organization_id = report.organization_id
    assert close_abandoned(organization_id=organization_id, report_id=report.id, at=now + timedelta(days=7)) == 1
    assert close_abandoned(organization_id=organization_id, report_id=report.id, at=now + timedelta(days=7)) == 0
    assert [(a.total, a.item9) for a in Assessment.objects.live()] == [(11, 3)]


def test_an_answer_of_0_calls_nobody(phone: Callable[..., Any]) -> None:
    for number in range(1, 9):
        phone(f"{number}/", answer="3")
    assert "Question 10 of 16" in phone("9/", answer="0").text
    assert SafetyNotice.objects.count() == 0


def test_a_question_that_is_not_asked_has_no_answer(
    report: SelfReport, phone: Callable[..., Any], by: Any, now: datetime
) -> None:
    with pytest.raises(AnswerImpossible):
        give_answer(by=by, at=now, report_id=report.id, tool="pcl5", number=1, points=1)


# Whom it goes to


def test_from_person_to_person_to_the_leads(
    rota: None, people: dict[str, Any], notice: SafetyNotice, run_jobs: Callable[..., list[str]], now: datetime
) -> None:
    for minutes in (0, 14, 15, 29, 30, 200):
        run_jobs(now + timedelta(minutes=minutes))
    assert steps(notice) == [
        (0, "told", 1, "Bea First"),
        (15, "told", 2, "Carl Second"),
        (30, "told", 3, "Dora Lead"),
        (30, "told", 3, "Emil Lead"),
    ]
    assert mailed()[:2] == [people["first"].user.email, people["second"].user.email]
    assert sorted(mailed()[2:]) == sorted([people["lead"].user.email, people["other_lead"].user.email])


def test_the_message_names_nobody(
    rota: None, notice: SafetyNotice, run_jobs: Callable[..., list[str]], now: datetime
) -> None:
    run_jobs(now)
    (message,) = mail.outbox
    assert message.subject == "Someone needs you"
    assert "/o/lakeside/safety/" in message.body
    said = message.subject + message.body + str(list(Job.objects.values_list("arguments", flat=True)))
    assert [word for word in ("Rivera", "Ana", "PHQ", "1961", "suicid", "harm") if word.lower() in said.lower()] == []


def test_a_job_that_runs_twice_or_late_tells_nobody_twice(
    rota: None, notice: SafetyNotice, organization: Any, now: datetime
) -> None:
    def tell(minutes: int) -> list[int]:
        at = now + timedelta(minutes=minutes)
        return [one.number for one in tell_of_notice(organization_id=organization.id, notice_id=notice.id, at=at)]

    assert [tell(0), tell(0), tell(1), tell(40), tell(40)] == [[1], [], [], [2, 3], []]
    assert len(steps(notice)) == 4


def test_with_nobody_on_duty_the_leads_are_told_at_once(
    people: dict[str, Any], notice: SafetyNotice, run_jobs: Callable[..., list[str]], now: datetime
) -> None:
    run_jobs(now)
    assert steps(notice) == [
        (0, "nobody", 1, ""),
        (0, "told", 3, "Dora Lead"),
        (0, "told", 3, "Emil Lead"),
    ]


def test_whoever_left_is_not_called(
    on_duty: Callable[..., None],
    people: dict[str, Any],
    notice: SafetyNotice,
    run_jobs: Callable[..., list[str]],
    now: Any,
) -> None:
    on_duty(people["first"], people["second"])
    people["first"].is_active = False
    people["first"].save()
    run_jobs(now)
    assert steps(notice) == [(0, "told", 1, "Carl Second")]


def test_without_a_lead_everybody_who_may_take_it_on_is_told(
    membership: Callable[..., Any], notice: SafetyNotice, run_jobs: Callable[..., list[str]], now: datetime
) -> None:
    membership("billing", name="Fay Biller")
    run_jobs(now)
    assert steps(notice) == [(0, "nobody", 1, ""), (0, "told", 3, "Ken Abara")]


def test_once_taken_on_nobody_else_is_called(
    rota: None, people: dict[str, Any], notice: SafetyNotice, run_jobs: Callable[..., list[str]], now: datetime
) -> None:
    run_jobs(now)
    acknowledge_notice(by=people["first"], at=now + timedelta(minutes=3), notice_id=notice.id)
    run_jobs(now + timedelta(hours=1))
    assert steps(notice) == [(0, "told", 1, "Bea First"), (3, "acknowledged", 0, "Bea First")]


def test_taking_on_twice_changes_nothing_and_the_slower_one_is_told(
    notice: SafetyNotice, people: dict[str, Any], now: datetime
) -> None:
    first, second = people["first"], people["second"]
    for _ in range(2):
        acknowledge_notice(by=first, at=now, notice_id=notice.id)
    with pytest.raises(NoticeTaken):
        acknowledge_notice(by=second, at=now, notice_id=notice.id)
    assert len(steps(notice)) == 1


def test_closing_says_what_was_done_once(notice: SafetyNotice, people: dict[str, Any], now: datetime) -> None:
    with pytest.raises(ClosingNoteMissing):
        close_notice(by=people["first"], at=now, notice_id=notice.id, note="  ")
    close_notice(by=people["first"], at=now, notice_id=notice.id, note="Called. Safe tonight.")
    for again in (
        lambda: close_notice(by=people["second"], at=now, notice_id=notice.id, note="x"),
        lambda: acknowledge_notice(by=people["second"], at=now, notice_id=notice.id),
    ):
        with pytest.raises(NoticeClosed):
            again()
    assert sorted(kind for _, kind, _, _ in steps(notice)) == ["acknowledged", "closed"]


# The rota


def test_a_rota_says_who_and_when_nobody(
    in_tenant: Any, by: Any, clinic: Any, people: dict[str, Any], now: datetime
) -> None:
    made = add_turns(
        by=by, at=now, clinic_id=clinic.id, weekdays=[0, 1, 2, 3, 4], begins_at=time(8), ends_at=time(17),
        people=[people["first"].id, people["second"].id],
    )  # fmt: skip
    assert len(made) == 10
    shown = rota_of(clinic.id, by.organization_id)
    assert [(one.weekday, one.hours, one.place, one.person) for one in shown.turns[:2]] == [
        ("Monday", "8:00 am to 5:00 pm", "First", "Bea First"),
        ("Monday", "8:00 am to 5:00 pm", "Then", "Carl Second"),
    ]
    assert shown.gaps[-1] == "Friday 5:00 pm to Monday 8:00 am"
    assert "Fay Biller" not in [name for _, name in shown.people]
    end_turn(by=by, at=now, turn_id=made[0].id, clinic_id=clinic.id)
    end_turn(by=by, at=now, turn_id=made[0].id, clinic_id=clinic.id)
    assert DutyTurn.objects.filter(is_current=True).count() == 9
    assert AuditEvent.objects.filter(action="duty.ended").count() == 1


def test_who_cannot_be_on_duty(by: Any, clinic: Any, people: dict[str, Any], now: datetime, on_duty: Any) -> None:
    def add(*ids: Any, days: Any = (0,)) -> None:
        add_turns(
            by=by, at=now, clinic_id=clinic.id, weekdays=days, begins_at=time(8), ends_at=time(9), people=list(ids)
        )

    first = people["first"].id
    for ids, days in [
        ((), (0,)),
        ((uuid4(),), (0,)),
        ((people["biller"].id,), (0,)),
        ((first, first), (0,)),
        ((first,), ()),
    ]:
        with pytest.raises(TurnUnusable):
            add(*ids, days=days)
    assert not has_rota(clinic.id, by.organization_id)
    on_duty(people["first"])
    with pytest.raises(TurnOverlaps, match="Monday from 12:00 am"):
        add(people["second"].id)


# Pages


def test_the_list_puts_who_waits_longest_first_and_the_notice_shows_every_step(
    rota: None, notice: SafetyNotice, people: dict[str, Any], run_jobs: Any, now: datetime, clock: Any
) -> None:
    run_jobs(now)
    clock.move_to(now + timedelta(minutes=12))
    client = Client()
    client.force_login(people["second"].user)
    listed = client.get("/o/lakeside/safety/")
    assert "12 min" in listed.text
    assert "Bea First" in listed.text
    page = client.get(f"/o/lakeside/safety/{notice.id}/")
    assert "Otherwise the next person is called at 11:15 am." in page.text
    taken = client.post(f"/o/lakeside/safety/{notice.id}/take/", follow=True)
    assert "You have taken this on" in taken.text
    assert "I take this on" not in taken.text
    empty = client.post(f"/o/lakeside/safety/{notice.id}/", {"note": " "})
    assert (empty.status_code, "Write what was found and what was done." in empty.text) == (422, True)
    closed = client.post(f"/o/lakeside/safety/{notice.id}/", {"note": "Called. Safe tonight."}, follow=True)
    assert "Nobody needs you now" in closed.text
    assert "Dealt with in the last 30 days" in closed.text
    assert "Called. Safe tonight." in client.get(f"/o/lakeside/safety/{notice.id}/").text
    clock.move_to(now + timedelta(days=31))
    assert "Dealt with" not in client.get("/o/lakeside/safety/").text


def test_links_are_made_on_the_page_once_the_rota_is_filled(
    person: Callable[..., Any], client_for: Callable[..., Any], clinic: Any, people: dict[str, Any], organization: Any
) -> None:
    system_seat(organization)
    page = f"/o/lakeside/patients/{person('Rivera').id}/questionnaires/"
    lead = client_for("clinic_lead")
    refused = lead.get(page)
    assert "Nobody is on duty" in refused.text
    assert "Make the link" not in refused.text
    assert "Ask your clinic lead or admin" in client_for("care_manager").get(page).text
    rota = f"/o/lakeside/clinics/{clinic.id}/duty/"
    typed = {"weekdays": ["0", "1"], "begins_at": "08:00", "ends_at": "17:00", "first": str(people["first"].id)}
    assert "Monday" in lead.post(rota, typed, follow=True).text
    again = lead.post(rota, typed)
    assert again.status_code == 422
    assert "Somebody is called first on Monday from 8:00 am to 5:00 pm already" in again.text
    form = lead.get(page)
    token = re.search(r'name="client_token" value="([^"]+)"', form.text)[1]
    sent = {"client_token": token, "tools": ["phq9"], "language": "en", "sent_by": "printed"}
    shown = lead.post(f"{page}send/", sent, follow=True)
    assert "<svg" in shown.text
    assert "/q/" in shown.text
    assert "Not opened yet" in lead.get(page).text
    report = SelfReport.objects.get()
    assert "The link is withdrawn." in lead.post(f"{page}{report.id}/withdraw/", follow=True).text
    assert "This link is over" in lead.get(f"{page}{report.id}/", follow=True).text
    faulty = lead.post(f"{page}send/", {**sent, "tools": []})
    assert (faulty.status_code, "Choose at least one questionnaire." in faulty.text) == (422, True)


def test_what_patients_meet_is_set_with_the_numbers_in_it(
    in_tenant: Any, client_for: Callable[..., Any], clinic: Any
) -> None:
    lead, page = client_for("clinic_lead"), f"/o/lakeside/clinics/{clinic.id}/safety/"
    typed = {
        "seen": "", "outside_hours": "notify", "link_days": "3", "read_within": "today", "read_within_es": "hoy",
        "crisis_text": "Call 988 or 911.", "crisis_text_es": "Llame al 988.",
    }  # fmt: skip
    refused = lead.post(page, typed)
    assert refused.status_code == 422
    assert "Name 911 in it: patients read this in danger." in refused.text
    assert "Llame al 988." in refused.text
    typed["crisis_text_es"] = "Llame al 988 o al 911."
    assert "Saved." in lead.post(page, typed, follow=True).text
    row = ClinicProtocol.objects.get()
    assert (row.outside_hours, row.link_days, row.read_within_es) == ("notify", 3, "hoy")
    stale = lead.post(page, {**typed, "link_days": "5"})
    assert (stale.status_code, "Somebody changed these settings meanwhile" in stale.text) == (422, True)


def test_a_turn_of_another_clinic_is_not_taken_off_here(
    client_for: Callable[..., Any], clinic: Any, organization: Any, rota: None
) -> None:
    other = ClinicFactory(organization=organization)
    turn = DutyTurn.objects.first()
    lead = client_for("clinic_lead")
    assert lead.post(f"/o/lakeside/clinics/{other.id}/duty/{turn.id}/end/").status_code == 404
    assert lead.post(f"/o/lakeside/clinics/{clinic.id}/duty/{turn.id}/end/").status_code == 302
