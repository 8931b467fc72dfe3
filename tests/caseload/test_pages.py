"""The caseload list, the chart and the contact note, through the browser's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from caseload.models import Contact, TimeEntry
from caseload.operations import rebuild_standing, record_review
from registry.models import Consent, Episode
from registry.operations import add_patient, end_episode, record_care_plan, record_consent, revoke_consent
from tests.factories.registry import AssessmentFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

PHQ9 = {f"phq9_{number}": "2" for number in range(1, 9)}


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    def make(path: str, episode: Any = None) -> str:
        patient = f"patients/{episode.patient_id}/" if episode is not None else ""
        return f"/o/{organization.slug}/{patient}{path}"

    return make


@pytest.fixture
def typed() -> dict[str, str]:
    """A contact as somebody types it: twenty-four minutes this morning, seen from Chicago."""
    return {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02",
        "starts": "09:00", "ends": "09:24", "note": "Slept better.", "next_on": "2026-03-16", "next_purpose": "PHQ-9",
    }  # fmt: skip


def previewed(answer: Any) -> tuple[str, str] | None:
    """The tone and the sentence of a preview; None where it says nothing yet."""
    assert answer.status_code == 200
    found = re.search(r'notice-(\w+)">.*?<div><p>(.*?)</p>', answer.text, re.DOTALL)
    return (found[1], unescape(found[2])) if found else None


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


# The caseload list


def test_an_empty_organization_is_told_what_to_do(client: Client, url: Callable[..., str], in_tenant: Any) -> None:
    page = client.get(url("caseload/"))
    assert page.status_code == 200
    assert "No patients yet" in page.text
    assert "Import a caseload" in page.text


def test_who_may_not_import_is_told_who_does(
    client_for: Callable[..., Any], url: Callable[..., str], in_tenant: Any
) -> None:
    page = client_for("psychiatric_consultant").get(url("caseload/"))
    assert "once somebody who may import" in page.text
    assert "Import a caseload" not in page.text


def test_the_list_shows_minutes_and_never_amounts(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], log: Callable[..., Any]
) -> None:
    log(enrolled("Rivera"), minutes=24)
    page = client.get(url("caseload/"))
    assert in_order(page.text, "Rivera, Ana", "24</strong>")
    assert "$" not in page.text
    event = AuditEvent.objects.get(action="caseload.viewed")
    assert (event.count, event.patient_id) == (1, None)


def test_filters_are_kept_for_the_session(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    gone = enrolled("Gone")
    enrolled("Rivera")
    end_episode(by=by, at=now, episode=gone, on=date(2026, 3, 1), reason="graduated")
    rebuild_standing(organization_id=by.organization_id, episode_ids=[gone.id], at=now)
    assert "Gone, Ana" not in client.get(url("caseload/")).text
    discharged = client.get(url("caseload/?status=discharged")).text
    assert "Gone, Ana" in discharged
    assert "Rivera, Ana" not in discharged
    assert "Gone, Ana" in client.get(url("caseload/")).text
    assert "No patient matches" in client.get(url("caseload/?status=on_hold")).text


@pytest.mark.parametrize("query", ["status=nonsense", "order=drop", "after=x", "clinic=1&care_manager=2", "before="])
def test_nonsense_in_the_address_is_as_good_as_nothing(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], query: str
) -> None:
    enrolled("Rivera")
    page = client.get(url(f"caseload/?{query}"))
    assert page.status_code == 200
    assert "Rivera, Ana" in page.text


def test_search_in_the_list_leaves_no_word_of_it_in_address_or_session(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any]
) -> None:
    enrolled("Rivera")
    enrolled("Novak")
    found = client.post(url("caseload/"), {"q": "riv"})
    assert found.status_code == 200
    assert "Rivera, Ana" in found.text
    assert "Novak, Ana" not in found.text
    assert "Nobody found in this list" in client.post(url("caseload/"), {"q": "zz"}).text
    assert "Novak, Ana" in client.get(url("caseload/")).text
    assert "riv" not in str(dict(client.session))
    for nothing in ("", " ", "x" * 101):
        assert client.post(url("caseload/"), {"q": nothing}).text.count('class="row-link"') == 2


@pytest.mark.parametrize("size", [1, 30])
def test_the_list_takes_as_many_statements_for_one_as_for_thirty(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], log: Callable[..., Any], size: int
) -> None:
    for place in range(size):
        log(enrolled(f"Rivera {place}"), minutes=1, ago=60 + 2 * place)
    client.get(url("caseload/"))
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url("caseload/"))
    assert page.text.count('class="row-link"') == size
    assert len(own(queries)) <= 8


# The chart


def test_the_chart_says_what_counts_and_why_not(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], log: Callable[..., Any], in_tenant: Any
) -> None:
    episode, other = enrolled("Rivera"), enrolled("Novak")
    AssessmentFactory(organization=in_tenant, episode=episode)
    log(other, minutes=20, ago=120)
    log(episode, minutes=24, ago=60)
    log(episode, minutes=20, ago=110)
    page = client.get(url("", episode))
    assert page.status_code == 200
    assert in_order(page.text, "Ana Rivera", "March 2026", "PHQ-9", "Counts in full.", "Held: overlaps 09:00–09:20")
    assert "<title>Patient chart" in page.text
    event = AuditEvent.objects.get(action="chart.viewed")
    assert (event.patient_id, event.by.name) == (episode.patient_id, "Ken Abara")


def test_the_chart_draws_the_phq_9_first(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], in_tenant: Any
) -> None:
    episode = enrolled()
    for instrument, total in (("gad7", 12), ("phq9", 16)):
        AssessmentFactory(organization=in_tenant, episode=episode, instrument=instrument, total=total)
    assert in_order(client.get(url("", episode)).text, "All PHQ-9 scores", "All GAD-7 scores")


def test_the_chart_tells_what_happened(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any
) -> None:
    episode = enrolled()
    record_care_plan(by=by, at=now, episode=episode, on=date(2026, 2, 3), text="Walk daily")
    record_review(
        by=by, at=now, episode_id=episode.id, on=date(2026, 2, 24),
        recommendations=[("medication", "Sertraline 50 mg"), ("continue", "Continue; recheck in four weeks.")],
    )  # fmt: skip
    AssessmentFactory(organization=in_tenant, episode=episode, total=None, item9=2, on=date(2026, 2, 10))
    record_consent(by=by, at=now, patient=episode.patient, given_at=now - timedelta(days=3))
    revoke_consent(by=by, at=now, consent=Consent.objects.latest("given_at"), on=date(2026, 3, 1))
    page = client.get(url("", episode))
    assert in_order(
        page.text.split("What happened")[1], "Psychiatric case review", "Medication: Sertraline 50 mg",
        "Continue; recheck in four weeks.",
        "PHQ-9 incomplete, item 9: 2", "Care plan", "Walk daily",
    )  # fmt: skip
    assert "Continue: Continue" not in page.text
    assert "verbal, Feb 27, 2026, withdrawn Mar 1, 2026" in page.text


def test_a_chart_with_nothing_on_it(client: Client, url: Callable[..., str], enrolled: Callable[..., Any]) -> None:
    page = client.get(url("", enrolled(consent=False)))
    assert "No score yet." in page.text
    assert "No minutes are logged in this month yet." in page.text
    assert "Nothing is on record yet." in page.text
    assert url("contacts/new/", page.context["door"].episode) in page.text


def test_a_patient_without_an_episode(client: Client, organization: Any, by: Any, clinic: Any, now: datetime) -> None:
    with tenant(organization):
        patient = add_patient(
            by=by, at=now, clinic=clinic, mrn="1", family_name="Doe", given_name="Jo", birth_date=date(1980, 3, 3)
        )
    page = client.get(f"/o/{organization.slug}/patients/{patient.id}/")
    assert "Not enrolled" in page.text
    assert "45 years" in page.text
    form = client.get(f"/o/{organization.slug}/patients/{patient.id}/contacts/new/")
    assert "No contact can be added" in form.text


def test_the_chart_takes_as_many_statements_for_little_as_for_much(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], log: Callable[..., Any]
) -> None:
    little, much = enrolled("Little"), enrolled("Much")
    for place in range(30):
        log(much, minutes=1, ago=60 + 2 * place)
    taken = []
    for episode in (little, much):
        with CaptureQueriesContext(connection) as queries:
            client.get(url("", episode))
        taken.append(len(own(queries)))
    assert taken == [8, 8]


# The contact note


def test_a_contact_is_saved_in_one_step(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode = enrolled()
    assert client.get(url("contacts/new/", episode)).status_code == 200
    saved = client.post(url("contacts/new/", episode), {**typed, **PHQ9, "phq9_9": "0"}, follow=True)
    assert saved.redirect_chain == [(url("", episode), 302)]
    assert in_order(saved.text, "Counts in full.", "PHQ-9 16, item 9: 0", "Slept better.")
    assert "Contact saved." in saved.text
    entry = TimeEntry.objects.get()
    assert entry.span.lower == datetime.fromisoformat("2026-03-02T09:00-06:00")
    assert entry.span.upper - entry.span.lower == timedelta(minutes=24)


def test_the_same_form_twice_makes_one_contact(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode = enrolled()
    client.post(url("contacts/new/", episode), typed)
    again = client.post(url("contacts/new/", episode), typed, follow=True)
    assert "This contact was saved already." in again.text
    assert Contact.objects.count() == 1


def test_a_form_used_for_another_patient_is_refused_above_the_form(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    client.post(url("contacts/new/", enrolled("One")), typed)
    answer = client.post(url("contacts/new/", enrolled("Other")), typed)
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == [
        "This form was already used for something else. Open a new one and enter it again."
    ]


def test_item_9_shows_the_crisis_line_and_says_so_after_saving(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode = enrolled()
    values = {**typed, **PHQ9, "phq9_9": "1"}
    assert 'data-shown-above-zero="phq9_9" hidden' in client.get(url("contacts/new/", episode)).text
    wrong = client.post(url("contacts/new/", episode), {**values, "ends": ""})
    assert 'data-shown-above-zero="phq9_9">' in wrong.text
    assert "call or text 988" in wrong.text
    saved = client.post(url("contacts/new/", episode), values, follow=True)
    assert "An answer about self-harm is above 0. Assess safety today" in saved.text


IN_12_HOURS = "This is longer than 12 hours. Minutes are a whole number from 1 to 720."
FORWARD = "The clocks went forward on Mar 8: this time did not occur. Enter the one after it."
TOO_FEW = "GAD-7: 6 answers are missing, so there is no score. Answer the others, or clear them all."
UNBORN = "The day is before the patient's birth. Correct it."
LONG = "This is longer than 12 hours. Correct the start or the end."
BAD = [
    ({"on": ""}, "on", "Enter the day."),
    ({"on": "2026-02-30"}, "on", "Enter a day that exists, as year-month-day: 2026-10-12."),
    ({"on": "2031-01-01"}, "on", "The start is in the future. Correct the day or the time."),
    ({"starts": ""}, "starts", "Enter the start and the end, or only the minutes."),
    ({"starts": "25:00"}, "starts", "Enter a time such as 14:05."),
    ({"starts": "noon"}, "starts", "Enter a time such as 14:05."),
    ({"ends": "08:59"}, "ends", "The end is not after the start. Correct one of them."),
    ({"ends": "09:00"}, "ends", "The end is not after the start. Correct one of them."),
    ({"starts": "00:00", "ends": "12:01", "on": "2026-03-01"}, "ends", LONG),
    ({"minutes": "10"}, "minutes", "Give either the start and the end, or only the minutes. Clear one of them."),
    ({"starts": "", "ends": "", "minutes": "-5"}, "minutes", "Minutes are a whole number from 1 to 720."),
    ({"starts": "", "ends": "", "minutes": "0"}, "minutes", "Minutes are a whole number from 1 to 720."),
    ({"starts": "", "ends": "", "minutes": "2000"}, "minutes", IN_12_HOURS),
    ({"starts": "", "ends": "", "minutes": "1.5"}, "minutes", "Minutes are a whole number from 1 to 720."),
    ({"starts": "", "ends": "", "minutes": "9" * 30}, "minutes", IN_12_HOURS),
    ({"starts": "", "ends": "", "minutes": "5", "on": "2031-01-01"}, "on", "The day is in the future. Correct it."),
    ({"starts": "", "ends": "", "minutes": "5", "on": "1950-01-01"}, "on", UNBORN),
    ({"on": "1950-01-01"}, "on", UNBORN),
    ({"on": "2026-03-08", "starts": "02:30"}, "starts", FORWARD),
    ({"phq9_1": "4"}, "phq9_1", "PHQ-9 item 1 is answered with 0 to 3."),
    ({"phq9_2": "two"}, "phq9_2", "PHQ-9 item 2 is answered with 0 to 3."),
    ({"gad7_7": "1"}, "gad7_1", TOO_FEW),
    ({"next_on": "2026-03-01"}, "next_on", "The next contact is in the past. Correct its date."),
    ({"next_on": "soon"}, "next_on", "Enter a day that exists, as year-month-day: 2026-10-12."),
    ({"next_on": ""}, "next_on", "Enter the day of the next contact, or clear what it is about."),
    ({"activity": "party"}, "activity", "Choose what it was from the list."),
    ({"mode": ""}, "mode", "Choose how."),
    ({"note": "x" * 20_001}, "note", "The note is longer than 20,000 characters. Shorten it."),
    ({"next_purpose": "x" * 201}, "next_purpose", "This is longer than 200 characters. Shorten it."),
    ({"client_token": "1"}, "client_token", "This form is damaged. Open a new one."),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "field", "sentence"), BAD)
def test_faulty_input_comes_back_as_typed_with_the_fix_at_its_field(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str],
    changed: dict[str, str], field: str, sentence: str,
) -> None:  # fmt: skip
    answer = client.post(url("contacts/new/", enrolled()), {**typed, **changed})
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors[field] == [sentence]
    assert {name: form[name].value() for name in typed} == {**typed, **{n: v for n, v in changed.items() if n in typed}}
    assert "Slept better." in answer.text or "note" in changed
    assert Contact.objects.count() == 0


def test_a_time_that_occurred_twice_is_asked_for(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode = enrolled(enrolled_on=date(2025, 10, 6))
    night = {**typed, "on": "2025-11-02", "starts": "01:30", "ends": "01:45"}
    asked = client.post(url("contacts/new/", episode), night)
    assert asked.status_code == 422
    sentence = "The clocks went back on Nov 2, so this time occurred twice."
    assert asked.context["form"].errors == {"starts_which": [sentence], "ends_which": [sentence]}
    assert "The first, before the clocks went back" in asked.text
    client.post(url("contacts/new/", episode), {**night, "starts_which": "first", "ends_which": "second"})
    span = TimeEntry.objects.get().span
    assert span.upper - span.lower == timedelta(minutes=75)


def test_a_full_day_is_refused_at_the_field_that_was_typed(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode, sentence = enrolled(), "With this, Mar 1 holds more than 24 hours of work. Correct the minutes or the day."
    only_minutes = {**typed, "on": "2026-03-01", "starts": "", "ends": "", "minutes": "720"}
    for _ in range(2):
        client.post(url("contacts/new/", episode), {**only_minutes, "client_token": str(uuid4())})
    full = client.post(url("contacts/new/", episode), only_minutes)
    assert full.context["form"].errors == {"minutes": [sentence]}
    clock = client.post(url("contacts/new/", episode), {**typed, "on": "2026-03-01"})
    assert clock.context["form"].errors == {"ends": [sentence]}


def test_a_discharged_patient_gets_no_contact(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str], by: Any, now: datetime
) -> None:
    episode = enrolled()
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    chart = client.get(url("", episode))
    assert "Mar 1, 2026: graduated." in chart.text
    assert url("contacts/new/", episode) not in chart.text
    assert "No contact can be added" in client.get(url("contacts/new/", episode)).text
    answer = client.post(url("contacts/new/", episode), typed)
    assert answer.status_code == 409
    assert previewed(client.post(url("contacts/preview/", episode), typed)) is None
    assert Contact.objects.count() == 0


HELD = "Held: overlaps 08:00–08:20 with another patient's. Counts nowhere until settled."
PREVIEWS = [
    ({}, True, "good", "Counts: 24 min."),
    ({}, False, "warning", "Not counted: no consent on file."),
    ({"on": "2026-02-02", "starts": "00:00", "ends": "00:30"}, True, "good", "Counts: 30 min."),
    ({"on": "2026-01-20"}, True, "warning", "Not counted: before the episode began on Feb 2."),
    ({"on": "2026-02-01"}, True, "warning", "Not counted: before the episode began on Feb 2."),
    ({"activity": "scheduling"}, True, "warning", "Not counted: scheduling never counts."),
    ({"starts": "", "ends": "", "minutes": "11"}, True, "good", "Counts: 11 min."),
    ({"starts": "08:00", "ends": "08:10"}, True, "warning", HELD),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "consent", "tone", "sentence"), PREVIEWS)
def test_the_preview_says_what_the_minutes_will_do(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], log: Callable[..., Any],
    typed: dict[str, str], changed: dict[str, str], consent: bool, tone: str, sentence: str,
) -> None:  # fmt: skip
    log(enrolled("Novak"), minutes=20, ago=180)
    episode = enrolled("Rivera", consent=consent)
    answer = client.post(url("contacts/preview/", episode), {**typed, **changed})
    assert previewed(answer) == (tone, sentence)
    assert answer.text.strip().startswith('<div id="preview"')
    assert Contact.objects.count() == 0


def test_the_preview_is_what_saving_then_does(
    client: Client,
    url: Callable[..., str],
    enrolled: Callable[..., Any],
    log: Callable[..., Any],
    typed: dict[str, str],
) -> None:
    log(enrolled("Novak"), minutes=20, ago=180)
    episode = enrolled("Rivera")
    overlapping = {**typed, "starts": "08:05", "ends": "08:25"}
    saved = client.post(url("contacts/new/", episode), overlapping, follow=True)
    assert "Its minutes are held: they overlap 08:00–08:20" in saved.text
    assert [entry.held for entry in TimeEntry.objects.filter(episode=episode)] == [True]


@pytest.mark.parametrize("changed", [{"on": ""}, {"starts": ""}, {"ends": "x"}, {"activity": "?"}])
def test_nothing_is_previewed_while_the_time_is_not_typed(
    client: Client,
    url: Callable[..., str],
    enrolled: Callable[..., Any],
    typed: dict[str, str],
    changed: dict[str, str],
) -> None:
    answer = client.post(url("contacts/preview/", enrolled()), {**typed, **changed})
    assert previewed(answer) is None


def test_a_day_too_full_is_previewed_as_refused(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], typed: dict[str, str]
) -> None:
    episode = enrolled()
    only_minutes = {**typed, "on": "2026-03-01", "starts": "", "ends": "", "minutes": "720"}
    for _ in range(2):
        client.post(url("contacts/new/", episode), {**only_minutes, "client_token": str(uuid4())})
    full = client.post(url("contacts/preview/", episode), only_minutes)
    assert previewed(full) == ("danger", "With this, the day holds more than 24 hours of your work.")


# Doors


@pytest.mark.parametrize("path", ["", "contacts/new/", "contacts/preview/"])
def test_another_tenants_patient_is_as_absent_as_none(
    client: Client, url: Callable[..., str], in_tenant: Any, other_organization: Any, path: str, now: datetime
) -> None:
    from tests.factories.registry import EpisodeFactory

    with tenant(other_organization):
        foreign = EpisodeFactory(organization=other_organization)
    absent = Episode(patient_id=uuid4())
    ask = client.post if "preview" in path else client.get
    answers = [ask(url(path, episode)) for episode in (foreign, absent)]
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("care_manager", [200, 200, 200]),
        ("clinic_lead", [200, 200, 200]),
        ("psychiatric_consultant", [200, 200, 403]),
        ("treating_clinician", [200, 200, 403]),
        ("billing", [403, 403, 403]),
        ("admin", [403, 403, 403]),
    ],
)
def test_who_may_open_what(
    client_for: Callable[..., Any], url: Callable[..., str], enrolled: Callable[..., Any], role: str, may: list[int]
) -> None:
    episode, other = enrolled(), client_for(role)
    pages = (url("caseload/"), url("", episode), url("contacts/new/", episode))
    assert [other.get(page).status_code for page in pages] == may
