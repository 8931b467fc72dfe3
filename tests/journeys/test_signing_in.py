"""Coming in, going between organizations, and going out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD, PEOPLE, Site, Visitor, Watched, sign_in

pytestmark = pytest.mark.journey


def test_a_wrong_password_says_so_and_keeps_the_address(site: Site, visitor: Visitor) -> None:
    page = visitor()
    page.goto(f"{site.address}/accounts/login/")
    page.get_by_label("E-mail").fill(PEOPLE["billing"])
    page.get_by_label("Password", exact=True).fill("not-the-password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(re.compile("not correct"))).to_be_visible()
    assert page.get_by_label("E-mail").input_value() == PEOPLE["billing"]


def test_a_page_asked_for_before_signing_in_opens_after_it(site: Site, visitor: Visitor) -> None:
    page = visitor()
    page.goto(site.url("billing/batches/"))
    page.get_by_label("E-mail").fill(PEOPLE["billing"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Batches", level=1)).to_be_visible()


def test_a_consultant_goes_between_organizations(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor("psychiatric_consultant")
    page.goto(f"{site.address}/")
    page.get_by_role("link", name="Cedar Hill").click()
    expect(page.get_by_role("heading", name="Review queue")).to_be_visible()
    page.get_by_role("link", name="Caseload").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    chart = page.locator(".row-link").first.get_attribute("href")
    page.locator(".topbar-place summary").click()
    page.get_by_role("link", name="Lakeside Family Medicine").click()
    page.get_by_role("link", name="Caseload").click()
    expect(page.get_by_text("No patients yet")).to_be_visible()
    answer = page.goto(f"{site.address}{chart}".replace("/o/demo/", "/o/demo-two/"))
    assert answer is not None
    assert answer.status == 404
    watched.excuse("404 (Not Found)")


def test_after_signing_out_going_back_shows_no_patient(site: Site, visitor: Visitor) -> None:
    page = visitor()
    sign_in(site, page, "care_manager")
    page.goto(site.url("caseload/"))
    name = page.locator(".row-link").first.inner_text()
    page.locator(".topbar-end summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert name not in page.content()


def test_a_search_puts_nothing_into_the_address(site: Site, visitor: Visitor) -> None:
    page = visitor()
    sign_in(site, page, "care_manager")  # a session of its own: it remembers how the list is narrowed
    page.goto(site.url("caseload/"))
    page.keyboard.press("/")
    page.keyboard.type("bellweather")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "bellweather" not in page.url.lower()
    page.goto(site.url("caseload/"))
    page.get_by_label("In this list").fill("bellweather")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "bellweather" not in page.url.lower()
    page.get_by_role("link", name="Clear search").click()
    expect(page.locator("tbody tr").nth(1)).to_be_visible()
