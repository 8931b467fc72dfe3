"""Questionnaires from the care manager's form to the score, as the patient's phone meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from registry.models import Assessment, SafetyNotice, SelfReport
from registry.operations.answers import close_abandoned
from registry.operations.protocols import set_protocol
from registry.operations.self_report_errors import (
    LinkOver,
    PatientDied,
    RotaEmpty,
    ToolsUnusable,
    WayClosed,
)
from registry.operations.self_reports import link_address, send_self_report, withdraw_self_report
from registry.queries.self_reports import code_of
from registry.rules.links import long_address
from tests.factories.tenancy import OrganizationFactory

CLOSED = "This link is not open any more"
SAID_NOWHERE = ("Rivera", "Ana", "1961", "Lakeside", "PHQ", "depress", "behavioral", "mental", "BHI")


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person(email="ana@example.org", may_email=True, phone="555-0101")


@pytest.fixture
def send(by: Any, patient: Any, on_duty: Callable[..., None], now: datetime) -> Callable[..., SelfReport]:
    """`send(sent_by="tablet")`: a link to the PHQ-9 and the GAD-7, with the care manager on duty."""
    on_duty(by)

    def make(**changes: Any) -> SelfReport:
        usual = {"tools": ["phq9", "gad7"], "language": "en", "sent_by": "printed", "client_token": uuid4()}
        return send_self_report(by=by, at=now, **{**usual, "patient_id": patient.id, **changes})

    return make


class Phone:
    """A patient's browser that follows a link."""

    def __init__(self, report: SelfReport) -> None:
        self.client = Client()
        self.report = report
        self.start = urlsplit(link_address(report)).path

    def get(self, path: str = "") -> Any:
        return self.client.get(self.start + path, follow=True)

    def post(self, path: str = "", **typed: str) -> Any:
        return self.client.post(self.start + path, typed, follow=True)

    def confirm(self, year: int = 1961, month: int = 5, day: int = 4) -> Any:
        return self.post("birth-date/", month=str(month), day=str(day), year=str(year))

    def answer(self, number: int, points: int | str) -> Any:
        return self.post(f"{number}/", answer=str(points))

    def answer_all(self, *points: int | str) -> Any:
        for number, given in enumerate(points, start=1):
            page = self.answer(number, given)
        return page


def heading(page: Any) -> str:
    return unescape(re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)[1])


def fresh(report: SelfReport) -> SelfReport:
    return SelfReport.objects.get(id=report.id)


# The whole way


def test_a_patient_answers_two_questionnaires_on_a_phone(send: Callable[..., SelfReport], patient: Any) -> None:
    phone = Phone(send())
    intro = phone.get()
    assert "There are 16 questions" in intro.text
    assert "Your care team reads your answers within one business day." in intro.text
    assert "988" in intro.text
    assert heading(phone.post()) == "Your date of birth"
    first = phone.confirm()
    assert heading(first) == "Little interest or pleasure in doing things"
    assert "Question 1 of 16" in first.text
    last = phone.answer_all(*[2] * 8, 0, *[1] * 7)
    assert heading(last) == "Send your answers"
    assert Assessment.objects.count() == 0
    assert heading(phone.post("send/")) == "Thank you"
    kept = Assessment.objects.order_by("instrument")
    assert [(a.instrument, a.total, a.item9, a.is_by_patient, a.on) for a in kept] == [
        ("gad7", 7, None, True, date(2026, 3, 2)),
        ("phq9", 16, 0, True, date(2026, 3, 2)),
    ]
    assert {a.patient_id for a in kept} == {patient.id}
    assert SafetyNotice.objects.count() == 0
    report = fresh(phone.report)
    assert (report.finished_at is not None, report.answers) == (True, {"given": {}})


def test_in_spanish_when_the_patient_chooses_it(send: Callable[..., SelfReport]) -> None:
    phone = Phone(send())
    intro = phone.post(language="es")
    assert heading(intro) == "Algunas preguntas de su equipo de atención"
    assert '<html lang="es">' in intro.text
    assert heading(phone.post()) == "Su fecha de nacimiento"
    assert heading(phone.confirm()) == "Poco interés o placer en hacer cosas"
    phone.answer_all(*[0] * 16)
    assert heading(phone.post("send/")) == "Gracias"
    assert [a.detail for a in Assessment.objects.all()] == [{"language": "es"}] * 2


def test_a_language_that_the_questions_do_not_have_changes_nothing(send: Callable[..., SelfReport]) -> None:
    phone = Phone(send())
    assert heading(phone.post(language="fr")) == "Some questions from your care team"
    assert fresh(phone.report).language == "en"


