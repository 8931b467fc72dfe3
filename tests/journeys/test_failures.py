"""What goes wrong between the browser and us: nothing typed is lost, and nothing is written twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor, Watched, sign_in
from tests.journeys.people import somebody

pytestmark = pytest.mark.journey

UNREACHED = "net::ERR_INTERNET_DISCONNECTED"


def test_a_lost_connection_keeps_the_form_and_saves_later(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = open_contact(site, visitor("care_manager"), "The connection was lost.")
    page.context.set_offline(True)
    save(page)
    expect(page.get_by_text("Our records could not be reached.")).to_be_visible()
    assert page.get_by_label("Note").input_value() == "The connection was lost."
    assert saved(site, "The connection was lost.") == 0
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "The connection was lost.") == 1
    watched.excuse(UNREACHED, "htmx:")


def test_records_that_are_away_at_the_next_try_too_are_said_to_be(
    site: Site, visitor: Visitor, watched: Watched
) -> None:
    page = open_contact(site, visitor("care_manager"), "Away twice.")
    page.route("**/*", lambda route: route.fulfill(status=503, body=""))
    save(page)
    expect(page.get_by_text("Our records could not be reached.")).to_be_visible()
    with page.expect_response(lambda answer: answer.status == 503):
        page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Our records could not be reached.")).to_be_visible()
    expect(page.get_by_text("Something went wrong on our side.")).to_be_hidden()
    page.unroute("**/*")
    # What the minutes would do is asked and answered meanwhile: that saved nothing.
    with page.expect_response(lambda answer: answer.ok and answer.url.endswith("/preview/")):
        page.get_by_label("Minutes").fill("4")
    expect(page.get_by_text("Our records could not be reached.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "Away twice.") == 1
    watched.excuse("503", "htmx:", "Response Status Error")


def test_pressing_save_twice_writes_one_contact(site: Site, visitor: Visitor) -> None:
    page = open_contact(site, visitor("care_manager"), "Saved twice.")
    page.get_by_role("button", name="Save contact").dblclick()
    expect(page.get_by_text(re.compile("^Contact saved|saved already"))).to_be_visible()
    assert saved(site, "Saved twice.") == 1


def test_the_same_form_sent_from_two_tabs_writes_one_contact(site: Site, visitor: Visitor) -> None:
    page = open_contact(site, visitor("care_manager"), "Sent from two tabs.")
    form = page.locator("#contact").evaluate("form => Object.fromEntries(new FormData(form))")
    answers = [page.context.request.post(page.url, form=form, max_redirects=0).status for _ in range(3)]
    assert answers == [302, 302, 302]
    save(page)
    expect(page.get_by_text("This contact was saved already.").first).to_be_visible()
    assert saved(site, "Sent from two tabs.") == 1


def test_going_back_after_saving_writes_nothing_again(site: Site, visitor: Visitor) -> None:
    page = open_contact(site, visitor("care_manager"), "Gone back.")
    save(page)
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    assert page.get_by_label("Note").input_value() == ""
    page.reload()
    assert saved(site, "Gone back.") == 1


def test_an_expired_session_keeps_what_was_typed(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = open_contact(site, visitor("care_manager"), "The session was over.")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    save(page)
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    assert page.get_by_label("Note").input_value() == "The session was over."
    assert saved(site, "The session was over.") == 0
    other = page.context.new_page()
    sign_in(site, other, "care_manager")
    assert page.context.cookies() != cookies
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "The session was over.") == 1


def test_faulty_input_comes_back_with_its_reason_and_everything_typed(
    site: Site, visitor: Visitor, watched: Watched
) -> None:
    page = open_contact(site, visitor("care_manager"), "Too many minutes.", minutes="2000")
    save(page)
    expect(page.get_by_text("Not saved yet", exact=True)).to_be_visible()
    expect(page.locator(".field", has=page.get_by_label("Minutes")).locator(".field-error")).to_be_visible()
    expect(page.get_by_label("Minutes")).to_be_focused()
    assert page.get_by_label("Note").input_value() == "Too many minutes."
    assert saved(site, "Too many minutes.") == 0
    watched.excuse("422", "htmx:")
    page.get_by_label("Minutes").fill("20")
    save(page)
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "Too many minutes.") == 1


def test_without_the_script_a_contact_is_saved_all_the_same(site: Site, visitor: Visitor) -> None:
    page = open_contact(site, visitor("care_manager", scripts=False), "Without the script.")
    save(page)
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "Without the script.") == 1


def open_contact(site: Site, page: Page, note: str, *, minutes: str = "3") -> Page:
    """A new contact, typed but not saved."""
    page.goto(site.url(f"{somebody(site).chart}contacts/new/"))
    page.get_by_label("Note").fill(note)
    page.get_by_label("Minutes").fill(minutes)
    return page


def save(page: Page) -> None:
    page.get_by_role("button", name="Save contact").click()


def saved(site: Site, note: str) -> int:
    """How many contacts with this note are on record, each with its one time entry."""
    query = """SELECT count(DISTINCT c.id), count(t.id) FROM caseload_contact c
               JOIN caseload_timeentry t ON t.contact_id = c.id WHERE c.note = %s"""
    contacts, entries = site.ask(query, note)[0]
    assert contacts == entries
    return contacts
