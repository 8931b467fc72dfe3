"""The screen locks over what is typed, and opens on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PASSWORD, Site, Visitor, Watched, sign_in
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.people import somebody

pytestmark = pytest.mark.journey

# The server's lock, as fifteen minutes would have brought it; the page learns of it when it is looked at again.
LOCK = """async () => {
  const sent = new FormData();
  sent.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  await fetch("/accounts/session/lock/", { method: "POST", body: sent });
}"""
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


def typed_note(page: Page, site: Site) -> None:
    sign_in(site, page, "care_manager")  # a session of its own: unlocking gives it another key
    page.goto(site.url(f"{somebody(site).chart}contacts/new/"))
    page.get_by_label("Note").fill("Walks twice a week, sleeps better.")


def test_it_covers_the_page_and_keeps_what_was_typed(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor()
    typed_note(page, site)
    page.evaluate(LOCK)
    page.evaluate(LOOK)
    dialog = page.get_by_role("dialog", name="Your screen is locked")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("Note")).to_be_hidden()
    # The page's own heading is covered with the page.
    assert [fault for fault in faults_at_both_widths(page) if not fault.endswith("0 h1")] == []
    dialog.get_by_label("Password").fill("not-the-password")
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog.get_by_text("This password is not right.")).to_be_visible()
    watched.excuse("422 (Unprocessable")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Note")).to_have_value("Walks twice a week, sleeps better.")


def test_without_script_a_page_asks_and_leads_back(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor(scripts=False)
    sign_in(site, page, "care_manager")
    page.goto(site.url("caseload/"))
    page.locator(".topbar-end summary").last.click()
    page.get_by_role("button", name="Lock the screen").click()
    expect(page.get_by_role("heading", name="Your screen is locked")).to_be_visible()
    page.goto(site.url("caseload/"))
    watched.excuse("423 (Locked)")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("heading", name="Caseload", level=1)).to_be_visible()
