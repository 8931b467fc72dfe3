"""The main job from end to end: a spreadsheet becomes a caseload, a contact is logged, and the month is claimed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.calendar import last_month, today
from tests.journeys.conftest import Site, Visitor, Watched
from tests.journeys.looking import faults_at_both_widths
from tests.journeys.people import listed, somebody

pytestmark = pytest.mark.journey

TRACKER = Path(__file__).resolve().parents[1] / "data" / "imports" / "tracker.xlsx"


def test_a_lead_imports_the_spreadsheet_and_sees_who_does_not_improve(site: Site, visitor: Visitor) -> None:
    page = visitor("clinic_lead")
    page.goto(site.url("imports/"))
    before = people(site)
    page.get_by_label(re.compile("file", re.IGNORECASE)).first.set_input_files(TRACKER)
    page.get_by_role("button", name="Read the files").click()
    answer_time_zones(page)
    assert people(site) == before, "a preview wrote something"
    assert fates(page) == {"All": len(rows_in_file()), "Held": 44, "New": 430}
    expect(page.get_by_text("47 contacts begin while the same person is with another patient")).to_be_visible()
    assert faults_at_both_widths(page) == []
    page.get_by_role("button", name="Import 48 patients and 426 contacts").click()
    expect(page.get_by_text("Imported").first).to_be_visible()
    assert people(site) == (before[0] + 48, before[1] + 426)

    page.get_by_role("link", name="Caseload").click()
    stalled = page.locator("tbody tr").filter(has_text=re.compile("Stalled|Not improving|Worse"))
    expect(stalled.first).to_be_visible()
    name = stalled.first.get_by_role("rowheader").get_by_role("link").inner_text()
    stalled.first.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split(",")[0])
    expect(page.get_by_role("heading", name="Scores")).to_be_visible()
    assert name.split(",")[0] not in page.title()


def test_a_care_manager_logs_a_contact_by_keyboard_alone(site: Site, visitor: Visitor, watched: Watched) -> None:
    page = visitor("care_manager")
    page.goto(site.url("caseload/"))
    patient = somebody(site, among=listed(page))
    name = go_down_to(page, site.url(patient.chart))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(patient.family_name)
    before = minutes_counted(page)
    page.wait_for_load_state()  # keys are the script's
    page.keyboard.press("n")
    # Not by a heading: the chart, too, has a part named What happened.
    page.wait_for_url(site.url(f"{patient.chart}contacts/new/"))
    assert contacts_today(site) == 0

    tab_to(page, "note")
    page.keyboard.type("Sleep is better. Two walks a week kept.")
    tab_to(page, "phq9_1")
    for answer in "221121111":
        page.keyboard.press(answer)
    expect(page.get_by_text("Item 9 is above 0: assess safety")).to_be_visible()
    expect(page.get_by_text("call or text 988")).to_be_visible()
    expect(page.get_by_text("PHQ-9 12", exact=True)).to_be_visible()
    tab_to(page, "minutes")
    page.keyboard.type("24")
    expect(page.locator("#preview")).to_contain_text(re.compile("Counts|counts"))
    assert faults_at_both_widths(page) == []
    tab_to(page, "next_on")
    page.keyboard.type(f"{today() + timedelta(days=7):%m%d%Y}")
    tab_to_button(page, "Save contact")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Contact saved.")).to_be_visible()
    # The answer opened a risk case, and its protocol comes first.
    expect(page.get_by_role("heading", name="Protocol, before the assessment")).to_be_visible()
    page.goto(site.url(patient.chart))
    expect(page.get_by_role("heading", name="Scores")).to_be_visible()
    assert minutes_counted(page) == before + 24
    assert contacts_today(site) == 1
    page.goto(site.url("caseload/"))
    row = page.locator("tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))
    expect(row).to_contain_text("12")


def test_billing_sees_why_and_claims_an_ended_month(site: Site, visitor: Visitor) -> None:
    page = visitor("billing")
    page.goto(site.url(f"billing/months/{last_month()}/"))
    bills = page.locator("tbody tr").filter(has=page.locator("strong", has_text=re.compile(r"9949[23]")))
    bills.filter(has_text="Medicare").first.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", name=re.compile("^Bills as 9949[23]"))).to_be_visible()
    expect(page.get_by_text("medicare_ffs_2026").first).to_be_visible()
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"20\d\d$")).first.click()

    page.get_by_role("link", name="Make claims batch").click()
    page.get_by_role("button", name="Make the batch").click()
    expect(page.get_by_text(re.compile(r"Batch \d+ holds \d+ claims"))).to_be_visible()
    assert faults_at_both_widths(page) == []
    first, again = downloaded(page), downloaded(page)
    assert first == again
    claims = page.locator("tbody tr").count()
    numbers = {line.split(b",")[0] for line in first.splitlines()[1:]}
    assert len(numbers) == claims
    of_month = "SELECT count(*) FROM billing_claim WHERE month = %s"
    assert claims == site.ask(of_month, f"{last_month()}-01")[0][0]


def answer_time_zones(page: Page) -> None:
    """The tracker's clinics are new: which zone they are in is asked for before anything can be imported."""
    zones = page.get_by_label(re.compile("time zone", re.IGNORECASE))
    if zones.count():
        if not zones.first.is_visible():
            page.get_by_text("How the files are read").click()
        for place in range(zones.count()):
            zones.nth(place).select_option("America/Chicago")
        page.get_by_role("button", name="Read again").click()
    expect(page.get_by_role("button", name=re.compile("^Import "))).to_be_visible()


def fates(page: Page) -> dict[str, int]:
    """What the tabs above the rows count."""
    tabs = page.get_by_role("navigation", name="Rows by fate").get_by_role("link").all_inner_texts()
    return {word: int(count) for word, count in (tab.rsplit(maxsplit=1) for tab in tabs)}


def rows_in_file() -> list[tuple[object, ...]]:
    from openpyxl import load_workbook

    book = load_workbook(TRACKER, read_only=True)
    found = [row for sheet in book.worksheets for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)]
    book.close()
    return found


def people(site: Site) -> tuple[int, int]:
    query = "SELECT (SELECT count(*) FROM registry_patient), (SELECT count(*) FROM caseload_contact)"
    patients, contacts = site.ask(query)[0]
    return patients, contacts


def contacts_today(site: Site) -> int:
    query = "SELECT count(*) FROM caseload_contact WHERE note LIKE 'Sleep is better.%'"
    return site.ask(query)[0][0]


def minutes_counted(page: Page) -> int:
    """As the chart's month panel says it."""
    words = page.locator("section[aria-labelledby=month]").inner_text()
    return int(re.search(r"(\d+)(?: of \d+)? min", words)[1])


def go_down_to(page: Page, chart: str) -> str:
    """Go down the list by its key until the link to this chart has the focus; its words."""
    for _ in range(page.locator("tbody a.row-link").count()):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.href") == chart:
            return str(page.evaluate("document.activeElement.textContent"))
    raise AssertionError("the patient is not reached by j")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a field of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"no field {name} is reached by Tab")


def tab_to_button(page: Page, words: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == words:
            return
    raise AssertionError(f"no button {words} is reached by Tab")


def downloaded(page: Page) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile(r"\.csv$")).click()
    return Path(waiting.value.path()).read_bytes()
