"""A lead fills the rota, a paper is printed, a patient answers on a phone without scripts, and somebody takes it on."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import PHONE, faults_at_both_widths, faults_of
from tests.journeys.people import Person, somebody

pytestmark = pytest.mark.journey


def test_an_answer_on_a_phone_reaches_somebody(site: Site, visitor: Visitor, watched: Watched) -> None:
    lead, patient = visitor("clinic_lead"), somebody(site)
    empty_the_rota(site, patient)
    lead.goto(site.url(f"{patient.chart}questionnaires/"))
    fill_the_rota(lead)
    lead.goto(site.url(f"{patient.chart}questionnaires/"))
    link = print_a_link(lead)
    phone = visitor(width=PHONE, height=844, scripts=False)
    answer_in_danger(phone, f"{site.address}{link}", born=birth_date(site, patient))
    answer = visitor().goto(f"{site.address}{link}")
    assert answer is not None
    assert answer.status == 404
    watched.excuse("404 (Not Found)")
    take_it_on(lead, site, patient)
    lead.goto(site.url(f"{patient.chart}questionnaires/"))
    expect(lead.get_by_text("Finished", exact=True)).to_be_visible()


def fill_the_rota(page: Page) -> None:
    expect(page.get_by_text("Nobody is on duty")).to_be_visible()
    page.get_by_role("link", name="Fill the rota").click()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        page.get_by_label(day, exact=True).check()
    page.get_by_label("From").fill("00:00")
    page.get_by_label("To", exact=True).fill("00:00")
    page.get_by_label("Called first").select_option(index=1)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Somebody is on duty at every hour of the week.")).to_be_visible()
    # The journey is walked at any hour.
    page.get_by_label("Open; a positive answer is sent to whoever is on call").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert faults_at_both_widths(page) == []


def print_a_link(page: Page) -> str:
    page.get_by_label("As a printed code").check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    assert faults_at_both_widths(page) == []
    found = re.search(r"https?://\S+/q/[\w-]{43}/", page.inner_text("main"))
    assert found
    return urlsplit(found[0]).path


def answer_in_danger(page: Page, link: str, *, born: date) -> None:
    page.goto(link)
    assert page.title() == "Questionnaire"
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", name="Algunas preguntas de su equipo de atención")).to_be_visible()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Month").select_option(str(born.month))
    page.get_by_label("Day").fill(str(born.day))
    page.get_by_label("Year").fill(str(born.year))
    page.get_by_role("button", name="Go on").click()
    for number in range(1, 9):
        expect(page.get_by_text(f"Question {number} of 16")).to_be_visible()
        # By keyboard alone, too: the second answer is two tabs away.
        page.get_by_role("button", name="Several days").focus()
        page.keyboard.press("Enter")
    expect(page.get_by_text("Question 9 of 16")).to_be_visible()
    page.get_by_role("button", name="Several days").click()
    expect(page.get_by_role("heading", name="Please read this now")).to_be_visible()
    expect(page.get_by_role("link", name="Call 988")).to_have_attribute("href", "tel:988")
    page.get_by_role("link", name="Go on with the questions").click()
    for number in range(10, 17):
        expect(page.get_by_text(f"Question {number} of 16")).to_be_visible()
        page.get_by_role("button", name="Not at all").click()
    page.get_by_role("button", name="Send to my care team").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def take_it_on(page: Page, site: Site, patient: Person) -> None:
    """Of the notices that are open, this patient's."""
    page.goto(site.url("safety/"))
    mine = page.locator("a.row-link", has_text=patient.family_name)
    mine.first.click()
    expect(page.get_by_text("Answered the question about self-harm above 0")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("button", name="I take this on").click()
    # Taking it on opens the protocol; the assessment there deals with the notice.
    expect(page.get_by_role("heading", name="Protocol, before the assessment")).to_be_visible()
    page.get_by_label("Moderate", exact=True).check()
    page.get_by_label("What was found, and what was agreed").fill("Called. No plan, safe tonight.")
    page.get_by_role("button", name="Record the assessment").click()
    expect(page.get_by_text("The assessment is recorded.")).to_be_visible()
    page.goto(site.url("safety/"))
    expect(page.get_by_role("row").filter(has_text=patient.family_name)).to_contain_text("by Samuel Price")


def empty_the_rota(site: Site, patient: Person) -> None:
    """The demonstration's clinics have theirs; this journey begins at one that has none yet."""
    site.ask("UPDATE registry_dutyturn SET is_current = false WHERE clinic_id = %s RETURNING id", patient.clinic_id)


def birth_date(site: Site, patient: Person) -> date:
    ((born,),) = site.ask("SELECT birth_date FROM registry_patient WHERE id = %s", patient.id)
    found: date = born
    return found


def test_pages_of_a_link_hold_on_a_phone(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor(width=PHONE)
    page.goto(f"{site.address}/q/")
    assert faults_at_both_widths(page) == []
    page.get_by_label("Code").fill("ABCD-EFGH-1234")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("No questionnaire waits for this code")
    assert faults_at_both_widths(page) == []
    page.goto(f"{site.address}/q/nobody-knows-this/")
    assert faults_at_both_widths(page) == []
    watched.excuse("404 (Not Found)", "422")