def test_going_back_and_changing_an_answer(send: Callable[..., SelfReport]) -> None:
    phone = Phone(send(tools=["gad7"]))
    phone.confirm()
    phone.answer_all(3, 3, 3)
    again = phone.get("2/")
    assert re.search(r'value="3" aria-pressed="true"', again.text)
    phone.answer(2, 0)
    phone.answer_all(3, 0, 3, 1, 1, 1, 1)
    phone.post("send/")
    assert Assessment.objects.get().items == [3, 0, 3, 1, 1, 1, 1]


def test_nobody_jumps_ahead(send: Callable[..., SelfReport]) -> None:
    phone = Phone(send())
    phone.confirm()
    phone.answer(1, 2)
    for path in ("7/", "99/", "0/", "send/"):
        assert "Question 2 of 16" in phone.get(path).text
    assert "Question 2 of 16" in phone.post("send/").text


@pytest.mark.parametrize("typed", ["", "4", "-1", "two", "９", "1e1", "99999"])
def test_an_impossible_answer_is_asked_again(send: Callable[..., SelfReport], typed: str) -> None:
    phone = Phone(send())
    phone.confirm()
    page = phone.client.post(phone.start + "1/", {"answer": typed})
    assert page.status_code == 422
    assert "Choose one of the answers." in page.text
    assert fresh(phone.report).answers == {}


def test_answers_left_out_follow_the_tools_rule(
    send: Callable[..., SelfReport], client_for: Callable[..., Any]
) -> None:
    """Up to two of the PHQ-9 are made up, none about self-harm; a GAD-7 with too few answers gives no score."""
    phone = Phone(send())
    phone.confirm()
    page = phone.answer_all("skip", 2, 2, 2, 2, 2, 2, 2, 0, *["skip"] * 6, 1)
    assert "You left 7 out." in page.text
    phone.post("send/")
    kept = Assessment.objects.get()
    assert (kept.instrument, kept.is_prorated, kept.items[0]) == ("phq9", True, None)
    assert list(fresh(phone.report).answers["given"]) == ["gad7"]
    links = client_for("care_manager").get(f"/o/lakeside/patients/{phone.report.patient_id}/questionnaires/")
    assert "GAD-7: too much was left unanswered for a score. Ask again." in links.text


# The door


def test_a_wrong_birth_date_is_counted_and_the_fifth_closes_the_link(send: Callable[..., SelfReport]) -> None:
    phone = Phone(send())
    for left in (4, 3, 2):
        page = phone.confirm(year=1960)
        assert f"You can try {left} more times." in page.text
        assert 'value="1960"' in page.text
    assert "You can try one more time." in phone.confirm(day=5).text
    assert heading(phone.confirm(day=6)) == CLOSED
    assert heading(phone.confirm()) == CLOSED
    assert fresh(phone.report).wrong_birth_dates == 5
    assert AuditEvent.objects.filter(action="self_report.locked").count() == 1


@pytest.mark.parametrize("typed", [("2", "30", "1961"), ("", "4", "1961"), ("5", "4", "61"), ("5", "x", "1961")])
def test_a_date_that_is_none_is_not_counted(send: Callable[..., SelfReport], typed: tuple[str, str, str]) -> None:
    phone = Phone(send())
    month, day, year = typed
    page = phone.client.post(phone.start + "birth-date/", {"month": month, "day": day, "year": year})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert fresh(phone.report).wrong_birth_dates == 0


def test_another_browser_gives_the_birth_date_again_and_the_first_is_out(send: Callable[..., SelfReport]) -> None:
    report = send()
    first, second = Phone(report), Phone(report)
    first.confirm()
    first.answer(1, 2)
    assert heading(second.get("2/")) == "Your date of birth"
    assert "Question 2 of 16" in second.confirm().text or heading(second.get("2/")) != "Your date of birth"
    assert heading(first.get("2/")) == "Your date of birth"
    assert heading(first.answer(2, 3)) == "Your date of birth"
    assert fresh(report).answers["given"]["phq9"]["items"] == {"1": 2}


def test_every_link_that_is_not_open_looks_the_same(
    send: Callable[..., SelfReport], by: Any, patient: Any, now: datetime, clock: Any
) -> None:
    finished, withdrawn, expired = (Phone(send(tools=["gad7"])) for _ in range(3))
    finished.confirm()
    finished.answer_all(*[0] * 7)
    finished.post("send/")
    withdraw_self_report(by=by, at=now, report_id=withdrawn.report.id, patient_id=patient.id)
    other = OrganizationFactory(slug="elsewhere")
    foreign = f"/q/{long_address(other.id, bytes(16))}/"
    clock.move_to(now + timedelta(days=7))
    paths = [phone.start for phone in (finished, withdrawn, expired)]
    answers = [Client().get(path) for path in [*paths, foreign, "/q/nonsense/", "/q/K7QM2XTP9BDR/"]]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert heading(answers[0]) == CLOSED
    assert "Ask your care team for a new one." in answers[0].text
    assert "988" in answers[0].text


