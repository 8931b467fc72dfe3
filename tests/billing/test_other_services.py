"""A patient's other services: told, taken back, known already, and in months that are closed."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bhi.audit.models import AuditEvent
from bhi.errors import MonthClosed, NotFound
from bhi.tenancy.context import tenant
from billing.models import AccessAlignment, LateChange, OtherService, PriorService
from billing.operations.closing import close_month
from billing.operations.errors import ServiceKnown
from billing.operations.other_services import (
    ServiceValues,
    set_access_alignment,
    tell_of_earlier_month,
    tell_of_service,
    void_service,
)
from billing.queries.other_services import PAGE, service_of, services_shown
from billing.queries.verdicts import month_verdicts
from billing.rules.books import book_in_force
from billing.rules.other_codes import NOTHING, code_known, codes_known
from registry.operations.errors import AlreadyVoided, ReasonMissing
from registry.operations.recording import Stamp, void_facts
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.billing import OtherServiceFactory, PracticeFileFactory
from tests.statements import own

BOOK = book_in_force("medicare_ffs", date(2026, 11, 1))
CCM = ServiceValues("2026-02", "99490", is_by_billing_practitioner=True, minutes=25)
ELSEWHERE = ServiceValues("2026-02", "99484", is_by_billing_practitioner=False, biller="Northside Psychology")

OURS, THEIRS, NEITHER = True, False, None
ROLES = ("care_manager", "psychiatric_consultant")


def tell(lakeside: Program, episode: Any, values: ServiceValues, **how: Any) -> OtherService:
    given = {"client_token": uuid4(), **how}
    return tell_of_service(by=lakeside.by, at=AT, patient=episode.patient, values=values, **given)


def close(lakeside: Program) -> None:
    close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month="2026-02", note="Seen.", client_token=uuid4()
    )


def lines(lakeside: Program, episode: Any) -> list[str]:
    judged = month_verdicts(lakeside.organization.id, "2026-02", episode_ids=[episode.id])[episode.id]
    assert judged.verdict is not None
    return [line.code for line in judged.verdict.lines]


def late(lakeside: Program) -> list[tuple[str, str]]:
    return sorted(LateChange.objects.values_list("kind", "because"))


@pytest.mark.parametrize(
    ("code", "ours", "theirs"),
    [
        ("G0557", "Adds the APCM line", "Closes the APCM add-ons here"),
        ("99490", "Adds its line once 20 minutes of CCM are known. Left out where", NOTHING),
        ("99495", "Adds its line. Left out where this practitioner bills APCM.", NOTHING),
        ("G0678", "Adds the co-management review, at most 3 in 12 months", NOTHING),
        ("99484", "A code of this program", "Holds the month"),
        ("G0323", "A code of this program", "Holds the month"),
        ("90837", NOTHING, NOTHING),
        ("12345", NOTHING, NOTHING),
    ],
)
def test_each_code_says_what_it_changes(code: str, ours: str, theirs: str):
    known = code_known(BOOK, code)
    assert (known.ours.startswith(ours), known.theirs.startswith(theirs)) == (True, True)
    assert known.changes_something == ((ours, theirs) != (NOTHING, NOTHING))


def test_before_apcm_nothing_is_left_out_beside_it():
    before = code_known(book_in_force("medicare_ffs", date(2024, 1, 1)), "99490")
    assert before.ours == "Adds its line once 20 minutes of CCM are known."
    assert code_known(book_in_force("medicare_ffs", date(2024, 1, 1)), "G0557").ours == NOTHING


def test_codes_that_change_something_stand_first():
    known = codes_known(BOOK)
    split = [one.changes_something for one in known]
    assert split == sorted(split, reverse=True)
    assert {one.label for one in known if one.code == "90837"} == {"Psychotherapy, 60 minutes"}


def test_a_service_that_is_told_counts_once_for_each_form(lakeside: Program):
    episode = lakeside.billing_patient()
    token = uuid4()
    told = [tell(lakeside, episode, CCM, client_token=token) for _ in range(2)]
    assert [service.id for service in told] == [token, token]
    assert lines(lakeside, episode) == ["99492", "99490"]
    with pytest.raises(ServiceKnown):
        tell(lakeside, episode, CCM)
    tell(lakeside, episode, CCM, is_one_more=True)
    assert OtherService.objects.count() == 2


def test_who_bills_elsewhere_tells_two_services_apart_and_an_unnamed_one_does_not(lakeside: Program):
    episode = lakeside.billing_patient()
    tell(lakeside, episode, ELSEWHERE)
    assert lines(lakeside, episode) == []
    unnamed = ServiceValues("2026-02", "99484", is_by_billing_practitioner=False)
    for values in (ELSEWHERE, unnamed):
        with pytest.raises(ServiceKnown):
            tell(lakeside, episode, values)
    tell(lakeside, episode, ServiceValues("2026-02", "99484", is_by_billing_practitioner=False, biller="Southside"))
    assert list(OtherService.objects.order_by("biller").values_list("biller", flat=True)) == [
        "Northside Psychology",
        "Southside",
    ]


def test_what_was_not_so_is_taken_back_once_with_the_reason(lakeside: Program):
    episode = lakeside.billing_patient()
    service = tell(lakeside, episode, ELSEWHERE)
    with pytest.raises(ReasonMissing):
        void_service(by=lakeside.by, at=AT, service=service, reason=" ")
    void_service(by=lakeside.by, at=AT, service=service, reason="They did not bill")
    assert lines(lakeside, episode) == ["99492"]
    with pytest.raises(AlreadyVoided):
        void_service(by=lakeside.by, at=AT, service=service, reason="Again")
    with pytest.raises(NotFound):
        service_of(lakeside.organization.id, episode.patient_id, service.id)
    shown = services_shown(lakeside.organization.id, episode.patient_id, BOOK)
    assert ([one.voided_because for one in shown.taken_back], shown.rows) == (["They did not bill"], ())
    assert AuditEvent.objects.filter(action="other_service.voided").count() == 1


def test_in_a_closed_month_a_service_needs_its_reason_and_is_kept_as_a_change(lakeside: Program):
    episode = lakeside.billing_patient()
    known = tell(lakeside, episode, CCM)
    close(lakeside)
    with pytest.raises(MonthClosed):
        tell(lakeside, episode, ELSEWHERE)
    assert OtherService.objects.count() == 1
    tell(lakeside, episode, ELSEWHERE, late="Their letter came")
    tell(lakeside, episode, ServiceValues("2026-03", "99490", is_by_billing_practitioner=True))
    void_service(by=lakeside.by, at=AT, service=known, reason="Was another patient")
    assert late(lakeside) == [("added", "Their letter came"), ("taken_back", "Was another patient")]


def test_nothing_takes_a_service_back_from_under_a_closed_month(lakeside: Program):
    episode = lakeside.billing_patient()
    service = tell(lakeside, episode, CCM)
    close(lakeside)
    with pytest.raises(MonthClosed), transaction.atomic():
        void_facts([service], stamp=Stamp(lakeside.by, AT), reason="Behind the operation's back")


def test_an_earlier_month_is_told_once_and_moves_what_follows(lakeside: Program):
    episode = lakeside.billing_patient()
    tell_of_earlier_month(by=lakeside.by, at=AT, patient=episode.patient, month="2025-12", code="99493")
    assert lines(lakeside, episode) == ["99493"]
    with pytest.raises(ServiceKnown):
        tell_of_earlier_month(by=lakeside.by, at=AT, patient=episode.patient, month="2025-12", code="99493")
    close(lakeside)
    with pytest.raises(MonthClosed):
        tell_of_earlier_month(by=lakeside.by, at=AT, patient=episode.patient, month="2025-11")
    tell_of_earlier_month(by=lakeside.by, at=AT, patient=episode.patient, month="2025-11", late="Old records")
    void_service(by=lakeside.by, at=AT, service=PriorService.objects.get(code="99493"), reason="Wrong year")
    assert late(lakeside) == [("added", "Old records"), ("taken_back", "Wrong year")]


def test_alignment_is_said_changed_and_taken_back_with_the_reason(lakeside: Program):
    episode = lakeside.billing_patient()

    def align(is_participant: bool | None, reason: str = "") -> AccessAlignment | None:
        return set_access_alignment(
            by=lakeside.by, at=AT, patient=episode.patient, is_participant=is_participant, reason=reason
        )

    assert align(NEITHER) is None
    ours = align(OURS)
    assert align(OURS) == ours
    with pytest.raises(ReasonMissing):
        align(THEIRS)
    theirs = align(THEIRS, "Another practice leads")
    assert theirs is not None
    assert list(AccessAlignment.objects.live()) == [theirs]
    close(lakeside)
    assert align(NEITHER, "It ended") is None
    with pytest.raises(MonthClosed):
        align(OURS)
    assert align(OURS, "Letter of April") is not None
    assert late(lakeside) == [("added", "Letter of April"), ("taken_back", "It ended")]


def test_the_page_of_services_is_cut_and_says_where_each_came_from(lakeside: Program):
    episode = lakeside.patient()
    file = PracticeFileFactory(organization=lakeside.organization)
    common = {"organization": lakeside.organization, "patient": episode.patient}
    OtherServiceFactory(**common, month=date(2026, 4, 1), import_id=file.id)
    OtherServiceFactory(**common, month=date(2026, 3, 1), import_id=uuid4())
    for number in range(PAGE):
        OtherServiceFactory(**common, month=date(2020, 1 + number % 12, 1), code="99490")
    first, last = (services_shown(lakeside.organization.id, episode.patient_id, BOOK, page=n) for n in (1, 9))
    assert [one.source for one in first.rows[:3]] == ["Practice file", "Import", "Entered by hand"]
    assert (first.total, len(first.rows), len(last.rows), last.page, last.first_row) == (PAGE + 2, PAGE, 2, 2, 51)


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def manager(client_for: Any) -> Client:
    return client_for("care_manager")


def page_of(people: Program) -> tuple[Any, str]:
    with tenant(people.organization):
        episode = people.billing_patient()
    return episode, f"/o/lakeside/billing/patients/{episode.patient_id}/services/"


def typed(**values: Any) -> dict[str, Any]:
    return {"client_token": uuid4(), "month": "2026-02", "code": "99484", "who": "theirs", "biller": "", **values}


def test_a_care_manager_records_what_they_hear_and_takes_it_back(people: Program, manager: Client):
    episode, url = page_of(people)
    assert 'value="2026-01"' in manager.get(f"{url}?month=2026-01").text
    assert "None. If somebody else bills" in text_of(manager.get(f"{url}?month=soon&page=x"))
    assert manager.post(url, typed(code=" 99484 ", biller="Northside")).headers["Location"] == url
    words = text_of(manager.get(url))
    assert "February 2026 99484 General BHI, 20 minutes Northside Holds the month" in words
    again = manager.post(url, typed())
    assert (again.status_code, "This is on record already." in text_of(again)) == (422, True)
    assert "The same was billed once more" in text_of(again)
    with tenant(people.organization):
        service = OtherService.objects.get()
    void = f"{url}{service.id}/void/"
    assert "Take back 99484 of February 2026" in text_of(manager.get(void))
    assert manager.post(void, {"reason": ""}).status_code == 422
    assert manager.post(void, {"reason": "Misheard"}).headers["Location"] == url
    assert "Taken back: 1 February 2026, 99484: Misheard" in text_of(manager.get(url))
    assert manager.get(void).status_code == 404
    with tenant(people.organization):
        seen = AuditEvent.objects.filter(action="other_services.viewed", patient_id=episode.patient_id)
        assert seen.count() >= 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"month": "February"}, "Enter a month as year-month: 2026-02."),
        ({"code": ""}, "Enter the code, such as 99490."),
        ({"code": "9949"}, "A code has five characters"),
        ({"who": ""}, "Choose who bills it."),
        ({"minutes": "-1"}, "Enter whole minutes from 0 to 3000."),
        ({"client_token": "x"}, "This form is damaged."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(people: Program, manager: Client, wrong: dict[str, str], words: str):
    _, url = page_of(people)
    refused = manager.post(url, typed(**{"biller": "Northside", **wrong}))
    assert (refused.status_code, words in text_of(refused), "Northside" in refused.text) == (422, True, True)


def test_a_closed_month_asks_why_it_comes_late(people: Program, manager: Client):
    _, url = page_of(people)
    with tenant(people.organization):
        close(people)
    refused = manager.post(url, typed())
    assert (refused.status_code, 'name="late_because"' in refused.text) == (422, True)
    assert manager.post(url, typed(late_because="Their letter came")).status_code == 302
    with tenant(people.organization):
        assert late(people) == [("added", "Their letter came")]


def test_earlier_months_and_alignment_are_recorded_from_the_page(people: Program, manager: Client):
    _, url = page_of(people)
    assert manager.post(f"{url}earlier/", {"earlier-month": "2025-12", "earlier-code": "99493"}).status_code == 302
    again = manager.post(f"{url}earlier/", {"earlier-month": "2025-12", "earlier-code": "99493"})
    assert (again.status_code, "This is on record already." in text_of(again)) == (422, True)
    assert manager.post(f"{url}access/", {"access-aligned": "participant"}).status_code == 302
    refused = manager.post(f"{url}access/", {"access-aligned": "none"})
    assert (refused.status_code, "Say in a few words why this is taken back." in text_of(refused)) == (422, True)
    ended = {"access-aligned": "none", "access-late_because": "It ended"}
    assert manager.post(f"{url}access/", ended).status_code == 302
    assert manager.post(f"{url}access/", {}).status_code == 422
    assert "December 2025 99493 CoCM, later month Entered by hand" in text_of(manager.get(url))


def test_the_page_costs_the_same_for_any_number(people: Program, manager: Client):
    episode, url = page_of(people)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            manager.get(url)
        return len(own(captured.captured_queries))

    def recorded(month: int) -> None:
        with tenant(people.organization):
            tell(people, episode, ServiceValues(f"2026-{month:02}", "99490", is_by_billing_practitioner=True))

    recorded(1)
    before = statements()
    for month in range(2, 9):
        recorded(month)
    assert (statements(), before <= 8) == (before, True)


def test_the_tab_is_for_who_may_record(people: Program, client_for: Any):
    episode, url = page_of(people)
    charts = [client_for(role).get(reverse("patient_chart", args=["lakeside", episode.patient_id])) for role in ROLES]
    assert [url in page.text for page in charts] == [True, False]
