"""What claims say of where and by whom: a clinic's address is entered, and a closed month is told who treated in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.test_claims import before_last

pytestmark = pytest.mark.journey


def test_where_patients_are_seen_and_who_treated_them(site: Site, visitor: Visitor) -> None:
    page = visitor("billing")
    page.goto(site.url("billing/filing/"))
    assert faults_at_both_widths(page) == []
    page.get_by_role("link", name="Mill Creek").click()
    page.get_by_label("Street").fill("7 Oak Ave")
    assert faults_at_both_widths(page) == []
    page.get_by_label("City").fill("Aurora")
    page.get_by_label("State").fill("CO")
    page.get_by_label("ZIP code").fill("80010-1234")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="7 Oak Ave, Aurora, CO, 800101234")).to_be_visible()

    month = before_last()
    ((episode_id,),) = site.ask(
        "SELECT episode_id FROM billing_frozenmonth WHERE month = %s AND lines <> '[]' ORDER BY id LIMIT 1",
        f"{month}-01",
    )
    page.goto(site.url(f"billing/months/{month}/episodes/{episode_id}/"))
    page.get_by_role("link", name="Somebody else treated").click()
    assert faults_at_both_widths(page) == []
    page.get_by_label("Who treated the patient in that month").select_option(index=1)
    page.get_by_label("Why").fill("The note was signed by somebody else")
    page.get_by_role("button", name="Correct the month").click()
    expect(page.get_by_text("the month is billed in that clinician’s name")).to_be_visible()
    ((kept,),) = site.ask(
        "SELECT count(DISTINCT clinician_id) FROM billing_frozenmonth WHERE episode_id = %s AND month = %s",
        episode_id,
        f"{month}-01",
    )
    assert kept == 2
