"""The page of a month's close through the real middleware, and forms that a closed month refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from bhi.errors import MonthClosed
from bhi.tenancy.context import tenant
from bhi.web.middleware import MonthClosedMiddleware
from billing.models import FrozenMonth, LateChange, MonthClose, MonthException
from billing.operations.closing import close_month
from billing.operations.late import write_late
from caseload.models import Contact, TimeEntry
from caseload.operations.timers import start_timer, stop_timer
from registry.models import Assessment
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.tenancy import MembershipFactory, UserFactory
from tests.statements import own

FEBRUARY = "2026-02"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


@pytest.fixture
def page(people: Program) -> str:
    return f"/o/lakeside/billing/months/{FEBRUARY}/clinics/{people.clinic.id}/"


def patient(people: Program, name: str = "Abara", **fields: Any) -> Any:
    with tenant(people.organization):
        return people.billing_patient(name, **fields)


def closed(people: Program) -> MonthClose:
    with tenant(people.organization):
        return close_month(
            by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4()
        )


def test_the_month_page_leads_to_each_clinics_close(people: Program, billing: Client, page: str):
    patient(people)
    assert f'href="{page}"' in billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/").content.decode()


def test_a_month_is_closed_once_the_note_says_why_exceptions_stay(people: Program, billing: Client, page: str):
    patient(people, without=("diagnosis",))
    assert "Exceptions open 2" in text_of(billing.get(page))
    typed = {"client_token": uuid4(), "note": ""}
    refused = billing.post(page, typed)
    assert (refused.status_code, "2 exceptions are open. Settle them" in text_of(refused)) == (422, True)
    assert billing.post(page, {**typed, "note": "The diagnosis comes."}).status_code == 302
    assert billing.post(page, {**typed, "note": "The diagnosis comes."}).status_code == 302
    with tenant(people.organization):
        assert [close.note for close in MonthClose.objects.all()] == ["The diagnosis comes."]
    words = text_of(billing.get(page))
    assert "Closed Minutes and papers of this month stay as they are." in words
    assert "Nothing: every month still comes to what was frozen." in words


def test_an_exception_is_noted_and_what_was_typed_is_kept(people: Program, billing: Client, page: str):
    episode = patient(people, without=("diagnosis",))
    typed = {"kind": "gap", "episode": episode.id, "about": "diagnosis_missing", "owner": people.worker.id}
    refused = billing.post(f"{page}exceptions/", {**typed, "note": "", "is_settled": "on"})
    assert (refused.status_code, "Write how it was settled." in text_of(refused)) == (422, True)
    assert billing.post(f"{page}exceptions/", {**typed, "note": "Dr. Rivera was asked."}).status_code == 302
    with tenant(people.organization):
        assert list(MonthException.objects.values_list("note", "owner_id", "is_settled")) == [
            ("Dr. Rivera was asked.", people.worker.id, False)
        ]
    assert "Dr. Rivera was asked." in text_of(billing.get(page))


def test_exceptions_are_cut_with_a_way_on_those_that_are_open_first(
    people: Program, billing: Client, page: str, monkeypatch: Any
):
    monkeypatch.setattr("billing.views.closing.ROWS", 3)
    episodes = [patient(people, name, without=("diagnosis",)) for name in ("Abara", "Bell", "Cole")]
    first, last = billing.get(page), billing.get(f"{page}?start=3#exceptions")
    every = [one for one, _ in (*first.context["rows"], *last.context["rows"])]
    assert ("1 to 3 of 4" in text_of(first), "4 to 4 of 4" in text_of(last)) == (True, True)
    assert {one.episode_id for one in every} == {None, *(episode.id for episode in episodes)}
    settled = {"kind": "gap", "episode": episodes[0].id, "about": "diagnosis_missing", "is_settled": "on"}
    refused = billing.post(f"{page}exceptions/", {**settled, "note": ""})
    assert (refused.status_code, "Write how it was settled." in text_of(refused)) == (422, True)
    assert billing.post(f"{page}exceptions/", {**settled, "note": "It comes."}).status_code == 302
    assert [one.episode_id for one, _ in billing.get(f"{page}?start=3").context["rows"]] == [episodes[0].id]
    for nonsense in ("x", "99", "9" * 50):
        assert "1 to 3 of 4" in text_of(billing.get(f"{page}?start={nonsense}"))


def test_what_changed_since_a_close_is_cut_with_its_count(
    people: Program, billing: Client, page: str, monkeypatch: Any
):
    monkeypatch.setattr("billing.views.closing.ROWS", 1)
    episodes = [patient(people, name) for name in ("Abara", "Bell")]
    closed(people)
    with tenant(people.organization):
        for episode in episodes:
            write_late(by=people.by, at=AT, because="Found.", write=lambda one=episode: people.work(one, 5, hour=19))
    words = text_of(billing.get(page))
    assert ("The first 1 of 2: once these are corrected" in words, words.count("Correct the month")) == (True, 1)


def test_a_foreign_owner_or_clinic_is_not_found(people: Program, billing: Client, page: str):
    episode = patient(people, without=("diagnosis",))
    typed = {"kind": "gap", "episode": episode.id, "about": "diagnosis_missing", "owner": uuid4(), "note": "Hm."}
    assert billing.post(f"{page}exceptions/", typed).status_code == 422
    assert billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/clinics/{uuid4()}/").status_code == 404


def test_the_page_costs_the_same_for_many_patients(
    people: Program, billing: Client, page: str, django_assert_max_num_queries: Any
):
    counts = []
    for names in (("Abara",), ("Berg", "Castro", "Dogan")):
        for name in names:
            patient(people, name)
        with django_assert_max_num_queries(60) as queries:
            billing.get(page)
        counts.append(len(own(queries)))
    assert counts[0] == counts[1]


def test_minutes_that_come_late_ask_why_and_are_corrected(people: Program, billing: Client, client_for: Any, page: str):
    episode = patient(people)
    closed(people)
    manager = client_for("care_manager")
    url = f"/o/lakeside/patients/{episode.patient_id}/time/new/"
    typed = {"client_token": uuid4(), "activity": "registry", "on": "2026-02-20", "minutes": "50"}
    refused = manager.post(url, typed)
    words = text_of(refused)
    assert refused.status_code == 422
    assert "February 2026 is closed for billing" in words
    assert 'name="late_because"' in refused.content.decode()
    assert manager.post(url, {**typed, "late_because": "Found in my notebook."}).status_code == 302
    with tenant(people.organization):
        assert LateChange.objects.get().because == "Found in my notebook."
    assert "Added: Found in my notebook." in text_of(billing.get(page))
    correct = {"episode": episode.id, "because": ""}
    assert billing.post(f"{page}corrections/", correct).status_code == 422
    assert billing.post(f"{page}corrections/", {**correct, "because": "Late minutes"}).status_code == 302
    with tenant(people.organization):
        assert list(FrozenMonth.objects.order_by("number").values_list("number", "minutes")) == [(1, 40), (2, 90)]
    assert billing.post(f"{page}corrections/", {**correct, "because": "Late minutes"}).status_code == 422


def test_a_contact_that_comes_late_is_kept_with_its_reason(people: Program, client_for: Any):
    episode = patient(people)
    closed(people)
    manager = client_for("care_manager")
    url = f"/o/lakeside/patients/{episode.patient_id}/contacts/new/"
    typed = {
        "client_token": uuid4(),
        "activity": "coordination",
        "mode": "phone",
        "outcome": "",
        "note": "Pharmacy.",
        "on": "2026-02-20",
        "minutes": "12",
    }
    refused = manager.post(url, typed)
    assert (refused.status_code, "Pharmacy." in refused.content.decode()) == (422, True)
    assert manager.post(url, {**typed, "late_because": "Forgotten."}).status_code == 302
    with tenant(people.organization):
        contact = Contact.objects.get()
        assert (contact.note, LateChange.objects.get().object_id) == (
            "Pharmacy.",
            TimeEntry.objects.get(contact=contact).id,
        )


def test_a_score_that_a_closed_month_rests_on_is_not_replaced(people: Program, client_for: Any):
    episode = patient(people)
    closed(people)
    with tenant(people.organization):
        score = Assessment.objects.get(patient=episode.patient)
    url = f"/o/lakeside/patients/{episode.patient_id}/scores/{score.id}/replace/"
    typed = {"client_token": uuid4(), "on": "2026-02-02", "way": "total", "phq9_total": "12", "phq9_item9": "0"}
    answer = client_for("care_manager").post(url, {**typed, "reason": "Typed wrongly", "language": "en"})
    assert answer.status_code in (409, 422)
    assert "February 2026 is closed for billing" in text_of(answer)
    with tenant(people.organization):
        assert [one.total for one in Assessment.objects.all()] == [16]


def test_a_page_that_did_not_expect_it_says_that_nothing_was_saved(rf: Any):
    guard = MonthClosedMiddleware(lambda request: HttpResponse())
    answer = guard.process_exception(rf.post("/"), MonthClosed("2026-02"))
    assert answer is not None
    assert answer.status_code == 409
    assert "Nothing was saved" in text_of(answer)
    assert "February 2026 is closed for billing" in text_of(answer)
    assert guard.process_exception(rf.post("/"), ValueError()) is None


def test_opening_again_takes_two(people: Program, organization: Any, client_for: Any, page: str):
    patient(people)
    closed(people)
    one = client_for("billing")
    assert "Say why" in text_of(one.post(f"{page}reopening/", {"because": ""}))
    assert one.post(f"{page}reopening/", {"because": "The payer was wrong."}).status_code == 302
    with tenant(organization):
        MembershipFactory(organization=organization, roles=["billing"], user=UserFactory(), name="Second")
    alone = one.post(f"{page}reopening/", {}, follow=True)
    assert "Somebody else with this permission has to agree." in text_of(alone)
    agreed = client_for("clinic_lead").post(f"{page}reopening/", {}, follow=True)
    assert "February 2026 is open again" in text_of(agreed)
    with tenant(organization):
        assert MonthClose.objects.get().reopened_at is not None


def test_a_consultants_minutes_of_a_review_that_come_late_are_kept_too(people: Program, client_for: Any):
    episode = patient(people)
    closed(people)
    consultant = client_for("psychiatric_consultant")
    url = f"/o/lakeside/reviews/patients/{episode.id}/"
    typed = {"do": "time", "client_token": uuid4(), "on": "2026-02-20", "minutes": "9"}
    refused = consultant.post(url, typed)
    assert (refused.status_code, 'name="late_because"' in refused.content.decode()) == (422, True)
    assert consultant.post(url, {**typed, "late_because": "Read on paper."}).status_code == 302
    with tenant(people.organization):
        assert LateChange.objects.get().because == "Read on paper."
        assert TimeEntry.objects.get(id=LateChange.objects.get().object_id).role == "psychiatric_consultant"


def test_a_timer_that_was_forgotten_until_the_month_was_closed_is_saved_with_its_reason(
    people: Program, client_for: Any, membership: Any
):
    episode = patient(people)
    seat = membership("care_manager", name="Noor Haddad")
    starts = datetime(2026, 2, 20, 16, tzinfo=UTC)
    with tenant(people.organization):
        timer = start_timer(by=seat, at=starts, episode_id=episode.id).timer
        stop_timer(by=seat, at=AT, timer_id=timer.id, ended_at=starts + timedelta(minutes=12))
    closed(people)
    manager = Client()
    manager.force_login(seat.user)
    url = f"/o/lakeside/timers/{timer.id}/"
    typed = {
        "client_token": uuid4(), "activity": "registry", "on": "2026-02-20", "starts": "10:00", "ends": "10:12",
        "timer": timer.id,
    }  # fmt: skip
    assert manager.post(url, typed).status_code == 422
    assert manager.post(url, {**typed, "late_because": "Forgotten."}).status_code == 302
    with tenant(people.organization):
        timer.refresh_from_db()
        assert LateChange.objects.get().object_id == timer.entry_id
