"""What would this bill? typed by keyboard, looked at, saved to a file and opened again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths

pytestmark = pytest.mark.journey


def test_a_month_is_typed_saved_and_opened_again(site: Site, visitor: Visitor, tmp_path: Path) -> None:
    page = visitor("billing")
    page.goto(site.url("billing/trial/"))
    page.get_by_label("Enrolled on").fill("2026-10-01")
    first = page.get_by_role("group", name="Work 1")
    first.get_by_label("Day").fill("2026-10-05")
    first.get_by_label("Minutes").fill("30")
    page.get_by_role("button", name="Add rows of: Work").click()
    expect(page.get_by_role("group", name="Work 5")).to_be_visible()
    second = page.get_by_role("group", name="Work 2")
    second.get_by_label("Day").fill("2026-10-12")
    second.get_by_label("Minutes").fill("6")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="October 2026: bills as 99492")).to_be_visible()
    expect(page.get_by_role("row", name="36 to 85 now 36")).to_be_visible()
    assert faults_at_both_widths(page) == []

    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a story file").click()
    saved = tmp_path / saving.value.suggested_filename
    saving.value.save_as(saved)
    page.goto(site.url("billing/trial/"))
    page.get_by_label("Story file").set_input_files(saved)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="October 2026: bills as 99492")).to_be_visible()
    expect(page.get_by_role("group", name="Work 2").get_by_label("Minutes")).to_have_value("6")


def test_an_example_leads_to_trying_other_numbers(site: Site, visitor: Visitor) -> None:
    page = visitor("care_manager")
    page.goto(site.url("billing/examples/"))
    page.get_by_role("link", name="Initial month, 35 min").click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", name="Initial month, 36 min")).to_be_visible()
    page.get_by_role("link", name="Try other numbers").click()
    page.get_by_role("group", name="Work 1").get_by_label("Minutes").fill("1")
    page.get_by_role("button", name="Show what bills").first.click()
    expect(page.get_by_role("heading", name="October 2026: bills as")).to_be_visible()
    assert "$" not in page.locator("main").inner_text()
