"""Asking patients three questions: once in ninety days, answered once, read without names and not of a few."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.registry import handler_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from outcomes.models import ExperienceAsked
from outcomes.operations.experience import (
    AnswerUnusable,
    ExperienceRefused,
    LinkClosed,
    answer_experience,
    ask_due,
    ask_due_later,
    ask_experience,
)
from outcomes.queries.experience import experience, last_asked, link_address, patients_due
from outcomes.tasks import ask_everybody_due, send_experience
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import ExperienceAskedFactory, MeasuredMonthFactory
from tests.factories.registry import EpisodeFactory, PatientFactory, system_seat
from tests.factories.tenancy import NOW, ClinicFactory
from tests.outcomes.test_reports import run
from tests.statements import own

HERE = "/o/lakeside/outcomes/experience/"
QUARTER = date(2025, 10, 1)
THEN = f"{HERE}?from=2025-10"
ON = date(2026, 3, 2)
IN_QUARTER = {"answered_on": date(2025, 12, 31), "recorded_at": NOW - timedelta(days=62)}
GIVEN = {"reached": "5", "heard": "4", "recommend": "3", "remark": "Thank you all."}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def lead(clinic: Any, client_for: Any) -> Any:
    made = client_for("clinic_lead")
    with tenant(made.membership.organization):
        system_seat(made.membership.organization)
    return made


def someone(lead: Any, clinic: Any, **more: Any) -> Any:
    given = {"email": "p@example.org", "may_email": True, "clinic": clinic, **more}
    patient = PatientFactory(organization=lead.membership.organization, **given)
    EpisodeFactory(organization=patient.organization, patient=patient, enrolled_on=date(2025, 12, 1))
    return patient


def ask(lead: Any, patient: Any, **more: Any) -> ExperienceAsked:
    given = {"language": "en", "sent_by": "email", "client_token": uuid4(), "at": NOW, "patient_id": patient.id}
    return ask_experience(by=lead.membership, **{**given, **more})


def path_of(asked: ExperienceAsked) -> str:
    return "/x/" + link_address(asked).partition("/x/")[2]


def text_of(answer: Any) -> str:
    main = answer.content.decode().partition("<main")[2]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


class TestAsking:
    def test_by_e_mail_without_a_word_of_the_program(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            asked = ask(lead, someone(lead, clinic, language="Spanish"), language="es")
            run(Job.objects.get(kind="send_experience_link"), send_experience)
        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == (["p@example.org"], "Un mensaje de su equipo de atención")
        assert sent.body.count(path_of(asked)) == 1
        assert asked.expires_at == NOW + timedelta(days=14)

    def test_a_link_that_is_over_or_no_longer_agreed_to_is_not_sent(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            patient = someone(lead, clinic)
            ask(lead, patient)
            patient.may_email = False
            patient.save()
            run(Job.objects.get(kind="send_experience_link"), send_experience)
        assert mail.outbox == []

    def test_once_in_ninety_days_and_a_second_submit_is_the_first(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            patient, token = someone(lead, clinic), uuid4()
            first = ask(lead, patient, client_token=token)
            assert ask(lead, patient, client_token=token).id == first.id
            with pytest.raises(ExperienceRefused, match="from May 31, 2026"):
                ask(lead, patient, at=NOW + timedelta(days=89))
            assert ask(lead, patient, at=NOW + timedelta(days=90)).id != first.id
            assert ExperienceAsked.objects.count() == 2

    @pytest.mark.parametrize(
        ("patient", "asked", "because"),
        [
            ({"died_on": ON}, {}, "died"),
            ({"may_email": None}, {}, "agrees to e-mail"),
            ({"email": ""}, {}, "agrees to e-mail"),
            ({}, {"language": "fr"}, "Choose a language"),
            ({}, {"sent_by": "text"}, "Choose a language"),
        ],
    )
    def test_who_cannot_be_asked(
        self, lead: Any, clinic: Any, patient: dict[str, Any], asked: dict[str, Any], because: str
    ) -> None:
        with tenant(lead.membership.organization), pytest.raises(ExperienceRefused, match=because):
            ask(lead, someone(lead, clinic, **patient), **asked)

    def test_before_an_enrolment_and_of_nobody(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            never = PatientFactory(organization=lead.membership.organization, clinic=clinic)
            with pytest.raises(ExperienceRefused, match="never enrolled"):
                ask(lead, never)
            with pytest.raises(NotFound):
                ask(lead, never, patient_id=uuid4())


class TestWhoIsDue:
    @pytest.mark.parametrize(
        ("enrolled", "ended", "is_due"),
        [(89, None, False), (90, None, True), (119, None, True), (120, None, False), (300, 0, True), (300, 30, False)],
    )
    def test_ninety_days_in_or_just_discharged(
        self, lead: Any, clinic: Any, enrolled: int, ended: int | None, is_due: bool
    ) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            patient = PatientFactory(organization=organization, clinic=clinic, email="p@example.org", may_email=True)
            over = ended is not None and {
                "ended_on": ON - timedelta(days=ended),
                "end_reason": "goals_met",
                "status": "discharged",
            }
            began = ON - timedelta(days=enrolled)
            EpisodeFactory(organization=organization, patient=patient, enrolled_on=began, **(over or {}))
            assert patients_due(organization.id, at=NOW, on=ON) == ([patient.id] if is_due else [])

    def test_all_who_are_due_are_asked_once(self, lead: Any, clinic: Any) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            people = [someone(lead, clinic) for _ in range(2)]
            someone(lead, clinic, may_email=False)
            ids = {ask_due_later(by=lead.membership, at=NOW) for _ in range(2)}
            assert len(ids) == 1
            run(Job.objects.get(kind="ask_experience_due"), ask_everybody_due)
            assert ask_due(by=lead.membership, at=NOW, on=ON) == 0
            assert {row.patient_id for row in ExperienceAsked.objects.all()} == {one.id for one in people}

    def test_who_works_at_one_clinic_asks_its_patients_only(self, lead: Any, clinic: Any, membership: Any) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            here, kept = (someone(lead, clinic) for _ in range(2))
            someone(lead, ClinicFactory(organization=organization))
            SeatClinicFactory(organization=organization, seat=lead.membership, clinic=clinic)
            RestrictionFactory(organization=organization, patient=kept, seats=[], recorded_by=membership("admin"))
            ask_due_later(by=lead.membership, at=NOW)
            run(Job.objects.get(kind="ask_experience_due"), handler_of("ask_experience_due"))
            assert [row.patient_id for row in ExperienceAsked.objects.all()] == [here.id]

    @pytest.mark.parametrize("changed", [{"is_active": False}, {"roles": ["billing"]}], ids=["left", "another role"])
    def test_who_may_not_ask_any_more_asks_nobody(self, lead: Any, clinic: Any, changed: dict[str, Any]) -> None:
        with tenant(lead.membership.organization):
            someone(lead, clinic)
            ask_due_later(by=lead.membership, at=NOW)
            Membership.objects.filter(id=lead.membership.id).update(**changed)
            run(Job.objects.get(kind="ask_experience_due"), handler_of("ask_experience_due"))
            assert ExperienceAsked.objects.count() == 0

    def test_each_asks_for_themselves(self, lead: Any, clinic: Any, membership: Any) -> None:
        """What one seat may see is no limit of another's."""
        with tenant(lead.membership.organization):
            seats = [lead.membership, membership("care_manager")]
            for one in seats:
                ask_due_later(by=one, at=NOW)
            assert set(Job.objects.values_list("owner_id", flat=True)) == {one.id for one in seats}

    def test_who_was_asked_in_the_meantime_does_not_stop_the_others(
        self, lead: Any, clinic: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            first, second = sorted((someone(lead, clinic) for _ in range(2)), key=lambda one: one.id)
            monkeypatch.setattr("outcomes.operations.experience.patients_due", lambda *_, **__: [first.id, second.id])
            ask(lead, first)
            assert ask_due(by=lead.membership, at=NOW, on=ON) == 1
            assert {row.patient_id for row in ExperienceAsked.objects.all()} == {first.id, second.id}


class TestAnswering:
    def test_without_an_account_once(self, lead: Any, clinic: Any) -> None:
        organization, patient_client = lead.membership.organization, Client()
        with tenant(organization):
            patient = someone(lead, clinic)
            path = path_of(ask(lead, patient))
        page = patient_client.get(path)
        assert (page.status_code, page.headers["Referrer-Policy"], page.content.count(b"988")) == (
            200,
            "no-referrer",
            2,
        )
        assert patient.family_name not in page.content.decode()
        done = patient_client.post(path, GIVEN, follow=True)
        assert text_of(done).count("Your answers have been sent.") == 1
        patient_client.post(path, {**GIVEN, "reached": "1"})
        with tenant(organization):
            kept = ExperienceAsked.objects.get()
            assert (kept.reached, kept.heard, kept.recommend, kept.remark) == (5, 4, 3, "Thank you all.")
            assert (kept.answered_at, kept.answered_on) == (NOW, ON)
            assert AuditEvent.objects.filter(action="experience.answered", patient_id=patient.id).count() == 1

    def test_what_is_missing_is_named_in_the_language_and_the_rest_stays(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            path = path_of(ask(lead, someone(lead, clinic)))
        page = Client().post(f"{path}?language=es", {**GIVEN, "heard": ""})
        shown = page.content.decode()
        assert (page.status_code, shown.count("Elija una de las respuestas."), shown.count("checked")) == (422, 1, 2)
        assert [shown.count("Thank you all."), shown.count('<html lang="es">')] == [1, 1]

    @pytest.mark.parametrize("days", [13, 14])
    def test_for_fourteen_days(self, lead: Any, clinic: Any, days: int) -> None:
        with tenant(lead.membership.organization):
            asked = ask(lead, someone(lead, clinic), at=NOW - timedelta(days=days))
            path = path_of(asked)
        assert Client().get(path).status_code == (200 if days < 14 else 404)

    def test_a_wrong_address_says_no_more_than_an_old_one_and_is_limited(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            asked = ask(lead, someone(lead, clinic), at=NOW - timedelta(days=20))
            old = path_of(asked)
        wrong = [old[:-8] + "AAAAAAA/", "/x/nothing/"]
        pages = [Client().get(path) for path in (old, *wrong)]
        assert [page.status_code for page in pages] == [404, 404, 404]
        assert len({page.content for page in pages}) == 1
        assert [Client().get(wrong[1]).status_code for _ in range(40)].count(429) == 12

    def test_no_answer_that_is_none(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            asked, by = ask(lead, someone(lead, clinic)), lead.membership
            given: dict[str, Any] = {"reached": 5, "heard": 5, "recommend": 5, "remark": ""}
            for wrong in ({"heard": 0}, {"heard": 6}, {"remark": "x" * 1001}):
                with pytest.raises(AnswerUnusable):
                    answer_experience(by=by, at=NOW, asked_id=asked.id, **{**given, **wrong})
            with pytest.raises(LinkClosed):
                answer_experience(by=by, at=NOW + timedelta(days=14), asked_id=asked.id, **given)

    def test_the_token_is_in_no_log(self, lead: Any, clinic: Any, capfd: Any, caplog: Any) -> None:
        with tenant(lead.membership.organization):
            path = path_of(ask(lead, someone(lead, clinic)))
        Client().post(path, GIVEN)
        said = "".join(capfd.readouterr()) + caplog.text
        assert (said.count(path.split("/")[2]), said.count("experience_link") > 0) == (0, True)


def answered(organization: Any, clinic: Any, count: int, **more: Any) -> None:
    for number in range(count):
        patient = PatientFactory(organization=organization, clinic=clinic)
        given = {"reached": 5, "heard": 4, "recommend": 3, "answered_at": NOW, **IN_QUARTER}
        ExperienceAskedFactory(
            organization=organization, patient=patient, remark=f"Remark {number} {clinic.name}", **{**given, **more}
        )


class TestResults:
    @pytest.mark.parametrize(("count", "is_shown"), [(10, False), (11, True)])
    def test_of_few_nothing_shows(self, lead: Any, clinic: Any, count: int, is_shown: bool) -> None:
        with tenant(lead.membership.organization):
            answered(lead.membership.organization, clinic, count)
            found = experience(lead.membership.organization_id, quarter=QUARTER, on=ON, under=11)
        assert (found.whole.said is not None, len(found.remarks)) == (is_shown, count if is_shown else 0)
        page = text_of(lead.get(THEN))
        assert (page.count("100.0 %"), page.count("Remark 1 ")) == ((2, 1) if is_shown else (0, 0))

    def test_admins_read_no_remarks(self, lead: Any, clinic: Any, client_for: Any) -> None:
        with tenant(lead.membership.organization):
            answered(lead.membership.organization, clinic, 11)
        page = text_of(client_for("admin").get(THEN))
        assert (page.count("100.0 %"), page.count("Remark 1 ")) == (2, 0)

    @pytest.mark.parametrize(("on", "is_shown"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True)])
    def test_while_a_quarter_runs_nothing_is_told_of_what_was_said(
        self, lead: Any, clinic: Any, on: date, is_shown: bool
    ) -> None:
        """Of two looks at it, what the patient between them said could be told."""
        with tenant(lead.membership.organization):
            answered(lead.membership.organization, clinic, 12)
            found = experience(lead.membership.organization_id, quarter=QUARTER, on=on, under=11)
        shown = [found.whole.said, found.clinics[clinic.id].said]
        assert [found.is_over, *(one is not None for one in shown)] == [is_shown] * 3
        assert (len(found.remarks), found.whole.asked, found.whole.answered) == (12 if is_shown else 0, 12, 12)

    def test_the_page_of_the_running_quarter_says_from_when_on(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            for one in (clinic, ClinicFactory(organization=lead.membership.organization)):
                answered(lead.membership.organization, one, 12, answered_on=ON, recorded_at=NOW)
        page = text_of(lead.get(HERE))
        told = ("Answers show from Apr 1, 2026", "12 from Apr 1, 2026", "100.0 %", "Remark 1", "too few")
        assert [page.count(words) for words in told] == [1, 2, 0, 0, 0]

    def test_a_clinic_of_few_is_not_told_by_the_others(self, lead: Any, clinic: Any) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            clinics = [clinic, *(ClinicFactory(organization=organization) for _ in range(2))]
            for one, count in zip(clinics, (20, 11, 2), strict=True):
                answered(organization, one, count)
            found = experience(organization.id, quarter=QUARTER, on=ON, under=11)
        assert [found.clinics[one.id].said is not None for one in clinics] == [True, False, False]

    def test_quarters_and_clinics_are_kept_apart(self, lead: Any, clinic: Any) -> None:
        organization = lead.membership.organization
        with tenant(organization):
            answered(organization, clinic, 2)
            other = ClinicFactory(organization=organization)
            answered(organization, other, 1, answered_on=date(2025, 9, 30), recorded_at=NOW - timedelta(days=154))
            shown = [
                experience(organization.id, quarter=quarter, on=ON, under=0, clinics=clinics).whole
                for quarter, clinics in ((QUARTER, None), (date(2025, 7, 1), None), (QUARTER, [other.id]))
            ]
        assert [(one.asked, one.answered) for one in shown] == [(2, 2), (1, 1), (0, 0)]

    def test_statements_do_not_grow(self, lead: Any, clinic: Any) -> None:
        counts = []
        for _ in range(2):
            with tenant(lead.membership.organization):
                answered(lead.membership.organization, clinic, 6)
            with CaptureQueriesContext(connection) as queries:
                assert lead.get(THEN).status_code == 200
            counts.append(len(own(queries)))
        assert counts[0] == counts[1]
        assert counts[0] <= 8

    def test_the_chart_never_says_what_somebody_said(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            patient = someone(lead, clinic)
            asked = ask(lead, patient, sent_by="copied")
            path = path_of(asked)
        here = f"{HERE}patients/{patient.id}/"
        assert lead.get(here).content.decode().count(path) == 1
        Client().post(path, GIVEN)
        page = lead.get(here).content.decode()
        assert [page.count(words) for words in ("Answered", "Thank you all.", path)] == [1, 0, 0]

    def test_from_the_chart(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            patient = someone(lead, clinic)
        here = f"{HERE}patients/{patient.id}/"
        typed = {"language": "en", "sent_by": "email", "client_token": str(uuid4())}
        assert lead.post(here, {**typed, "sent_by": ""}).status_code == 422
        assert text_of(lead.post(here, typed, follow=True)).count("again from May 31") == 1
        with tenant(lead.membership.organization):
            last = last_asked(patient.id, lead.membership.organization_id, at=NOW)
        assert last is not None
        assert (last.is_open, last.sent_by, last.again_from) == (True, "email", date(2026, 5, 31))
        again = lead.post(here, {**typed, "client_token": str(uuid4())})
        assert (again.status_code, text_of(again).count("Asked within the last ninety days")) == (422, 1)


@pytest.mark.parametrize("key", ["said_reached", "said_heard", "said_recommend", "said_share"])
def test_who_said_what_is_not_opened_from_a_measure(lead: Any, clinic: Any, key: str) -> None:
    with tenant(lead.membership.organization):
        MeasuredMonthFactory(organization=lead.membership.organization, month=date(2026, 2, 1))
    measure = f"/o/lakeside/outcomes/measures/{key}/"
    page, patients = lead.get(measure), lead.get(f"{measure}patients/")
    assert (page.status_code, page.content.decode().count("Patients behind it"), patients.status_code) == (200, 0, 404)
    assert lead.get("/o/lakeside/outcomes/measures/enrolled/patients/").status_code == 200
