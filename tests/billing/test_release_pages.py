"""The pages of what is held back: decisions, several at once, coverage, and how checks are set."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import CoderDecision
from billing.queries import coverage_checks as coverage_queries
from billing.queries import release_pages
from registry.models import Coverage, CoverageCheck, Episode
from tests.billing.people import program
from tests.billing.release_months import FEBRUARY, Months
from tests.statements import own

pytestmark = pytest.mark.usefixtures("organization")


@pytest.fixture
def months(organization: Any, clinic: Any) -> Months:
    with tenant(organization):
        return Months(program(organization, clinic, notes=False))


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


@pytest.fixture
def base(organization: Any) -> str:
    return f"/o/{organization.slug}/billing/"


def held(months: Months, name: str = "Abara", **fields: Any) -> Episode:
    with tenant(months.people.organization):
        return months.episode(name, **{"confirmed_on": None, **fields})


def decided(months: Months) -> list[tuple[str, str]]:
    with tenant(months.people.organization):
        return list(CoderDecision.objects.live().order_by("recorded_at", "id").values_list("kind", "because"))


def text_of(response: Any) -> str:
    return response.content.decode()


def test_a_held_month_says_why_and_is_released(months: Months, billing: Client, base: str):
    episode = held(months)
    address = f"{base}months/{FEBRUARY}/episodes/{episode.id}/"
    page = billing.get(address)
    assert "Not confirmed by the treating clinician on record: F32.1." in text_of(page)
    assert "Have the treating clinician confirm it" in text_of(page)
    sent = {"kind": "release", "because": "Confirmed by telephone.", "checks": ["diagnosis_unconfirmed"]}
    answer = billing.post(f"{address}decision/", sent, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert decided(months) == [("release", "Confirmed by telephone.")]
    assert "Released: it may be claimed." in text_of(answer)
    billing.post(f"{address}decision/", sent)
    assert decided(months) == [("release", "Confirmed by telephone.")]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"kind": "", "because": "So."}, "Choose what becomes of this month."),
        ({"kind": "do_not_bill", "because": ""}, "Say why, in a few words."),
        ({"kind": "hold", "because": "So."}, "Say on which day somebody looks at it again."),
        ({"kind": "hold", "because": "So.", "look_again_on": "2020-01-01"}, "today or later"),
        ({"kind": "hold", "because": "So.", "look_again_on": "2026-02-31"}, "Enter a day that exists"),
        ({"kind": "bill_lower", "because": "So."}, "Choose what is asked for instead."),
        ({"kind": "bill_lower", "because": "So.", "lines": "99493:1"}, "Select a valid choice"),
    ],
)
def test_a_faulty_decision_loses_nothing_typed(
    months: Months, billing: Client, base: str, sent: dict[str, str], says: str
):
    episode = held(months, minutes=90)
    answer = billing.post(f"{base}months/{FEBRUARY}/episodes/{episode.id}/decision/", sent)
    assert (answer.status_code, says in text_of(answer)) == (422, True)
    assert not sent["because"] or 'value="So."' in text_of(answer)
    assert decided(months) == []


def test_a_lower_bill_is_chosen_from_what_is_supported(months: Months, billing: Client, base: str):
    episode = held(months, minutes=90, confirmed_on=date(2026, 2, 3))
    address = f"{base}months/{FEBRUARY}/episodes/{episode.id}/"
    assert 'value="99492:1"' in text_of(billing.get(address))
    sent = {"kind": "bill_lower", "because": "No letter.", "lines": "99492:1"}
    answer = billing.post(f"{address}decision/", sent, follow=True)
    assert "Bills as 99492<" in text_of(answer)
    assert "No letter." in text_of(answer)


def test_a_decision_is_taken_back_with_a_reason(months: Months, billing: Client, base: str):
    episode = held(months)
    address = f"{base}months/{FEBRUARY}/episodes/{episode.id}/decision/"
    billing.post(address, {"kind": "do_not_bill", "because": "So."})
    assert billing.post(f"{address}withdrawal/", {"because": ""}).status_code == 422
    answer = billing.post(f"{address}withdrawal/", {"because": "Not so."}, follow=True)
    assert decided(months) == []
    assert "Taken back: Not so." in text_of(answer)


def test_several_are_released_with_one_reason(months: Months, billing: Client, base: str):
    first, second, third = held(months), held(months, "Berg"), held(months, "Castro")
    address = f"{base}months/{FEBRUARY}/held/?check=diagnosis_unconfirmed"
    assert text_of(billing.get(address)).count('name="episode"') == 3
    sent = {"check": "diagnosis_unconfirmed", "which": "ticked", "because": "By telephone."}
    faulty = billing.post(address, {**sent, "episode": []})
    assert (faulty.status_code, "Tick at least one patient" in text_of(faulty)) == (422, True)
    unsaid = billing.post(address, {**sent, "because": "", "episode": [str(first.id)]})
    assert (unsaid.status_code, text_of(unsaid).count(" checked")) == (422, 2)
    answer = billing.post(address, {**sent, "episode": [str(first.id), str(second.id)]}, follow=True)
    assert "Released 2 months." in text_of(answer)
    assert decided(months) == [("release", "By telephone.")] * 2
    billing.post(address, {**sent, "which": "all"})
    assert len(decided(months)) == 3
    with tenant(months.people.organization):
        assert CoderDecision.objects.live().filter(episode=third).count() == 1
    again = billing.post(address, {**sent, "which": "all"})
    assert (again.status_code, "Nothing holds this back any more" in text_of(again)) == (422, True)


def test_the_thousandth_held_month_is_on_a_page_of_its_own(
    months: Months, billing: Client, base: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(release_pages, "PAGE_ROWS", 2)
    for number in range(5):
        held(months, f"Berg{number}")
    address = f"{base}months/{FEBRUARY}/held/?check=diagnosis_unconfirmed"
    assert "1 to 2" in text_of(billing.get(address))
    last = text_of(billing.get(f"{address}&start=4"))
    assert ("5 to 5" in last, "Berg4" in last, "All 5 that this check holds" in last) == (True, True, True)
    assert "1 to 2" in text_of(billing.get(f"{address}&start=40"))
    assert "1 to 2" in text_of(billing.get(f"{address}&start=no"))


def test_nothing_held_says_so(months: Months, billing: Client, base: str):
    with tenant(months.people.organization):
        months.episode()
    assert "Nothing is held back" in text_of(billing.get(f"{base}months/{FEBRUARY}/held/"))


def test_a_closed_month_shows_what_was_held_and_corrects_it(months: Months, billing: Client, base: str):
    episode = held(months)
    clinic_id = months.people.clinic.id
    closing = f"{base}months/{FEBRUARY}/clinics/{clinic_id}/"
    token = "01a201ac-3b45-7520-8e14-b8c9342df842"
    assert "Held: diagnosis not confirmed" in text_of(billing.get(closing))
    billing.post(closing, {"client_token": token, "note": "The diagnosis follows."})
    page = text_of(billing.get(closing))
    assert "Held back when it was closed" in page
    row = f"{base}months/{FEBRUARY}/episodes/{episode.id}/"
    assert "page of its close" in text_of(billing.get(row))
    refused = billing.post(f"{row}decision/", {"kind": "do_not_bill", "because": "So."})
    assert (refused.status_code, "is closed at" in text_of(refused)) == (422, True)
    answer = billing.post(f"{closing}corrections/", {"episode": str(episode.id), "because": "Confirmed."}, follow=True)
    assert "Corrected" in text_of(answer)
    assert "Held back when it was closed" not in text_of(answer)
    assert decided(months) == [("release", "Confirmed.")]


def test_a_batch_says_how_many_are_held(months: Months, billing: Client, base: str):
    held(months)
    address = f"{base}months/{FEBRUARY}/batches/new/"
    page = text_of(billing.get(address))
    assert ("1 month held back" in page, "Release what may leave." in page) == (True, True)
    with tenant(months.people.organization):
        months.episode("Berg")
    assert "1 month held back" in text_of(billing.get(address))


def test_coverage_is_asked_about_for_several_at_once(months: Months, billing: Client, base: str):
    first, second = held(months, asked_on=None), held(months, "Berg", asked_on=None)
    address = f"{base}months/{FEBRUARY}/coverage/"
    with tenant(months.people.organization):
        ids = {row.patient_id: str(row.id) for row in Coverage.objects.all()}
    sent = {"which": "ticked", "on": "2026-03-02", "source": "Portal", "answer": "no"}
    ended = billing.post(address, {**sent, "coverage": [ids[first.patient_id]]}, follow=True)
    assert "Kept for 1 patient." in text_of(ended)
    assert "Not in force: 1 patient" in text_of(ended)
    billing.post(address, {**sent, "which": "unasked", "answer": "yes"})
    with tenant(months.people.organization):
        found = CoverageCheck.objects.order_by("is_in_force").values_list("patient_id", "is_in_force", "source")
        assert list(found) == [(first.patient_id, False, "Portal"), (second.patient_id, True, "Portal")]
        assert AuditEvent.objects.filter(action="coverage.checked").count() == 2
    assert "Coverage not in force" in text_of(billing.get(f"{base}months/{FEBRUARY}/episodes/{first.id}/"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"coverage": []}, "Tick at least one patient"),
        ({"source": ""}, "Say where you asked."),
        ({"on": "2126-03-02"}, "still to come"),
        ({"on": ""}, "Enter the day."),
        ({"answer": ""}, "Choose what the answer was."),
        ({"which": "unasked", "answer": "no"}, "that is not said of all at once"),
    ],
)
def test_a_faulty_answer_is_not_kept(months: Months, billing: Client, base: str, changes: dict[str, Any], says: str):
    held(months, asked_on=None)
    with tenant(months.people.organization):
        coverage = Coverage.objects.get()
    sent = {"which": "ticked", "on": "2026-03-02", "source": "By telephone", "answer": "yes"}
    given = {**sent, "coverage": [str(coverage.id)], **changes}
    answer = billing.post(f"{base}months/{FEBRUARY}/coverage/", given)
    assert (answer.status_code, says in text_of(answer)) == (422, True)
    with tenant(months.people.organization):
        assert CoverageCheck.objects.count() == 0


def test_another_organizations_coverage_is_not_found(
    months: Months, billing: Client, base: str, other_organization: Any
):
    held(months)
    with tenant(other_organization):
        from tests.factories.registry import CoverageFactory

        foreign = CoverageFactory(organization=other_organization)
    sent = {"which": "ticked", "on": "2026-03-02", "source": "Portal", "answer": "yes", "coverage": [str(foreign.id)]}
    assert billing.post(f"{base}months/{FEBRUARY}/coverage/", sent).status_code == 404


def test_an_answer_given_on_a_patients_month_leads_back_there(months: Months, billing: Client, base: str):
    episode = held(months, asked_on=None)
    with tenant(months.people.organization):
        coverage = Coverage.objects.get()
    sent = {"which": "ticked", "on": "2026-03-02", "source": "Portal", "answer": "yes", "coverage": [str(coverage.id)]}
    answer = billing.post(f"{base}months/{FEBRUARY}/coverage/", {**sent, "back": str(episode.id)})
    assert answer["Location"] == f"{base}months/{FEBRUARY}/episodes/{episode.id}/"


def test_the_coverage_list_is_cut_and_shows_all_on_request(
    months: Months, billing: Client, base: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(coverage_queries, "PAGE_ROWS", 2)
    for number in range(3):
        held(months, f"Berg{number}", asked_on=None)
    held(months, "Castro")
    address = f"{base}months/{FEBRUARY}/coverage/"
    page = text_of(billing.get(address))
    assert ("To ask about (3)" in page, "All (4)" in page, "1 to 2" in page) == (True, True, True)
    assert "Castro, Jo" in text_of(billing.get(f"{address}?show=all&start=2"))


def test_a_lead_sets_what_holds_a_month(months: Months, client_for: Any, base: str):
    held(months)
    lead = client_for("clinic_lead")
    address = f"{base}release/"
    from billing.rules.release import CHECKS

    modes = {check.word: check.default for check in CHECKS}
    assert lead.post(address, {**modes, "plan_old": "never"}).status_code == 422
    answer = lead.post(address, {**modes, "diagnosis_unconfirmed": "note"}, follow=True)
    assert "Changed: Diagnosis not confirmed." in text_of(answer)
    lead.post(address, modes)
    assert "only noted" in text_of(lead.get(address))
    assert "Nothing was changed." in text_of(lead.post(address, modes, follow=True))


def test_pages_cost_the_same_for_any_number_of_months(months: Months, billing: Client, base: str):
    def statements(address: str) -> int:
        billing.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert billing.get(address).status_code == 200
        return len(own(captured.captured_queries))

    one = held(months)
    pages = [f"{base}months/{FEBRUARY}/{page}" for page in ("held/", "coverage/", f"episodes/{one.id}/")]
    few = [statements(page) for page in pages]
    for number in range(4):
        held(months, f"Berg{number}")
    assert [statements(page) for page in pages] == few
    assert max(few[:2]) <= 12
