"""The pages of scores and of a clinic's tools, through the browser's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
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
from registry.models import Assessment, ClinicInstrument
from registry.operations import end_episode, open_episode, record_assessment, void_fact
from registry.queries.tools import tools_of
from tests.factories.registry import AssessmentFactory
from tests.factories.risk import RiskProtocolFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")

PHQ9 = {f"phq9_{number}": "2" for number in range(1, 9)}
CSSRS = ("cssrs_1", "cssrs_2", "cssrs_6")


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person()


@pytest.fixture
def episode(patient: Any, clinic: Any, by: Any, now: datetime) -> Any:
    return open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=date(2026, 2, 2))


@pytest.fixture
def url(organization: Any, patient: Any) -> Callable[..., str]:
    return lambda path="": f"/o/{organization.slug}/patients/{patient.id}/scores/{path}"


@pytest.fixture
def typed() -> dict[str, str]:
    return {"tool": "phq9", "client_token": str(uuid4()), "on": "2026-03-01", "language": "en"}


def errors(answer: Any) -> list[str]:
    """The refusals of fields, in the order of the page."""
    listed = re.findall(r'<li class="field-error">.*?<span>([^<]*)</span></li>', answer.text, re.DOTALL)
    at_items = re.findall(r'<p class="field-error"[^>]*>.*?</svg>([^<]*)</p>', answer.text, re.DOTALL)
    return [unescape(one).strip() for one in [*listed, *at_items]]


def test_a_patient_without_scores_says_what_to_do(client: Client, url: Callable[..., str], patient: Any) -> None:
    page = client.get(url())
    assert (page.status_code, "No scores yet" in page.text, url("new/") in page.text) == (200, True, True)


def test_the_scores_page_says_what_is_due_since_when_and_leads_to_it(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime
) -> None:
    AssessmentFactory(organization=episode.organization, episode=episode, on=date(2026, 2, 2), total=14)
    gad7 = {"instrument": "gad7", "on": date(2026, 2, 20), "total": 9, "item9": None}
    AssessmentFactory(organization=episode.organization, episode=episode, **gad7)
    rhythm = client.get(url()).text.split('id="rhythm"')[1].split("</section>")[0]
    lines = [" ".join(re.sub(r"<[^>]*>", " ", line).split()) for line in re.findall(r"<li.*?</li>", rhythm, re.DOTALL)]
    assert lines == ["PHQ-9 Due since Feb 16 last on Feb 2 Answer PHQ-9", "GAD-7 next due Mar 6 last on Feb 20"]
    [link] = re.findall(r'href="([^"]*)"', rhythm)
    assert link == url("new/") + "?tool=phq9"
    opened = re.findall(r'<details class="panel" name="tool" open>\s*<summary><h2>([^<]*)', client.get(link).text)
    assert opened == ["PHQ-9"]
    opened = client.get(url("new/") + "?tool=gad7").text.split('name="tool" open>')
    assert [part.split("<h2>")[1].split("<")[0] for part in opened[1:]] == ["GAD-7"]


def test_nothing_is_due_of_those_who_have_left(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime
) -> None:
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason="graduated")
    assert 'id="rhythm"' not in client.get(url()).text


@pytest.mark.usefixtures("episode")
def test_whom_to_call_stands_where_the_screener_is_asked(client: Client, url: Callable[..., str], clinic: Any) -> None:
    RiskProtocolFactory(organization=clinic.organization, clinic=clinic, after_hours="Call 555-0100.")
    page = client.get(url("new/") + "?tool=cssrs").text
    aside = page.split('aria-label="In danger"')[1].split("</aside>")[0]
    assert ('href="tel:988"' in aside, "After hours: Call 555-0100." in aside) == (True, True)


def test_the_clinics_tools_come_first_and_all_others_are_folded(
    client: Client, url: Callable[..., str], patient: Any
) -> None:
    page = client.get(url("new/")).text
    chosen, others = page.split("<h2>Other tools</h2>")
    keys = [re.findall(r'name="tool" value="(\w+)"', part) for part in (chosen, others)]
    assert keys[0] == ["phq9", "gad7"]
    assert sorted(keys[1]) == [
        "audit", "auditc", "cssrs", "cssrs_followup", "dast10", "epds", "gad2", "isi", "mdq", "pcl5", "pcptsd5",
        "phq2", "phqa", "psc17", "scared", "smfq", "whodas12",
    ]  # fmt: skip
    assert re.findall(r'<details class="panel" name="tool" open>', page) == ['<details class="panel" name="tool" open>']


def test_entry_by_item(client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str]) -> None:
    values = {**typed, **PHQ9, "phq9_9": "0", "phq9_difficulty": "2"}
    saved = client.post(url("new/"), values, follow=True)
    made = Assessment.objects.get()
    assert saved.redirect_chain == [(url(), 302)]
    assert "Saved. PHQ-9: 16, moderately severe." in unescape(saved.text)
    assert (made.total, made.episode, made.is_total_only, made.detail) == (16, episode, False, {"difficulty": 2})
    assert AuditEvent.objects.filter(action="assessment.recorded", patient_id=made.patient_id).count() == 1


def test_entry_of_a_total_is_marked_as_such(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str]
) -> None:
    saved = client.post(url("new/"), {**typed, "phq9_total": "16", "phq9_critical": "0"}, follow=True)
    assert (Assessment.objects.get().is_total_only, "only the total" in saved.text) == (True, True)


def test_a_score_of_before_enrolment_is_a_referral_score(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str]
) -> None:
    saved = client.post(url("new/"), {**typed, "on": "2026-02-01", "phq9_total": "18"}, follow=True)
    assert (Assessment.objects.get().episode, "referral score" in saved.text) == (None, True)


def test_item_9_above_0_leads_to_what_to_do(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str]
) -> None:
    saved = client.post(url("new/"), {**typed, **PHQ9, "phq9_9": "1"}, follow=True)
    made = Assessment.objects.get()
    assert saved.redirect_chain == [(url().replace("scores/", "risk/"), 302)]
    assert ("Not assessed yet" in saved.text, "item 9: 1" in saved.text) == (True, True)
    saved = client.get(url(f"{made.id}/"))
    for sentence in ("Item 9 is above 0: assess safety now", "call or text 988", "Enter the Columbia screener"):
        assert sentence in saved.text


@pytest.mark.parametrize(
    ("answers", "title", "step", "tier"),
    [
        ("1n0", "Low risk", "Offer to make a safety plan.", "low"),
        ("0n1", "Moderate risk", "Have a clinician see the patient today.", "moderate"),
        ("011", "High risk", "Do not leave the patient alone.", "high"),
    ],
)
def test_the_suicide_screener_says_its_tier_and_what_to_do(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], answers: str, title: str, step: str,
    tier: str,
) -> None:  # fmt: skip
    given = {"cssrs_1": answers[0], "cssrs_2": "0", "cssrs_6": answers[2]}
    if answers[2] == "1":
        given["cssrs_7"] = "1" if answers[1] == "1" else "0"
    saved = client.post(url("new/"), {**typed, "tool": "cssrs", **given}, follow=True)
    made = Assessment.objects.get()
    assert made.detail == {"tier": tier}
    leads_to = f"scores/{made.id}/" if tier == "low" else "risk/"
    assert saved.redirect_chain == [(url().replace("scores/", leads_to), 302)]
    saved = client.get(url(f"{made.id}/"))
    assert (title in saved.text, step in saved.text, "Not asked" in saved.text) == (True, True, True)


def test_the_screener_without_a_finding_goes_back_to_the_list(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str]
) -> None:
    given = dict.fromkeys(CSSRS, "0")
    saved = client.post(url("new/"), {**typed, "tool": "cssrs", **given}, follow=True)
    assert saved.redirect_chain == [(url(), 302)]
    assert "C-SSRS screener: no risk found." in saved.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Answer the questions, or enter the total."),
        ({"phq9_total": "28"}, "The PHQ-9 total is a whole number from 0 to 27."),
        (
            {"phq9_total": "26", "phq9_critical": "0"},
            "With a total of 26, PHQ-9 item 9 is at least 2. Correct one.",
        ),
        ({"phq9_total": "ten"}, "The PHQ-9 total is a whole number from 0 to 27."),
        ({"phq9_total": "10", "phq9_critical": "4"}, "PHQ-9 item 9 is a whole number from 0 to 3."),
        ({"phq9_total": "2", "phq9_critical": "3"}, "PHQ-9 item 9 cannot be more than the total."),
        ({"phq9_critical": "1"}, "Enter the total beside item 9."),
        ({"phq9_3": "4"}, "PHQ-9 item 3 is answered with 0 to 3."),
        ({"phq9_3": "²"}, "PHQ-9 item 3 is answered with 0 to 3."),
        ({**PHQ9, "phq9_total": "16"}, "Enter the answers or the total, not both."),
        (
            {"phq9_1": "1"},
            "PHQ-9: 8 answers are missing, so there is no score. Answer the others, or clear them all.",
        ),
        ({"phq9_total": "3", "on": "2026-03-03"}, "This day is in the future. Enter the day on which it was answered."),
        ({"phq9_total": "3", "on": "1961-05-03"}, "This day is before the patient was born. Correct it."),
        ({"phq9_total": "3", "on": "2026-02-30"}, "Enter a day that exists, as year-month-day: 2026-10-12."),
        ({"phq9_total": "3", "on": ""}, "Enter the day."),
        ({"tool": "auditc", "auditc_1": "0", "auditc_2": "3", "auditc_3": "0"},
         "AUDIT-C: item 2 is answered although item 1 rules it out. Change one of them."),
        ({"tool": "epds", "epds_total": "40"}, "The EPDS total is a whole number from 0 to 30."),
        ({"tool": "epds"}, "Enter the total."),
        ({"tool": "cssrs", "cssrs_1": "0"},
         "C-SSRS screener: 6 answers are missing, so there is no score. Answer the others, or clear them all."),
        ({"tool": "cssrs"}, "Answer the questions."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence_and_kept_as_typed(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], values: dict[str, str], sentence: str
) -> None:
    answer = client.post(url("new/"), {**typed, **values})
    assert (answer.status_code, Assessment.objects.count()) == (422, 0)
    assert errors(answer) == [sentence]
    for name, value in values.items():
        if name.endswith("_total"):
            assert f'name="{name}" value="{value}"' in answer.text


@pytest.mark.parametrize("values", [{"tool": "phq10"}, {"tool": ""}])
def test_no_tool_is_no_score(
    client: Client, url: Callable[..., str], patient: Any, typed: dict[str, str], values: dict[str, str]
) -> None:
    answer = client.post(url("new/"), {**typed, **values})
    assert (answer.status_code, "Choose a tool below" in answer.text) == (422, True)


def test_a_damaged_form_is_said(client: Client, url: Callable[..., str], patient: Any, typed: dict[str, str]) -> None:
    answer = client.post(url("new/"), {**typed, "client_token": "x", "phq9_total": "3"})
    assert (answer.status_code, Assessment.objects.count()) == (422, 0)


def test_a_form_sent_twice_is_one_score(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], now: datetime
) -> None:
    client.post(url("new/"), {**typed, "phq9_total": "12"})
    with time_machine.travel(now.replace(hour=now.hour + 1), tick=False):
        again = client.post(url("new/"), {**typed, "phq9_total": "12"}, follow=True)
    assert (Assessment.objects.count(), "Saved already. PHQ-9: 12, moderate." in again.text) == (1, True)


def test_the_wording_in_spanish(client: Client, url: Callable[..., str], patient: Any, typed: dict[str, str]) -> None:
    page = client.get(url("new/?words=es")).text
    assert "Poco interés o placer en hacer cosas" in page
    assert "Have you wished you were dead" in page  # not in Spanish here
    client.post(url("new/"), {**typed, **PHQ9, "phq9_9": "0", "language": "es"})
    assert Assessment.objects.get().detail == {"language": "es"}


def test_the_patients_language_is_the_wordings(client: Client, person: Callable[..., Any], organization: Any) -> None:
    patient = person("Lopez", language="Spanish")
    page = client.get(f"/o/{organization.slug}/patients/{patient.id}/scores/new/").text
    assert "Poco interés o placer en hacer cosas" in page


def test_a_score_is_corrected_and_both_are_shown(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], by: Any, now: datetime
) -> None:
    wrong = record_assessment(
        by=by,
        at=now,
        patient=episode.patient,
        episode=episode,
        instrument="phq9",
        on=date(2026, 3, 1),
        total=24,
        item9=0,
    )
    form = client.get(url(f"{wrong.id}/replace/")).text
    assert ('name="phq9_total" value="24"' in form, 'name="phq9_critical" value="0"' in form) == (True, True)
    refused = client.post(url(f"{wrong.id}/replace/"), {**typed, "phq9_total": "16"})
    assert (refused.status_code, errors(refused)) == (422, ["Say in a few words why it is corrected."])
    assert 'name="phq9_total" value="16"' in refused.text
    client.post(url(f"{wrong.id}/replace/"), {**typed, "phq9_total": "16", "reason": "Typed wrongly"})
    right = Assessment.objects.get(replaces=wrong)
    page = client.get(url()).text
    assert ("16, moderately severe" in page, "24, severe" in page, "corrected: Typed wrongly" in page) == (True,) * 3
    old = client.get(url(f"{wrong.id}/")).text
    assert ("does not count any more" in old, url(f"{right.id}/") in old) == (True, True)
    again = client.get(url(f"{wrong.id}/replace/"))
    assert (again.status_code, again.headers["Location"]) == (302, url(f"{right.id}/"))


def test_answers_come_back_into_the_correction(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime
) -> None:
    wrong = record_assessment(
        by=by, at=now, patient=episode.patient, episode=episode, instrument="phq9", on=date(2026, 3, 1),
        items=[0, 1, 2, 3, 0, 1, 2, None, 0], difficulty=1,
    )  # fmt: skip
    page = client.get(url(f"{wrong.id}/replace/")).text
    checked = re.findall(r'name="phq9_(\d)" value="(\d)" checked', page)
    assert checked == [("1", "0"), ("2", "1"), ("3", "2"), ("4", "3"), ("5", "0"), ("6", "1"), ("7", "2"), ("9", "0")]
    assert '<option value="1" selected>Somewhat difficult</option>' in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"phq9_total": "2", "phq9_critical": "3"}, "PHQ-9 item 9 cannot be more than the total."),
        ({"phq9_total": "2", "reason": "x" * 301}, "This is longer than 300 characters. Shorten it."),
    ],
)
def test_a_refused_correction_changes_nothing(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], values: dict[str, str], sentence: str
) -> None:
    wrong = AssessmentFactory(organization=episode.organization, episode=episode)
    answer = client.post(url(f"{wrong.id}/replace/"), {**typed, "reason": "Typo", **values})
    assert (answer.status_code, errors(answer)) == (422, [sentence])
    assert [one.id for one in Assessment.objects.live()] == [wrong.id]


def test_a_site_with_a_licence_enters_answers_by_number(
    client: Client, client_for: Callable[..., Any], url: Callable[..., str], tools_url: str, episode: Any,
    typed: dict[str, str],
) -> None:  # fmt: skip
    total_only = client.get(url("new/")).text
    assert ('name="audit_total"' in total_only, 'name="audit_1"' in total_only) == (True, False)
    lead = client_for("clinic_lead")
    lead.post(tools_url, {**chosen(lead.get(tools_url)), "audit_in_use": "on", "audit_attested": "on"})
    page = client.get(url("new/")).text
    assert re.findall(r'name="audit_9" value="(\d)"', page) == ["0", "2", "4"]
    values = {f"audit_{number}": "0" for number in range(1, 11)} | {"audit_1": "3", "audit_9": "2"}
    client.post(url("new/"), {**typed, "tool": "audit", **values})
    assert Assessment.objects.get().total == 5


def test_what_was_taken_back_is_not_corrected(
    client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], by: Any, now: datetime
) -> None:
    gone = record_assessment(
        by=by, at=now, patient=episode.patient, episode=episode, instrument="phq9", on=date(2026, 3, 1), total=26
    )
    void_fact(by=by, at=now, fact=gone, reason="Another patient")
    answer = client.post(url(f"{gone.id}/replace/"), {**typed, "phq9_total": "16", "reason": "Late"})
    assert (answer.status_code, answer.headers["Location"]) == (302, url(f"{gone.id}/"))
    assert "taken back: Another patient" in client.get(url()).text


def test_another_patients_score_is_not_there(
    client: Client, url: Callable[..., str], episode: Any, person: Callable[..., Any], other_organization: Any
) -> None:
    other = AssessmentFactory(organization=episode.organization, patient=person("Other"), episode=None)
    with tenant(other_organization):
        foreign = AssessmentFactory(organization=other_organization)
    for score_id in (other.id, foreign.id, uuid4()):
        for path in (f"{score_id}/", f"{score_id}/replace/"):
            assert client.get(url(path)).status_code == 404


def test_who_only_reads_sees_scores_and_no_way_to_change_them(
    client_for: Callable[..., Any], url: Callable[..., str], episode: Any
) -> None:
    made = AssessmentFactory(organization=episode.organization, episode=episode)
    reader = client_for("psychiatric_consultant")
    for path in ("", f"{made.id}/"):
        page = reader.get(url(path)).text
        assert ("PHQ-9" in page, "/replace/" in page, url("new/") in page) == (True, False, False)
    assert reader.get(url("new/")).status_code == 403


def test_the_list_asks_no_more_for_many_scores(client: Client, url: Callable[..., str], episode: Any) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(url()).status_code == 200
        return len(found)

    AssessmentFactory(organization=episode.organization, episode=episode)
    asked()
    one = asked()
    for _ in range(12):
        AssessmentFactory(organization=episode.organization, episode=episode)
    assert asked() == one


# The tools of a clinic


@pytest.fixture
def tools_url(organization: Any, clinic: Any) -> str:
    return f"/o/{organization.slug}/clinics/{clinic.id}/tools/"


def chosen(page: Any) -> dict[str, str]:
    """The form of the tools as a browser would send it back."""
    values = dict(
        re.findall(r'<input type="(?:hidden|number)" name="(seen|\w+_(?:early|later))" value="([^"]*)"', page.text)
    )
    for name in re.findall(r'<input type="checkbox" name="(\w+)"[^>]* checked', page.text):
        values[name] = "on"
    return values


def test_the_tools_of_a_clinic_are_shown_and_set(
    client_for: Callable[..., Any], tools_url: str, clinic: Any, in_tenant: Any
) -> None:
    lead = client_for("clinic_lead")
    values = chosen(lead.get(tools_url))
    assert {name: value for name, value in values.items() if name != "seen"} == {
        "phq9_in_use": "on", "phq9_early": "14", "phq9_later": "30", "phq9_sent": "on",
        "gad7_in_use": "on", "gad7_early": "14", "gad7_later": "30", "gad7_sent": "on",
    }  # fmt: skip
    more = {"pcl5_in_use": "on", "pcl5_early": "28", "audit_in_use": "on", "audit_attested": "on", "gad7_early": ""}
    saved = lead.post(tools_url, {**values, **more}, follow=True)
    assert "Tools saved." in saved.text
    assert [(tool.key, tool.rhythm.early_days, tool.takes_items) for tool in tools_of(clinic.id)] == [
        ("phq9", 14, True),
        ("gad7", None, True),
        ("audit", None, True),
        ("pcl5", 28, True),
    ]
    assert str(lead.membership) in saved.text
    again = lead.post(tools_url, chosen(saved), follow=True)
    assert "Nothing was changed. If it is to stay as it is, say so under Going live." in again.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"phq9_early": "0"}, "Enter every how many days, 1 to 366, or leave it empty."),
        ({"phq9_later": "400"}, "Enter every how many days, 1 to 366, or leave it empty."),
        ({"phq9_early": "two"}, "Enter every how many days, 1 to 366, or leave it empty."),
        ({"seen": "something else"}, "Somebody changed these tools meanwhile. Look at theirs, then save yours again."),
    ],
)
def test_faulty_tools_are_refused(
    client_for: Callable[..., Any], tools_url: str, in_tenant: Any, values: dict[str, str], sentence: str
) -> None:
    lead = client_for("clinic_lead")
    answer = lead.post(tools_url, {**chosen(lead.get(tools_url)), **values})
    assert (answer.status_code, ClinicInstrument.objects.count()) == (422, 0)
    assert sentence in unescape(answer.text)


def test_another_organizations_clinic_is_not_there(
    client_for: Callable[..., Any], organization: Any, other_organization: Any, in_tenant: Any
) -> None:
    with tenant(other_organization):
        foreign = ClinicFactory(organization=other_organization)
    lead = client_for("clinic_lead")
    for clinic_id in (foreign.id, uuid4()):
        assert lead.get(f"/o/{organization.slug}/clinics/{clinic_id}/tools/").status_code == 404


def test_the_contact_note_asks_the_clinics_tools(
    client: Client, client_for: Callable[..., Any], organization: Any, tools_url: str, episode: Any
) -> None:
    lead = client_for("clinic_lead")
    lead.post(
        tools_url, {**chosen(lead.get(tools_url)), "auditc_in_use": "on", "cssrs_in_use": "on", "isi_in_use": "on"}
    )
    contact = f"/o/{organization.slug}/patients/{episode.patient_id}/contacts/new/"
    page = client.get(contact).text
    tools = re.findall(r"<summary><h2>([^<]+?)(?: <span.*?>due .*?</span>)?</h2></summary>", page)
    assert tools == ["PHQ-9", "GAD-7", "AUDIT-C", "C-SSRS screener"]
    assert "© 2008 The Research Foundation for Mental Hygiene, Inc." in page
    values = {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02", "minutes": "20",
        "auditc_1": "3", "auditc_2": "0", "auditc_3": "0",
    }  # fmt: skip
    assert client.post(contact, values).status_code == 302
    assert [(one.instrument, one.total) for one in Assessment.objects.all()] == [("auditc", 3)]
