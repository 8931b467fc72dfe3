"""What a care manager typed outlives the tab; a note begins with a template and is copied for another record."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.test_failures import open_contact, save, saved

pytestmark = pytest.mark.journey

SOON_MS = 11_000  # a draft is kept every ten seconds


def test_a_closed_tab_loses_nothing(site: Site, visitor: Visitor) -> None:
    page = visitor("care_manager")
    page.clock.install()
    open_contact(site, page, "The tab was closed.", minutes="7")
    page.clock.run_for(SOON_MS)
    expect(page.locator("[data-draft-said]")).to_contain_text("It counts no minutes until you save.")
    page.close()
    again = visitor("care_manager")
    again.goto(page.url)
    expect(again.get_by_text("Your draft of")).to_be_visible()
    assert again.get_by_label("Note").input_value() == "The tab was closed."
    assert again.get_by_label("Minutes").input_value() == "7"
    assert saved(site, "The tab was closed.") == 0
    save(again)
    expect(again.get_by_text("Contact saved.")).to_be_visible()
    assert saved(site, "The tab was closed.") == 1
    again.goto(page.url)
    expect(again.get_by_text("Your draft of")).to_be_hidden()


def test_a_draft_is_discarded(site: Site, visitor: Visitor) -> None:
    page = visitor("clinic_lead")
    page.clock.install()
    open_contact(site, page, "Not so.")
    page.clock.run_for(SOON_MS)
    expect(page.locator("[data-draft-said]")).to_contain_text("Draft kept")
    page.reload()
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_text("Draft discarded.")).to_be_visible()
    assert page.get_by_label("Note").input_value() == ""


def test_a_note_begins_with_a_template_and_never_loses_one(site: Site, visitor: Visitor) -> None:
    write_template(site, visitor("clinic_lead"))
    page = open_contact(site, visitor("care_manager"), "")
    page.get_by_label("Begin with a template").select_option("A journey, with scripts")
    assert page.get_by_label("Note").input_value() == "Since last time:\nSkill:"
    page.get_by_label("Note").fill("Typed myself.")
    page.get_by_label("Begin with a template").select_option("None")
    page.get_by_label("Begin with a template").select_option("A journey, with scripts")
    assert page.get_by_label("Note").input_value() == "Typed myself."


def test_without_the_script_a_template_is_filled_in_and_nothing_typed_is_lost(site: Site, visitor: Visitor) -> None:
    write_template(site, visitor("clinic_lead"), name="A journey, without scripts")
    page = open_contact(site, visitor("care_manager", scripts=False), "", minutes="12")
    page.get_by_label("Begin with a template").select_option("A journey, without scripts")
    page.get_by_role("button", name="Fill in").click()
    assert page.get_by_label("Note").input_value() == "Since last time:\nSkill:"
    assert page.get_by_label("Minutes").input_value() == "12"


def test_a_saved_note_is_copied_for_the_ehr_and_added_to(site: Site, visitor: Visitor) -> None:
    page = open_contact(site, visitor("care_manager"), "Copied elsewhere.")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    save(page)
    expect(page.get_by_text("Contact saved.")).to_be_visible()
    page.get_by_role("listitem").filter(has_text="Copied elsewhere.").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="For the EHR")).to_be_visible()
    page.get_by_role("button", name="Copy for EHR").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r\n", "\n").split("\n\n")[1] == "Copied elsewhere."
    page.get_by_text("Add to this note").click()
    page.get_by_label("Addendum").fill("The pharmacy confirmed.")
    page.get_by_role("button", name="Sign the addendum").click()
    expect(page.get_by_text("Addendum saved.")).to_be_visible()
    expect(page.locator("p", has_text="The pharmacy confirmed.")).to_be_visible()
    assert faults_at_both_widths(page) == []


def write_template(site: Site, page: Page, *, name: str = "A journey, with scripts") -> None:
    """As a lead does under Settings."""
    page.goto(site.url("settings/note-templates/"))
    new = page.get_by_role("region", name="New template")
    new.get_by_label("Name").fill(name)
    new.get_by_label("Text").fill("Since last time:\nSkill:")
    new.get_by_role("button", name="Save template").click()
    expect(page.get_by_text("Template saved.")).to_be_visible()
