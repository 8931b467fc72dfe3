"""The timer in the browser: it runs on other pages and after a reload, and its keys leave what is being typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.people import Person, somebody

pytestmark = pytest.mark.journey


def test_a_call_is_timed_marked_and_saved_with_its_note(site: Site, visitor: Visitor) -> None:
    page, patient = visitor("care_manager"), somebody(site)
    family = patient.family_name
    open_chart(page, site, patient)
    page.get_by_role("button", name="Start timer").click()
    clock = page.locator("#timer")
    expect(clock).to_contain_text(family)
    expect(clock.locator(".timer-count")).to_have_text(re.compile(r"^\d+:\d\d$"))
    page.goto(site.url("caseload/"))
    expect(clock).to_contain_text(family)
    assert family not in page.title()

    clock.locator("a").first.click()
    page.get_by_role("link", name="Write the contact").click()
    page.wait_for_load_state()  # keys are the script's
    note = page.get_by_label("Note")
    note.fill("Reached at once.")
    page.keyboard.press("F8")
    expect(clock.get_by_role("button", name="End call")).to_be_visible()
    page.keyboard.type(" Sleeps better.")
    page.keyboard.press("F8")
    expect(clock.get_by_role("button", name="Call", exact=True)).to_be_visible()
    expect(note).to_have_value("Reached at once. Sleeps better.")
    assert faults_at_both_widths(page) == []
    page.get_by_role("button", name="Save contact").click()
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    expect(clock.locator("a")).to_have_count(0)
    saved = site.ask(
        "SELECT t.started_at = lower(e.span), t.stopped_at = upper(e.span), jsonb_array_length(t.marks), c.note"
        " FROM caseload_timer t JOIN caseload_timeentry e ON e.id = t.entry_id JOIN caseload_contact c"
        " ON c.id = e.contact_id WHERE t.patient_id = %s",
        patient.id,
    )
    assert saved == [(True, True, 2, "Reached at once. Sleeps better.")]


def test_switching_keeps_the_first_until_it_is_let_go(site: Site, visitor: Visitor, watched: Watched) -> None:
    page, first, second = visitor("care_manager"), somebody(site), somebody(site)
    open_chart(page, site, first)
    page.get_by_role("button", name="Start timer").click()
    expect(page.locator("#timer")).to_contain_text(first.family_name)
    open_chart(page, site, second)
    page.get_by_role("button", name="Start timer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Another timer runs")
    watched.excuse("409 (Conflict)")
    assert faults_at_both_widths(page) == []
    page.get_by_role("button", name="Stop that one, start this one").click()
    clock = page.locator("#timer")
    expect(clock).to_contain_text(second.family_name)
    expect(clock.get_by_role("link", name="1 to save")).to_be_visible()
    page.reload()
    clock.get_by_role("button", name="Stop").click()
    expect(clock.get_by_role("link", name="2 to save")).to_be_visible()
    for left in (1, 0):
        page.goto(site.url("timers/"))
        page.locator("tbody th a").first.click()
        expect(page.get_by_text("Let it go")).to_be_visible()
        assert faults_at_both_widths(page) == []
        page.get_by_text("Let it go").click()
        page.get_by_label("Why").fill("A test of the button")
        page.get_by_role("button", name="Let the timer go").click()
        expect(page.locator("tbody tr")).to_have_count(left)
    expect(page.get_by_text("No timer waits")).to_be_visible()


@pytest.mark.parametrize("where", ["caseload/", "today/"])
def test_a_key_starts_the_timer_of_the_row_that_has_the_focus(site: Site, visitor: Visitor, where: str) -> None:
    page = visitor("care_manager")
    page.goto(site.url(where))
    page.wait_for_load_state()  # keys are the script's
    timers = [row.get_by_role("button", name="Start timer").count() for row in page.locator("tr:has(a.row-link)").all()]
    # A referral has none; and not the first row's, so that it is the focus that chooses.
    for _ in range(timers.index(1, 1) + 1):
        page.keyboard.press("j")
    row = page.locator("tbody tr:has(a.row-link:focus)")
    expect(row.get_by_role("button", name="Start timer")).to_be_visible()
    chart, name = row.locator("a.row-link").get_attribute("href"), row.locator("a.row-link").inner_text()
    page.keyboard.press("t")
    page.wait_for_url(f"**{chart}")
    expect(page.locator("#timer")).to_contain_text(name.split(",")[0])


def open_chart(page: Page, site: Site, patient: Person) -> None:
    page.goto(site.url(patient.chart))
    expect(page.get_by_role("heading", level=1)).to_contain_text(patient.family_name)


@pytest.fixture(autouse=True)
def no_clock_is_left(site: Site) -> Iterator[None]:
    """Whatever became of a journey, the next one begins without a timer that runs or waits."""
    yield
    site.ask(
        "UPDATE caseload_timer SET stopped_at = coalesce(stopped_at, greatest(now(), started_at)),"
        " let_go_because = 'Left by a journey' WHERE entry_id IS NULL AND let_go_because = '' RETURNING id"
    )
