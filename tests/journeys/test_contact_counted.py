"""A phone contact with PHQ-9, note, minutes and next date, as a practised person logs it: counted, not timed by us.

Sixty seconds and twelve clicks are what care managers were promised; the seconds here include every page load.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest
from playwright.sync_api import expect

from tests.journeys.calendar import today
from tests.journeys.conftest import Site, Visitor
from tests.journeys.people import listed, somebody

pytestmark = pytest.mark.journey

COUNTING = (
    "sessionStorage.clicks ??= 0; addEventListener('click', (e) => { if (e.detail) sessionStorage.clicks++ }, true)"
)
NOTE = "Slept better, two walks a week kept. Agreed: a third walk with the sister on Sunday."


def test_a_phone_contact_takes_twelve_clicks_and_a_minute_at_most(site: Site, visitor: Visitor) -> None:
    page = visitor("care_manager")
    page.add_init_script(COUNTING)
    page.goto(site.url("caseload/"))
    patient = somebody(site, among=listed(page))
    begun = monotonic()
    page.locator(f"tbody a[href$='/{patient.chart}']").click()
    page.get_by_role("link", name="New contact").click()
    page.wait_for_url(site.url(f"{patient.chart}contacts/new/"))
    page.locator("[name=note]").click()
    page.keyboard.type(NOTE)
    page.locator("label:has([name=phq9_1])").first.click()
    for answer in "111011000":
        page.keyboard.press(answer)
    page.locator("[name=minutes]").click()
    page.keyboard.type("22")
    page.locator("[name=next_on]").click()
    page.keyboard.type(f"{today() + timedelta(days=14):%m%d%Y}")
    page.get_by_role("button", name="Save contact").click()
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert int(page.evaluate("sessionStorage.clicks")) <= 12
    assert monotonic() - begun < 60
