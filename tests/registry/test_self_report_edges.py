"""What seldom happens around questionnaires and calls for help, and must not be wrong then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.errors import NotFound
from registry.models import Assessment, DutyTurn, SafetyNotice, SafetyStep, SelfReport
from registry.operations.answers import finish_self_report, give_answer
from registry.operations.duty import add_turns, end_turn
from registry.operations.messages import ConsoleSender, text_sender
from registry.operations.messages.text import NoTextSender
from registry.operations.safety import acknowledge_notice, close_notice, mail_safety_step, raise_notice
from registry.operations.self_report_errors import AnswerImpossible, LinkOver, QuestionsOpen
from registry.operations.self_reports import (
    choose_language,
    confirm_birth_date,
    link_address,
    open_report,
    send_self_report,
    withdraw_self_report,
)
from registry.queries.duty import rota_of
from registry.queries.safety import notice_list, notice_page
from registry.queries.self_reports import link_of, ways_of
from tests.factories.program import ClinicInstrumentFactory, SafetyNoticeFactory
from tests.factories.registry import system_seat
from tests.statements import own

BORN = date(1961, 5, 4)
# What surrounds every page.


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person("Rivera")


@pytest.fixture
def send(by: Any, patient: Any, on_duty: Callable[..., None], now: datetime) -> Callable[..., SelfReport]:
    on_duty(by)

    def make(*tools: str) -> SelfReport:
        return send_self_report(
            by=by,
            at=now,
            patient_id=patient.id,
            tools=tools or ("phq9",),
            language="en",
            sent_by="printed",
            client_token=uuid4(),
        )

    return make


@pytest.fixture
def opened(send: Callable[..., SelfReport], by: Any, now: datetime) -> Callable[..., SelfReport]:
    def make(*tools: str) -> SelfReport:
        report = send(*tools)
        assert confirm_birth_date(by=by, at=now, report_id=report.id, birth_date=BORN, session_sha256=bytes(32))
        return report

    return make


def test_a_screeners_yes_with_too_few_answers_for_a_score_calls_all_the_same(
    clinic: Any, organization: Any, opened: Callable[..., SelfReport], by: Any, now: datetime
) -> None:
    """A PHQ-A of which all was left out but the last question."""
    ClinicInstrumentFactory(organization=organization, clinic=clinic, instrument="phqa", is_sent_to_patients=True)
    report = opened("phqa")
    for number in range(1, 12):
        give_answer(by=by, at=now, report_id=report.id, tool="phqa", number=number, points=None)
    assert give_answer(by=by, at=now, report_id=report.id, tool="phqa", number=12, points=1)
    notice = SafetyNotice.objects.get()
    assert (notice.cause, notice.assessment_id, Assessment.objects.count()) == ("screener", None, 0)
    shown = notice_page(notice.id, organization.id, at=now)
    assert [(answer.tool, answer.first, answer.later) for answer in shown.answers] == [("PHQ-A", "Yes", "")]
    finish_self_report(by=by, at=now, report_id=report.id)
    assert [answer.first for answer in notice_page(notice.id, organization.id, at=now).answers] == ["Yes"]


def test_a_notice_without_a_link_shows_no_answers(organization: Any, in_tenant: Any, now: datetime) -> None:
    notice = SafetyNoticeFactory(organization=organization)
    assert notice_page(notice.id, organization.id, at=now).answers == ()


def test_questions_that_are_open_are_named(opened: Callable[..., SelfReport], by: Any, now: datetime) -> None:
    report = opened()
    give_answer(by=by, at=now, report_id=report.id, tool="phq9", number=1, points=1)
    with pytest.raises(QuestionsOpen) as fault:
        finish_self_report(by=by, at=now, report_id=report.id)
    assert fault.value.place == 2


@pytest.mark.parametrize(("tool", "number", "points"), [("pcl5", 1, 1), ("phq9", 10, 1), ("phq9", 1, 4)])
def test_what_is_no_answer(
    opened: Callable[..., SelfReport], by: Any, now: datetime, tool: str, number: int, points: int
) -> None:
    with pytest.raises(AnswerImpossible):
        give_answer(by=by, at=now, report_id=opened().id, tool=tool, number=number, points=points)


def test_nothing_is_answered_before_the_birth_date_or_at_night(
    send: Callable[..., SelfReport], by: Any, now: datetime
) -> None:
    report, night = send(), now + timedelta(hours=10)
    with pytest.raises(LinkOver):
        give_answer(by=by, at=now, report_id=report.id, tool="phq9", number=1, points=1)
    with pytest.raises(LinkOver):
        confirm_birth_date(by=by, at=night, report_id=report.id, birth_date=BORN, session_sha256=bytes(32))
    choose_language(by=by, at=now, report_id=report.id, language="es")
    assert SelfReport.objects.get().language == "es"


def test_what_is_not_there(send: Callable[..., SelfReport], by: Any, patient: Any, clinic: Any, now: datetime) -> None:
    report, nobody = send(), uuid4()
    absent: list[Callable[[], Any]] = [
        lambda: withdraw_self_report(by=by, at=now, report_id=report.id, patient_id=nobody),
        lambda: open_report(nobody, by.organization_id, now),
        lambda: link_of(nobody, patient.id, by.organization_id, at=now),
        lambda: notice_page(nobody, by.organization_id, at=now),
        lambda: acknowledge_notice(by=by, at=now, notice_id=nobody),
        lambda: close_notice(by=by, at=now, notice_id=nobody, note="x"),
        lambda: end_turn(by=by, at=now, turn_id=nobody, clinic_id=clinic.id),
        lambda: add_turns(
            by=by, at=now, clinic_id=nobody, weekdays=[0], begins_at=time(8), ends_at=time(9), people=[by.id]
        ),
    ]
    for ask in absent:
        with pytest.raises(NotFound):
            ask()


def test_a_call_to_somebody_who_left_meanwhile_goes_nowhere(
    in_tenant: Any, organization: Any, patient: Any, by: Any, now: datetime
) -> None:
    system_seat(organization)
    notice = raise_notice(by=by, at=now, patient=patient, clinic_id=patient.clinic_id)
    step = SafetyStep.objects.create(organization=organization, notice=notice, at=now, kind="told", round=1, member=by)
    by.is_active = False
    by.save()
    mail_safety_step(organization_id=organization.id, step_id=step.id)
    mail_safety_step(organization_id=organization.id, step_id=uuid4())
    assert mail.outbox == []


def test_long_waits_are_said_in_days_and_hours(in_tenant: Any, organization: Any, now: datetime) -> None:
    SafetyNoticeFactory(organization=organization)
    waits = [
        notice_list(organization.id, at=now + wait)[0].waited_words
        for wait in (timedelta(minutes=59), timedelta(minutes=185), timedelta(hours=52))
    ]
    assert waits == ["59 min", "3 h 5 min", "2 d 4 h"]


def test_steps_are_said_in_words(
    in_tenant: Any, organization: Any, by: Any, now: datetime, run_jobs: Callable[..., list[str]]
) -> None:
    """Nobody at all can be called."""
    system_seat(organization)
    by.is_active = False
    by.save()
    notice = SafetyNoticeFactory(organization=organization)
    for number, kind in ((1, "nobody"), (2, "nobody"), (3, "nobody")):
        SafetyStep.objects.create(organization=organization, notice=notice, at=now, kind=kind, round=number)
    page = notice_page(notice.id, organization.id, at=now)
    words = [step.words for step in page.steps]
    assert words == ["Nobody was on duty", "Nobody else was on duty", "There is nobody who could be called"]
    assert (page.next_round_at, page.rota_is_empty) == (None, True)


def test_a_rota_of_people_who_left_is_empty(
    on_duty: Callable[..., None], by: Any, clinic: Any, organization: Any
) -> None:
    on_duty(by)
    by.is_active = False
    by.save()
    rota = rota_of(clinic.id, organization.id)
    assert (rota.is_empty, rota.gaps, len(rota.turns)) == (True, ("the whole week",), 7)


def test_the_provider_of_texts_is_chosen_by_the_settings(settings: Any, person: Callable[..., Any]) -> None:
    settings.TEXT_SENDER = ""
    with pytest.raises(NoTextSender):
        text_sender()
    ways = {way.key: way.why_not for way in ways_of(person("Novak", phone="555-0101", may_text=True))}
    assert ways["text"] == "Text messages are not set up here."
    settings.TEXT_SENDER = "registry.operations.messages.text.ConsoleSender"
    assert isinstance(text_sender(), ConsoleSender)


# Pages


def test_pages_of_the_care_team(
    in_tenant: Any, client_for: Callable[..., Any], person: Callable[..., Any], on_duty: Callable[..., None], by: Any
) -> None:
    on_duty(by)
    patient = person("Rivera", email="a@example.org", may_email=True, language="Spanish")
    client, page = client_for("care_manager"), f"/o/lakeside/patients/{patient.id}/questionnaires/"
    assert 'value="es" required id="id_language_1" checked' in client.get(page).text
    sent = {"client_token": str(uuid4()), "tools": ["phq9", "gad7"], "language": "es", "sent_by": "email"}
    assert "Make the link" not in client_for("psychiatric_consultant").get(page).text
    assert "The link is on its way by e-mail." in client.post(f"{page}send/", sent, follow=True).text
    assert "was saved" not in client.post(f"{page}send/", sent, follow=True).text
    assert SelfReport.objects.count() == 1
    report = SelfReport.objects.get()
    assert client.get(f"{page}{uuid4()}/").status_code == 404
    assert client.post(f"{page}{uuid4()}/withdraw/").status_code == 404
    client.post(f"{page}{report.id}/withdraw/")
    assert "This link is not open any more." in client.post(f"{page}{report.id}/withdraw/", follow=True).text
    DutyTurn.objects.update(is_current=False)
    refused = client.post(f"{page}send/", {**sent, "client_token": str(uuid4())})
    assert (refused.status_code, "Nobody is on duty" in refused.text) == (422, True)


def test_who_is_slower_with_a_notice_reads_so(
    in_tenant: Any, client_for: Callable[..., Any], organization: Any
) -> None:
    notice = SafetyNoticeFactory(organization=organization)
    first, second = client_for("care_manager"), client_for("psychiatric_consultant")
    page = f"/o/lakeside/safety/{notice.id}/"
    first.post(f"{page}take/")
    assert "Somebody took this on before you." in second.post(f"{page}take/", follow=True).text
    assert "contacts/new/" not in second.get(page).text
    second.post(page, {"note": "Called."})
    late = first.post(page, {"note": "Called too."})
    assert (late.status_code, "This was dealt with already." in late.text) == (422, True)
    assert "Called too.</textarea>" in late.text


def test_the_last_turn_that_is_taken_off_is_warned_of(
    in_tenant: Any, client_for: Callable[..., Any], by: Any, clinic: Any, now: datetime
) -> None:
    (turn,) = add_turns(
        by=by, at=now, clinic_id=clinic.id, weekdays=[0], begins_at=time(8), ends_at=time(17), people=[by.id]
    )
    page = client_for("admin").post(f"/o/lakeside/clinics/{clinic.id}/duty/{turn.id}/end/", follow=True)
    assert "Questionnaires cannot be sent until somebody is." in page.text


def test_pages_of_a_link_out_of_their_order(send: Callable[..., SelfReport]) -> None:
    report = send("phq9")
    client, start = Client(), urlsplit(link_address(report)).path
    for path in ("1/", "1/help/", "send/"):
        assert client.get(start + path).headers["Location"] == f"{start}birth-date/"
    assert client.get(f"{start}done/").headers["Location"] == start
    client.post(f"{start}birth-date/", {"month": "5", "day": "4", "year": "1961"})
    for number in range(1, 9):
        client.post(f"{start}{number}/", {"answer": "0"})
    help_page = client.post(f"{start}9/", {"answer": "1"}, follow=True)
    assert f'href="{start}send/"' in help_page.text
    assert client.post(start).headers["Location"] == f"{start}send/"
    client.post(f"{start}send/")
    assert client.post(f"{start}send/").headers["Location"] == f"{start}done/"
    assert client.get(f"{start}4/").headers["Location"] == f"{start}done/"


def test_codes_are_not_guessed_by_the_hundred(db: None) -> None:
    client = Client()
    statuses = [client.post("/q/", {"code": f"AAAA-AAAA-AA{number:02}"}).status_code for number in range(32)]
    assert statuses == [422] * 30 + [429] * 2


@pytest.mark.parametrize("size", [1, 8])
def test_pages_take_as_many_statements_for_one_as_for_eight(
    in_tenant: Any,
    organization: Any,
    clinic: Any,
    send: Callable[..., SelfReport],
    patient: Any,
    client_for: Callable[..., Any],
    size: int,
) -> None:
    for _ in range(size):
        send()
        notice = SafetyNoticeFactory(organization=organization)
    client, found = client_for("clinic_lead"), {}
    pages = {
        "list": "safety/",
        "notice": f"safety/{notice.id}/",
        "questionnaires": f"patients/{patient.id}/questionnaires/",
        "settings": f"clinics/{clinic.id}/safety/",
    }
    for name, path in pages.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/o/lakeside/{path}").status_code == 200
        found[name] = len(own(queries))
    assert found == {"list": 5, "notice": 8, "questionnaires": 8, "settings": 4}
