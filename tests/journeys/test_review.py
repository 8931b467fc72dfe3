"""A consultant reviews twelve patients by keyboard; one recommendation is changed by the clinician and told."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import faults_at_both_widths

pytestmark = pytest.mark.journey

TWELVE = 12
ADVISED = "Raise sertraline after two weeks of pills taken every day."
CHANGE = "75 mg first; her blood pressure in two weeks."
OF_THE_CLINICIAN = """
    SELECT e.id, e.patient_id, p.family_name FROM registry_episode e
      JOIN registry_treatingclinician c ON c.id = e.treating_clinician_id
      JOIN registry_patient p ON p.id = e.patient_id
      JOIN tenancy_organization o ON o.id = e.organization_id
     WHERE o.slug = 'demo' AND c.membership_id IS NOT NULL AND e.ended_on IS NULL
"""
REVIEWED = """
    SELECT r.episode_id FROM caseload_casereview r
      JOIN tenancy_organization o ON o.id = r.organization_id
     WHERE o.slug = 'demo' AND r.signed_at::date = now()::date AND r.session_id IS NULL AND r.voided_at IS NULL
"""


def test_twelve_reviews_by_keyboard_and_one_loop_to_its_end(site: Site, visitor: Visitor, watched: Watched) -> None:
    consultant = visitor("psychiatric_consultant")
    patient = review_twelve(consultant, site)
    name, chart = change_in_the_inbox(visitor("treating_clinician"), site, patient)
    manager = visitor("care_manager")
    carry_out_and_tell(manager, site, chart)
    see_the_whole_loop(manager, site, chart)
    consultant.goto(site.url(f"{chart}summary/"))
    expect(consultant.get_by_text(CHANGE).first).to_be_visible()
    assert name in consultant.inner_text("main")


def review_twelve(page: Page, site: Site) -> UUID:
    """Down the queue: each patient signed with a key, and the next is there. Returns whose medication was advised."""
    mine = {row[0] for row in site.ask(OF_THE_CLINICIAN)}
    before = {row[0] for row in site.ask(REVIEWED)}
    page.goto(site.url("reviews/"))
    assert faults_at_both_widths(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    advised: UUID | None = None
    seen: list[UUID] = []
    for _ in range(TWELVE):
        page.wait_for_url(lambda url: "/reviews/patients/" in url and (not seen or str(seen[-1]) not in url))
        page.wait_for_load_state()
        episode = UUID(page.url.rstrip("/").split("/")[-1])
        seen.append(episode)
        page.keyboard.press("r")
        kind = page.locator("[name=recommendations-0-kind]")
        expect(kind).to_be_focused()
        if advised is None and episode in mine:
            advised = episode
            write_medication(page)
        elif not kind.input_value():  # else a draft that is signed as it is
            page.keyboard.type("Continue")
        page.keyboard.press("Shift+Tab")  # in a field, s is a letter
        page.keyboard.press("s")
    page.wait_for_url(lambda url: str(seen[-1]) not in url)
    assert len(set(seen)) == TWELVE
    assert {row[0] for row in site.ask(REVIEWED)} - before == set(seen)
    assert advised is not None, "nobody of the first twelve has a clinician who signs in"
    return advised


def write_medication(page: Page) -> None:
    """Field by field, and back to the first."""
    page.keyboard.type("Medication")
    for words in ("Change the dose", ADVISED, "100 mg each morning"):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    expect(page.locator("[name=recommendations-0-act] option:checked")).to_have_text("Change the dose")
    assert faults_at_both_widths(page) == []
    page.locator("[name=recommendations-0-kind]").focus()


def change_in_the_inbox(page: Page, site: Site, episode: UUID) -> tuple[str, str]:
    """The clinician accepts with a change, in place."""
    (patient, name) = next((row[1], row[2]) for row in site.ask(OF_THE_CLINICIAN) if row[0] == episode)
    page.goto(site.url("inbox/"))
    assert faults_at_both_widths(page) == []
    asked = page.get_by_role("article").filter(has_text=ADVISED)
    expect(asked).to_contain_text(name)
    asked.locator("summary", has_text="Accept with a change").click()
    asked.get_by_label("What you change").fill(CHANGE)
    asked.get_by_role("button", name="Accept with this change").click()
    expect(page.get_by_role("article").filter(has_text=ADVISED)).to_have_count(0)
    return name, f"patients/{patient}/"


def carry_out_and_tell(page: Page, site: Site, chart: str) -> None:
    page.goto(site.url(f"{chart}advice/"))
    assert faults_at_both_widths(page) == []
    unfold(advice_of(page), "It was carried out").get_by_role("button", name="Carried out").click()
    page.wait_for_load_state()
    unfold(advice_of(page), "The patient was told").get_by_role("button", name="Patient told").click()
    page.wait_for_load_state()


def advice_of(page: Page) -> Locator:
    return page.get_by_role("article").filter(has_text=ADVISED)


def unfold(within: Locator, summary: str) -> Locator:
    """A part that is folded or open already."""
    part = within.locator("details", has=within.page.locator("summary", has_text=summary))
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return part


def see_the_whole_loop(page: Page, site: Site, chart: str) -> None:
    """Each step with who and when on the patient's page, and the mark of the change on the chart."""
    page.goto(site.url(f"{chart}advice/"))
    steps = advice_of(page).locator(".loop li strong")
    expect(steps).to_have_text(["Sent", "Accepted with changes", "Carried out", "Patient told", "Closed"])
    expect(advice_of(page)).to_contain_text(CHANGE)
    expect(advice_of(page)).to_contain_text("Ana Whitfield")
    expect(advice_of(page)).to_contain_text("Nora Ellison")
    page.goto(site.url(chart))
    assert faults_at_both_widths(page) == []
    expect(page.get_by_role("main")).to_contain_text("Psychiatric case review")
