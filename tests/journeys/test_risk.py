"""A patient answers at night that they may hurt themselves; who is on call takes it on and finds the protocol open."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PEOPLE, Site, Visitor, Watched
from tests.journeys.looking import PHONE, faults_at_both_widths
from tests.journeys.people import CONSENTED, Person, listed, somebody
from tests.journeys.test_questionnaires import answer_in_danger, birth_date, print_a_link

pytestmark = pytest.mark.journey


@pytest.fixture
def patient(site: Site) -> Person:
    """Somebody of the care manager's."""
    mine = "s.care_manager_id IN (SELECT m.id FROM tenancy_membership m JOIN accounts_user u ON u.id = m.user_id"
    return somebody(site, who=f"{CONSENTED} AND {mine} WHERE u.email = '{PEOPLE['care_manager']}')")


@pytest.fixture
def at_night(site: Site, patient: Person, visitor: Visitor) -> Iterator[None]:
    """The patient's clinic is closed now, at whatever hour the journey is walked, and calls who is on duty."""
    ((hour,),) = site.ask(
        "SELECT extract(hour FROM now() AT TIME ZONE time_zone)::int FROM tenancy_clinic WHERE id = %s",
        patient.clinic_id,
    )
    lead = visitor("clinic_lead")
    opens, closes = ("20:00", "21:00") if hour < 12 else ("08:00", "09:00")
    set_hours(lead, site, patient, opens, closes)
    yield
    set_hours(lead, site, patient, "08:00", "17:00")


def test_at_night_somebody_takes_it_on_and_finds_the_protocol(
    site: Site, visitor: Visitor, watched: Watched, patient: Person, at_night: None
) -> None:
    lead = visitor("clinic_lead")
    deal_with_earlier_ones(lead, site)
    lead.goto(site.url(f"{patient.chart}questionnaires/"))
    link = print_a_link(lead)
    phone = visitor(width=PHONE, height=844, scripts=False)
    answer_in_danger(phone, f"{site.address}{link}", born=birth_date(site, patient))

    on_call = visitor("care_manager")
    on_call.goto(site.url("safety/"))
    on_call.get_by_role("link", name=patient.family_name).click()
    on_call.get_by_role("button", name="I take this on").click()
    expect(on_call.get_by_role("heading", name="Protocol, before the assessment")).to_be_visible()
    expect(on_call.get_by_role("link", name="988")).to_have_attribute("href", "tel:988")
    assert faults_at_both_widths(on_call) == []

    on_call.goto(site.url("today/"))
    assert listed(on_call)[0] == patient.id
    on_call.locator("tbody").first.get_by_role("link", name="Open protocol").click()
    expect(on_call.get_by_role("heading", name="Protocol, before the assessment")).to_be_visible()
    carry_out(on_call, patient, site)


def deal_with_earlier_ones(page: Page, site: Site) -> None:
    """What waits longer comes first on Today: those of the demonstration and of other journeys."""
    page.goto(site.url("safety/"))
    while page.locator("table[data-rows] a.row-link").count():
        page.locator("table[data-rows] a.row-link").first.click()
        page.get_by_label("What was found, and what was done").fill("Called at night, is safe, comes in tomorrow.")
        page.get_by_role("button", name="Dealt with").click()
        expect(page.get_by_text("Closed. It stays on the list for 30 days, and on record.")).to_be_visible()


def carry_out(page: Page, patient: Person, site: Site) -> None:
    """Reached, asked, assessed: the notice is dealt with, the case stays open with its recheck."""
    page.get_by_role("button", name=re.compile("Done.*Speak with the patient today")).click()
    expect(page.get_by_text("The step is done.")).to_be_visible()
    page.get_by_role("link", name="Enter the suicide screener").click()
    for number, answer in ((1, "1"), (2, "1"), (3, "1"), (4, "0"), (5, "0"), (6, "0")):
        page.locator(f"input[name=cssrs_{number}][value='{answer}']").check()
    page.locator("form", has=page.locator("input[name=cssrs_1]")).get_by_role("button", name="Save").click()
    expect(page.get_by_text("C-SSRS screener", exact=False).first).to_be_visible()
    expect(page.get_by_label("Moderate", exact=True)).to_be_checked()
    page.get_by_label("What was found, and what was agreed").fill("Thought of how, no intent. Sister stays tonight.")
    page.get_by_role("button", name="Record the assessment").click()
    expect(page.get_by_role("heading", name="Protocol, moderate")).to_be_visible()
    assert faults_at_both_widths(page) == []
    page.goto(site.url("safety/"))
    expect(page.get_by_role("link", name=patient.family_name)).to_have_count(1)  # among those dealt with
    page.goto(site.url("risk/"))
    expect(page.get_by_role("row", name=patient.family_name)).to_contain_text("assessed moderate")
    assert faults_at_both_widths(page) == []


def set_hours(page: Page, site: Site, patient: Person, opens: str, closes: str) -> None:
    page.goto(site.url(f"settings/clinics/{patient.clinic_id}/"))
    page.get_by_label("Opens").fill(opens)
    page.get_by_label("Closes").fill(closes)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.goto(site.url(f"clinics/{patient.clinic_id}/safety/"))
    page.get_by_label("Open; a positive answer is sent to whoever is on call").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