def test_another_organizations_link_opens_nothing_here(send: Callable[..., SelfReport]) -> None:
    """The secret is right, the organization before it is not."""
    report = send()
    other = OrganizationFactory(slug="elsewhere")
    right = Phone(report).start.strip("/").split("/")[1]
    swapped = long_address(other.id, bytes(16))[:22] + right[22:]
    assert Client().get(f"/q/{swapped}/").status_code == 404


def test_who_asks_for_many_unknown_links_waits(db: None) -> None:
    client = Client()
    statuses = [client.get(f"/q/{'A' * 42}{letter}/").status_code for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"]
    assert statuses[:30] == [404] * 30
    assert statuses[30:] == [429] * 3


def test_a_browser_in_which_somebody_is_signed_in_is_signed_out_first(send: Callable[..., SelfReport], by: Any) -> None:
    phone = Phone(send(sent_by="tablet"))
    phone.client.force_login(by.user)
    assert heading(phone.get()) == "You are signed in"
    assert heading(phone.get("birth-date/")) == "You are signed in"
    answer = phone.client.post(phone.start, {"sign_out": "1"})
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert phone.client.get("/o/lakeside/caseload/").status_code == 302
    assert heading(phone.get()) == "Some questions from your care team"


def test_a_code_is_typed_on_the_tablet(send: Callable[..., SelfReport], now: datetime, clock: Any) -> None:
    report = send(sent_by="tablet")
    code = code_of(report.id, report.organization_id)
    client = Client()
    assert client.get("/q/").status_code == 200
    opened = client.post("/q/", {"code": code.lower()}, follow=True)
    assert heading(opened) == "Some questions from your care team"
    wrong = client.post("/q/", {"code": "K7QM-2XTP-9BDR"})
    assert (wrong.status_code, 'value="K7QM-2XTP-9BDR"' in wrong.text) == (422, True)
    assert "No questionnaire waits for this code" in wrong.text
    assert client.post("/q/", {"code": "short"}).status_code == 422
    clock.move_to(now + timedelta(hours=2))
    assert client.post("/q/", {"code": code}).status_code == 422


# What is said of person and program: nothing


def test_nothing_of_the_person_or_program_leaves(
    send: Callable[..., SelfReport], run_jobs: Callable[[datetime], list[str]], now: datetime
) -> None:
    phone = Phone(send(sent_by="email"))
    assert "send_self_report" in run_jobs(now)
    (message,) = mail.outbox
    assert message.to == ["ana@example.org"]
    assert message.subject == "A message from your care team"
    assert phone.start in message.body
    written = [message.subject, message.body, phone.start]
    pages = [phone.get(), phone.post(), phone.confirm(), phone.answer(1, 3)]
    for page in pages:
        assert re.search("<title>(.*?)</title>", page.text)[1] == "Questionnaire"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "<script" not in page.text
        assert not any(word in page.text for word in ("Rivera", "1961", "Lakeside"))
        written += [address for address, _ in page.redirect_chain]
    assert list(phone.client.cookies) == ["q"]
    cookie = phone.client.cookies["q"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (phone.start, True, "Lax")
    written += [cookie.value, *(str(job.arguments) for job in Job.objects.all())]
    assert [word for word in SAID_NOWHERE if any(word.lower() in text.lower() for text in written)] == []


def test_the_secret_is_stored_nowhere(send: Callable[..., SelfReport]) -> None:
    report = send(sent_by="email")
    token = Phone(report).start.strip("/").split("/")[1]
    stored = [*Job.objects.values_list("arguments", "key"), *SelfReport.objects.values_list()]
    assert not any(token in str(row) for row in stored)


# Sending


def test_a_second_submit_makes_no_second_link(send: Callable[..., SelfReport]) -> None:
    token = uuid4()
    assert send(client_token=token).id == send(client_token=token).id
    assert SelfReport.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"tools": []}, ToolsUnusable),
        ({"tools": ["phq9", "phq9"]}, ToolsUnusable),
        ({"tools": ["cssrs"]}, ToolsUnusable),
        ({"tools": ["nonsense"]}, ToolsUnusable),
        ({"language": "fr"}, ToolsUnusable),
        ({"sent_by": "pigeon"}, WayClosed),
        ({"sent_by": "text"}, WayClosed),
        ({"patient_id": uuid4()}, NotFound),
    ],
)
def test_what_is_not_sent(send: Callable[..., SelfReport], changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        send(**changes)
    assert SelfReport.objects.count() == 0


def test_nothing_is_sent_while_nobody_is_on_duty(by: Any, patient: Any, now: datetime) -> None:
    with pytest.raises(RotaEmpty):
        send_self_report(
            by=by, at=now, patient_id=patient.id, tools=["phq9"], language="en", sent_by="printed", client_token=uuid4()
        )


def test_nothing_is_sent_to_the_dead(send: Callable[..., SelfReport], person: Callable[..., Any]) -> None:
    with pytest.raises(PatientDied):
        send(patient_id=person("Novak", died_on=date(2026, 2, 1)).id)


def test_email_needs_an_address_and_a_yes(send: Callable[..., SelfReport], person: Callable[..., Any]) -> None:
    for details in ({}, {"email": "x@example.org"}, {"email": "x@example.org", "may_email": False}):
        with pytest.raises(WayClosed):
            send(patient_id=person("Novak", **details).id, sent_by="email")


def test_a_text_goes_through_the_provider(
    send: Callable[..., SelfReport],
    person: Callable[..., Any],
    run_jobs: Callable[[datetime], list[str]],
    now: datetime,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = send(patient_id=person("Novak", phone="555-0177", may_text=True).id, sent_by="text", language="es")
    run_jobs(now)
    said = capsys.readouterr().out
    assert said.startswith("Text message to …77: Su equipo de atención tiene algunas preguntas para usted: http")
    assert Phone(report).start in said


def test_a_withdrawn_link_is_not_sent_any_more(
    send: Callable[..., SelfReport], by: Any, patient: Any, run_jobs: Callable[[datetime], list[str]], now: datetime
) -> None:
    report = send(sent_by="email")
    withdraw_self_report(by=by, at=now, report_id=report.id, patient_id=patient.id)
    run_jobs(now)
    assert mail.outbox == []
    with pytest.raises(LinkOver):
        withdraw_self_report(by=by, at=now, report_id=report.id, patient_id=patient.id)


# Hours


def test_outside_its_hours_the_link_waits(send: Callable[..., SelfReport], now: datetime, clock: Any) -> None:
    phone = Phone(send())
    clock.move_to(now + timedelta(hours=8))  # Monday, 19:00
    for path in ("", "birth-date/", "1/"):
        assert heading(phone.get(path)) == "Your care team is not there at this hour"
    assert "from Tuesday, 8:00 AM on" in phone.get().text
    assert "988" in phone.get().text
    phone.confirm()
    assert fresh(phone.report).confirmed_at is None
    clock.move_to(now + timedelta(hours=21))
    assert "Question 1 of 16" in phone.confirm().text


def test_whoever_began_in_time_may_finish(send: Callable[..., SelfReport], now: datetime, clock: Any) -> None:
    phone = Phone(send())
    clock.move_to(now + timedelta(hours=5, minutes=50))
    phone.confirm()
    clock.move_to(now + timedelta(hours=6, minutes=30))
    assert "Question 2 of 16" in phone.answer(1, 1).text
    clock.move_to(now + timedelta(hours=7))
    waits = phone.get("2/")
    assert "The answers that you have given so far are kept." in waits.text


def test_questions_about_danger_are_left_out_where_the_clinic_says_so(
    send: Callable[..., SelfReport], by: Any, clinic: Any, now: datetime, clock: Any
) -> None:
    phone = Phone(send())
    set_protocol(by=by, at=now, clinic=clinic, outside_hours="without_danger")
    clock.move_to(now + timedelta(hours=8))
    assert "Question 1 of 7" in phone.confirm().text
    phone.answer_all(*[1] * 7)
    phone.post("send/")
    assert [a.instrument for a in Assessment.objects.all()] == ["gad7"]
    assert fresh(phone.report).answers["left_out"] == ["phq9"]


# Abandoned


def test_what_was_gone_through_is_kept_when_the_patient_never_sends(
    send: Callable[..., SelfReport],
    run_jobs: Callable[[datetime], list[str]],
    organization: Any,
    now: datetime,
    clock: Any,
) -> None:
    phone = Phone(send())
    phone.confirm()
    phone.answer_all(*[1] * 8, 0, 2, 2)
    assert "close_self_report" not in run_jobs(now + timedelta(days=6))
    assert "close_self_report" in run_jobs(now + timedelta(days=7))
    kept = Assessment.objects.get()
    assert (kept.instrument, kept.total, kept.item9, kept.on) == ("phq9", 8, 0, date(2026, 3, 2))
    again = close_abandoned(organization_id=organization.id, report_id=phone.report.id, at=now + timedelta(days=8))
    assert (again, Assessment.objects.count()) == (0, 1)


def test_a_link_that_is_still_open_is_not_closed_by_a_job_that_comes_early(
    send: Callable[..., SelfReport], organization: Any, now: datetime
) -> None:
    phone = Phone(send(tools=["gad7"]))
    phone.confirm()
    phone.answer_all(*[1] * 7)
    assert close_abandoned(organization_id=organization.id, report_id=phone.report.id, at=now) == 0
    assert Assessment.objects.count() == 0
