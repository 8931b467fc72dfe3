"""Billing's pages through the real middleware: what they say, whom they let in, what they cost."""

import re
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import Batch
from billing.operations.batches import make_batch
from billing.operations.other_services import record_other_service
from registry.operations import record_visit, revoke_consent
from tests.billing.people import AT, Program, program

BASE = "/o/lakeside/billing/"
FEBRUARY = f"{BASE}months/2026-02/"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    """An organization whose rows are made in its tenant; requests open their own."""
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def text_of(response: Any) -> str:
    """What is on the page, as one line of words."""
    content = re.sub(r"<(script|style|svg|dialog).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def months(people: Program, count: int) -> list[Any]:
    with tenant(people.organization):
        return [people.billing_patient(f"Family{n}") for n in range(count)]


def a_batch(people: Program) -> Batch:
    with tenant(people.organization):
        return make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4())


def test_an_empty_month_says_what_to_do(people: Program, billing: Client):
    response = billing.get(FEBRUARY)
    assert response.status_code == 200
    assert "Nothing in this month Months fill once contacts" in text_of(response)


def test_the_month_says_what_bills_and_what_is_missing(people: Program, billing: Client):
    with tenant(people.organization):
        people.billing_patient("Abara", 118, mrn="0042")
        people.billing_patient("Berg", 50, without=("visit", "review"))
        people.billing_patient("Castro", 32, payer=people.payer("Aetna PPO"))
    page = text_of(billing.get(FEBRUARY))
    assert "Abara, Jo 0042 118 99492 + 99494 × 2 $278.70 estimate Medicare Part B rules assumed" in page
    assert "50 Nothing $57.45 more Initiating visit missing costs $57.45 No case review yet Medicare Part B" in page
    assert "Aetna PPO: Generic rules assumed; this payer's own rules are not confirmed." in page.replace("&#x27;", "'")
    assert "To claim 2 $278.70, estimate, and 1 unknown amount" in page


def test_the_month_filters_and_keeps_them_on_the_next_page(people: Program, billing: Client, monkeypatch: Any):
    months(people, 3)
    monkeypatch.setattr("billing.views.months.month_page", paged_by_two)
    first = billing.get(FEBRUARY, {"show": "bills"})
    (following,) = re.findall(r'rel="next" href="(\?[^"]+)"', first.content.decode())
    assert following.startswith("?show=bills&amp;after=")
    second = text_of(billing.get(FEBRUARY + following.replace("&amp;", "&")))
    assert ("Family2, Jo" in second, "Family1, Jo" in second) == (True, False)
    assert "3 to 3 of 3" in second


def paged_by_two(*args: Any, **filters: Any) -> Any:
    from billing.queries.month_page import month_page

    return month_page(*args, **filters, limit=2)


@pytest.mark.parametrize(
    "query", ["?show=nonsense", "?clinic=1", "?after=x", "?after=01a1ffcb-5fd6-78bc-884f-d7234ce05833"]
)
def test_a_filter_that_makes_no_sense_shows_everything(people: Program, billing: Client, query: str):
    months(people, 1)
    response = billing.get(FEBRUARY + query)
    assert (response.status_code, "Family0, Jo" in text_of(response)) == (200, True)


def test_nobody_matches(people: Program, billing: Client):
    months(people, 1)
    assert "No patient matches" in text_of(billing.get(FEBRUARY, {"show": "held"}))


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-02", "2026-2", "february", "1899-01"])
def test_a_month_that_cannot_be_is_not_found(people: Program, billing: Client, month: str):
    assert billing.get(f"{BASE}months/{month}/").status_code == 404


def test_now_is_the_month_of_the_clinics(people: Program, billing: Client):
    response = billing.get(f"{BASE}months/")
    present = f"{timezone.localtime(timezone.now()):%Y-%m}"
    assert response.status_code == 302
    assert re.fullmatch(rf"{BASE}months/20\d\d-\d\d/", response.url)
    assert response.url <= f"{BASE}months/{present}/"
    page = text_of(billing.get(response.url))
    assert "Make claims batch" not in page


