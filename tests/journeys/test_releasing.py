"""Billing looks at what is held back: releases several with one reason, decides about one, and claims the rest."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.calendar import last_month
from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths

pytestmark = pytest.mark.journey


def test_a_coder_releases_what_may_leave(site: Site, visitor: Visitor) -> None:
    page = visitor("billing")
    page.goto(site.url(f"billing/months/{last_month()}/"))
    page.get_by_role("link", name=re.compile(r"^\d+ months? held back$")).click()
    expect(page.get_by_role("heading", name="Held back")).to_be_visible()
    assert faults_at_both_widths(page) == []
    held = held_months(page)

    page.get_by_role("link", name=re.compile("^Diagnosis not confirmed")).click()
    rows = page.locator("tbody tr")
    assert rows.count() >= 1
    rows.first.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.get_by_label("Why", exact=True).fill("Confirmed by telephone; the paper follows.")
    assert faults_at_both_widths(page) == []
    page.get_by_role("button", name="Release them").click()
    expect(page.get_by_text(re.compile("^Released 1 month"))).to_be_visible()
    assert held - 1 <= held_months(page) <= held


def test_a_coder_decides_one_month_and_takes_it_back(site: Site, visitor: Visitor) -> None:
    page = visitor("billing")
    page.goto(site.url(f"billing/months/{last_month()}/held/"))
    page.locator("main a.row-link").last.click()
    expect(page.get_by_role("heading", name="Held back")).to_be_visible()
    page.get_by_label("Do not bill it").check()
    page.get_by_label("Why", exact=True).first.fill("The patient asked so.")
    page.get_by_role("button", name="Keep the decision").click()
    expect(page.get_by_role("heading", name="Not billed")).to_be_visible()
    assert faults_at_both_widths(page) == []
    page.get_by_text("Take the decision back").click()
    page.locator("#back_because").fill("It is to be billed after all.")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back: the month stands as if nothing had been decided.")).to_be_visible()


def held_months(page: Page) -> int:
    label = page.get_by_role("link", name=re.compile(r"^All \(\d+\)$")).inner_text()
    found = re.search(r"\d+", label)
    assert found is not None
    return int(found.group())
