"""A warm hand-off in the browser: one page, the danger said at once, and the sheet that the patient takes home."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.people import somebody

pytestmark = pytest.mark.journey


def test_a_care_manager_enrols_somebody_who_is_handed_over(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor("care_manager")
    page.goto(site.url("caseload/"))
    page.locator("nav a", has_text="Enrol now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enrol now")
    page.wait_for_load_state()  # keys are the script's
    fill(page, given_name="Quilla", family_name="Overstreet", birth_date="1974-08-19", phone="312 555 0142")
    fill(page, target_condition="Depression")
    page.locator("select[name=treating_clinician]").select_option(index=1)
    choose(page, "directed", "in person")
    choose(page, "risk_ruled_out", "clinician")
    answer_by_digits(page, "phq9_1", "222222221")
    expect(page.get_by_text("above 0: assess safety").first).to_be_visible()

    # Nothing is chosen for the patient: consent has to be said.
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.get_by_text("Choose how the patient agreed, or that they have not yet.")).to_be_visible()
    watched.excuse("422 (Unprocessable Entity)")
    expect(page.locator("[name=given_name]")).to_have_value("Quilla")
    assert faults_at_both_widths(page) == []

    choose(page, "consent", "verbal")
    choose(page, "consent_when", "now")
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to your care team")
    expect(page.get_by_text("988").first).to_be_visible()
    assert "Overstreet" not in page.title()
    assert faults_at_both_widths(page) == []
    assert site.ask("SELECT count(*) FROM registry_patient WHERE family_name = 'Overstreet'") == [(1,)]


def test_a_diagnosis_is_found_while_it_is_typed(site: Site, visitor: Visitor) -> None:
    page = visitor("care_manager")
    page.goto(site.url(somebody(site).chart))
    page.locator("nav.tabs a", has_text="Enrolment").click()
    page.get_by_role("link", name="Diagnoses", exact=True).click()
    page.get_by_label("Code or words").fill("trauma stress chronic")
    expect(page.locator("#found th[scope=row]").first).to_have_text("F43.12")
    page.get_by_role("button", name="Record F43.12").click()
    row = page.locator("tr", has=page.get_by_role("rowheader", name="F43.12"))
    expect(row.get_by_text("Post-traumatic stress disorder, chronic")).to_be_visible()
    row.get_by_role("button", name="Put first").click()
    expect(row.get_by_text("first: the one treated")).to_be_visible()
    assert faults_at_both_widths(page) == []


def test_consent_is_recorded_on_its_own_page(site: Site, visitor: Visitor) -> None:
    page = visitor("care_manager")
    page.goto(site.url(somebody(site).chart))
    page.locator("nav.tabs a", has_text="Enrolment").click()
    page.get_by_role("link", name="Record consent").click()
    page.get_by_label("Verbal", exact=True).check(force=True)
    page.get_by_label("The time is not known").check()
    page.get_by_role("button", name="Save consent").click()
    expect(page.get_by_role("heading", name="Consent", exact=True)).to_be_visible()
    expect(page.get_by_text("time not known").first).to_be_visible()


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)


def answer_by_digits(page: Page, first: str, digits: str) -> None:
    """With the keys alone, from the first item on."""
    page.locator(f'input[name="{first}"]').first.focus()
    for digit in digits:
        page.keyboard.press(digit)
