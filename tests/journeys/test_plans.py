"""Care plans in the browser: rows that are added where one types, and two people on one plan."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.people import WITHOUT_PLAN, somebody

pytestmark = pytest.mark.journey


def unwritten_plan(site: Site) -> str:
    """The care plan of somebody who has none yet."""
    return site.url(f"{somebody(site, who=WITHOUT_PLAN).chart}care-plan/")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save care plan").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_row_is_added_and_nothing_typed_is_lost(site: Site, visitor: Visitor, scripts: bool) -> None:
    page = visitor("care_manager", scripts=scripts)
    page.goto(f"{unwritten_plan(site)}edit/")
    page.get_by_label("The patient's own goals").fill("Walk the dog again")
    page.locator("[name=medications-0-name]").fill("Sertraline")
    page.get_by_role("button", name="Add a row to Medications").click()
    added = page.locator("[name=medications-1-name]")
    expect(added).to_be_focused()
    added.fill("Trazodone")
    expect(page.get_by_label("The patient's own goals")).to_have_value("Walk the dog again")
    expect(page.locator("[name=medications-0-name]")).to_have_value("Sertraline")
    assert not scripts or faults_at_both_widths(page) == []
    added.press("Enter")
    expect(page.get_by_role("heading", name="Medications")).to_be_visible()
    expect(
        page.get_by_role("cell", name="Trazodone").or_(page.get_by_role("rowheader", name="Trazodone"))
    ).to_be_visible()


def test_the_second_of_two_is_shown_both_and_saves_both(site: Site, visitor: Visitor, watched: Watched) -> None:
    url = unwritten_plan(site)
    mine, hers = visitor("care_manager"), visitor("clinic_lead")
    for page in (mine, hers):
        page.goto(f"{url}edit/")
    hers.get_by_label("The patient's own goals").fill("Sleep through")
    hers.get_by_label("How often we talk").fill("Weekly")
    save(hers)
    expect(hers.get_by_text("Care plan saved.")).to_be_visible()
    mine.get_by_label("The patient's own goals").fill("Go back to work")
    save(mine)
    expect(mine.get_by_text("saved version 1 while you were writing")).to_be_visible()
    expect(mine.get_by_text("Sleep through")).to_be_visible()
    expect(mine.get_by_label("The patient's own goals")).to_have_value("Go back to work")
    expect(mine.get_by_label("How often we talk")).to_have_value("Weekly")
    assert faults_at_both_widths(mine) == []
    save(mine)
    expect(mine.get_by_text("Care plan saved.")).to_be_visible()
    expect(mine.get_by_text("Weekly")).to_be_visible()
    mine.get_by_role("button", name="Compare").click()
    expect(mine.get_by_text("Changed")).to_be_visible()
    assert faults_at_both_widths(mine) == []
    watched.excuse("422", "htmx:")
