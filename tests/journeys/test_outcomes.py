"""A clinic lead looks at outcomes, at who stands behind a number, and makes the board's report: by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths

pytestmark = pytest.mark.journey
MEASURE = "Contact and score in the month"


def test_a_lead_follows_a_number_to_its_patients_and_makes_the_report(site: Site, visitor: Visitor) -> None:
    page = visitor("clinic_lead")
    page.goto(site.url(""))
    pressed(page.get_by_role("navigation").get_by_role("link", name="Outcomes", exact=True).first)
    expect(page.get_by_role("heading", name="Outcomes", level=1)).to_be_visible()
    assert faults_at_both_widths(page) == []

    pressed(page.get_by_role("link", name=MEASURE, exact=True))
    expect(page.get_by_role("heading", name=MEASURE, level=1)).to_be_visible()
    met = counted(page)
    assert faults_at_both_widths(page) == []
    pressed(page.get_by_role("link", name="Patients behind it"))
    expect(page.get_by_role("table")).to_be_visible()
    rows = page.locator("main tbody tr")
    assert rows.count() == min(met, 50)
    name = rows.first.get_by_role("link").inner_text()
    pressed(rows.first.get_by_role("link"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split(",")[0])

    page.goto(site.url("outcomes/"))
    pressed(page.get_by_role("link", name="Reports", exact=True))
    pressed(page.get_by_role("link", name="Make a report").first)
    expect(page.get_by_role("heading", name="Make a report")).to_be_visible()
    assert faults_at_both_widths(page) == []
    month = page.get_by_label("Month", exact=True)
    month.focus()
    for _ in range(3):  # this month, the last one, and the one before it, which is frozen
        month.press("ArrowDown")
    pressed(page.get_by_role("button", name="Make the report"))
    expect(page.get_by_role("heading", name="Monthly board report")).to_be_visible()
    expect(page.get_by_text("edition", exact=False).first).to_be_visible()
    assert faults_at_both_widths(page) == []


def pressed(one: Locator) -> None:
    """Chosen by the keyboard: reached, and Enter."""
    one.focus()
    expect(one).to_be_focused()
    one.press("Enter")


def counted(page: Page) -> int:
    """How many met a share, as its page says: `7 of 8`."""
    found = re.search(r"(\d+) of \d+", page.locator(".tile-detail").first.inner_text())
    assert found is not None
    return int(found.group(1))