def test_a_patients_month_tells_everything_behind_it(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Abara", 40, mrn="0042")
        people.work(episode, 15, hour=20, role="care_manager", activity="scheduling")
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    assert "Abara, Jo February 2026 · 0042" in page
    assert "Bills as 99492" in page
    assert "99492 1 $160.32 CoCM, first calendar month. 40 minutes of CoCM, initial month; 36 are enough." in page
    assert "medicare_ffs_2020, codes.99492.midpoint_minutes: BCBS North Dakota" in page
    assert "10:00 am to 10:40 am Session with the patient Collaborative Care, Ken Abara, RN as care manager" in page
    assert "Not counted: scheduling never counts." in page
    assert "Consent (BHI) Feb 2, 2026 Visit 99214 Jan 19, 2026 with the billing practitioner Diagnosis F32.1" in page
    assert "G2214 CoCM, first 30 minutes 16 min 40 min an earlier one bills" in page


def test_entries_of_other_months_are_left_out_and_other_services_named(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Abara", 40)
        people.work(episode, 15, on=date(2026, 3, 10))
        consent = people.consent_of(episode)
        revoke_consent(by=people.by, at=AT, consent=consent, on=date(2026, 3, 20))
        record_other_service(
            by=people.by,
            at=AT,
            patient=episode.patient,
            month="2026-02",
            code="99490",
            is_by_billing_practitioner=False,
        )
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    assert ("Feb 10" in page, "Mar 10" in page) == (True, False)
    assert "Other service 99490 billed by another practice" in page
    assert "Consent (BHI) Feb 2, 2026 taken back on Mar 20, 2026" in page


def test_a_patients_month_says_what_is_missing_and_what_closes_it(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Abara", 40, without=("consent",))
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    assert "Bills nothing Consent missing No consent was in force for any of the month" in page
    assert "Record the patient" in page


def test_a_patients_month_without_anything(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.patient(without=("consent", "visit", "diagnosis", "care_plan", "score", "review", "coverage"))
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    assert "No minutes were logged in this month." in page
    assert "Nothing is on record" in page
    assert "No coverage on record" in page


def test_a_month_before_the_first_book_is_shown_without_a_verdict(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.patient(enrolled_on=date(2019, 5, 1))
        people.work(episode, 40, on=date(2019, 5, 6))
    row = text_of(billing.get(f"{BASE}months/2019-05/"))
    detail = text_of(billing.get(f"{BASE}months/2019-05/episodes/{episode.id}/"))
    assert "No rule book of medicare_ffs holds in this month" in row
    assert "No rule book of medicare_ffs holds in this month" in detail


def test_a_batch_is_made_once_and_its_file_stays_the_same(people: Program, billing: Client):
    months(people, 2)
    asked = billing.get(f"{FEBRUARY}batches/new/")
    assert "2 claims for February 2026, expected $315.50, estimate." in text_of(asked)
    (token,) = re.findall(r'name="client_token" value="([^"]+)"', asked.content.decode())
    made = [billing.post(f"{FEBRUARY}batches/new/", {"client_token": token}) for _ in range(2)]
    assert [response.status_code for response in made] == [302, 302]
    assert made[0].url == made[1].url
    said = text_of(billing.get(made[0].url))
    assert "Family0, Jo 0001-0001 Feb 28, 2026 99492 $157.75, estimate Medicare Part B" in said
    files = [billing.get(f"{made[0].url}file/") for _ in range(2)]
    assert files[0].content == files[1].content
    assert files[0].headers["Content-Disposition"] == 'attachment; filename="batch-0001.csv"'
    assert files[0].headers["Cache-Control"] == "no-store"
    assert "batch 1" in text_of(billing.get(FEBRUARY))
    assert "Batch 1 February 2026 2 $320.64 estimate" in text_of(billing.get(f"{BASE}batches/"))


def test_a_new_batch_shows_only_what_it_would_hold(people: Program, billing: Client):
    with tenant(people.organization):
        people.billing_patient("Abara", 118)
    a_batch(people)
    with tenant(people.organization):
        people.billing_patient("Castro", 40)
        uncoded = people.billing_patient("Dogan", 40, without=("visit",))
        record_visit(by=people.by, at=AT, patient=uncoded.patient, on=date(2026, 1, 20), code="")
    page = text_of(billing.get(f"{FEBRUARY}batches/new/"))
    assert "2 claims for February 2026, expected $315.50, estimate." in page
    assert "Code Units 99492 2 1 of these rests on papers" in page
    assert "Without this they wait, and the batch holds the other 1." in page


def test_what_nobody_pays_is_headed_as_what_it_would_bill(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Abara", 40, payer=people.payer("Self Pay", is_self_pay=True))
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    assert "Not claimed Self pay: nothing to claim Would bill as 99492" in page


def test_a_batch_that_cannot_be_made_says_why(people: Program, billing: Client):
    months(people, 1)
    a_batch(people)
    response = billing.post(f"{FEBRUARY}batches/new/", {"client_token": str(uuid4())})
    assert (response.status_code, "Nothing is left to claim for February 2026" in text_of(response)) == (422, True)
    assert "Nothing is left to claim" in text_of(billing.get(f"{FEBRUARY}batches/new/"))
    assert billing.post(f"{FEBRUARY}batches/new/", {"client_token": "x"}).status_code == 422
    running = billing.get(f"{BASE}months/2099-01/batches/new/")
    assert "This month still runs" in text_of(running)


def test_no_batch_yet(people: Program, billing: Client):
    assert "No batch yet" in text_of(billing.get(f"{BASE}batches/"))


def test_what_was_seen_is_on_record(people: Program, billing: Client):
    (episode,) = months(people, 1)
    batch = a_batch(people)
    for url in (FEBRUARY, f"{FEBRUARY}episodes/{episode.id}/", f"{BASE}batches/{batch.id}/"):
        assert billing.get(url).status_code == 200
    billing.get(f"{BASE}batches/{batch.id}/file/")
    with tenant(people.organization):
        events = AuditEvent.objects.filter(by=billing.membership).order_by("id")
        seen = list(events.values_list("action", "patient_id", "object_id", "count"))
    assert seen == [
        ("month.viewed", None, None, 1),
        ("month.patient_viewed", episode.patient_id, episode.id, None),
        ("batch.viewed", None, batch.id, 1),
        ("batch.downloaded", None, batch.id, 1),
    ]


@pytest.mark.parametrize(
    ("role", "month", "batches"),
    [
        ("billing", 200, 200),
        ("clinic_lead", 200, 403),
        ("care_manager", 403, 403),
        ("psychiatric_consultant", 403, 403),
        ("treating_clinician", 403, 403),
        ("admin", 403, 403),
    ],
)
def test_who_may(people: Program, client_for: Any, role: str, month: int, batches: int):
    (episode,) = months(people, 1)
    client = client_for(role)
    assert client.get(FEBRUARY).status_code == month
    assert client.get(f"{FEBRUARY}episodes/{episode.id}/").status_code == month
    assert client.get(f"{BASE}batches/").status_code == batches
    assert client.get(f"{FEBRUARY}batches/new/").status_code == batches
    assert client.post(f"{FEBRUARY}batches/new/").status_code == (422 if batches == 200 else batches)


def test_another_organizations_rows_and_absent_ones_are_not_found(
    people: Program, other_organization: Any, client_for: Any
):
    (episode,) = months(people, 1)
    batch = a_batch(people)
    stranger = client_for("billing", organization=other_organization)
    elsewhere = "/o/ridgeway/billing/"
    for row, made in ((episode.id, batch.id), (uuid4(), uuid4())):
        assert stranger.get(f"{elsewhere}months/2026-02/episodes/{row}/").status_code == 404
        assert stranger.get(f"{elsewhere}batches/{made}/").status_code == 404
        assert stranger.get(f"{elsewhere}batches/{made}/file/").status_code == 404
    assert stranger.get(FEBRUARY).status_code == 404
    assert "Family0" not in text_of(stranger.get(f"{elsewhere}months/2026-02/"))


def test_the_month_costs_the_same_queries_for_any_number_of_patients(people: Program, billing: Client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert billing.get(FEBRUARY).status_code == 200
        return len(captured)

    months(people, 1)
    billing.get(FEBRUARY)
    one = queries()
    months_more = [f"Other{n}" for n in range(8)]
    with tenant(people.organization):
        for name in months_more:
            people.billing_patient(name)
    assert queries() == one


def test_titles_and_addresses_name_nobody(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Abara", mrn="0042")
    pages = [billing.get(FEBRUARY), billing.get(f"{FEBRUARY}episodes/{episode.id}/")]
    titles = [re.findall(r"<title>(.*?)</title>", page.content.decode())[0] for page in pages]
    assert titles == ["Month · BHI", "Patient's month · BHI"]
    links = re.findall(r'(?:href|action)="([^"]*)"', pages[0].content.decode() + pages[1].content.decode())
    assert [link for link in links if "Abara" in link or "0042" in link] == []


@pytest.mark.parametrize("path", ["months/2000-01/", "months/2099-12/", "months/2000-01/coverage/"])
def test_the_first_and_the_last_month_that_an_address_names_have_their_pages(
    people: Program, billing: Client, path: str
):
    assert billing.get(f"{BASE}{path}").status_code == 200
