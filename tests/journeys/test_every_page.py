"""Every page that a role can come to by following links: nothing sticks out, everything has a name, nothing complains.

New pages are found by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.journeys.calendar import this_month
from tests.journeys.conftest import PEOPLE, Site, Visitor
from tests.journeys.looking import PHONE, faults_at_both_widths, faults_of

pytestmark = pytest.mark.journey

# What only some roles come to, so that a crawl that finds nothing fails.
LEAST = {
    "care_manager": {"caseload/", "patients/*/", "patients/*/contacts/new/", "imports/"},
    "psychiatric_consultant": {"caseload/", "patients/*/"},
    "treating_clinician": {"caseload/", "patients/*/"},
    "billing": {
        "billing/months/now/",
        "billing/months/now/episodes/*/",
        "billing/months/past/",
        "billing/months/past/batches/new/",
        "billing/batches/",
    },
    "clinic_lead": {"caseload/", "patients/*/", "imports/", "billing/months/now/", "billing/months/now/episodes/*/"},
    "admin": {"imports/", "audit/"},
}


@pytest.mark.parametrize("role", PEOPLE)
def test_every_page_holds_on_a_phone_and_on_a_desk(role: str, site: Site, visitor: Visitor) -> None:
    page = visitor(role, width=PHONE)
    found: dict[str, list[str]] = {}
    names = {family for (family,) in site.ask("SELECT family_name FROM registry_patient")}
    for kind in crawl(page, site):
        said = [f"a name in the title: {page.title()}" for name in names if name in page.title()]
        found[kind] = [*faults_at_both_widths(page), *said]
    assert {kind: faults for kind, faults in found.items() if faults} == {}
    assert LEAST[role] - found.keys() == set()


@pytest.mark.parametrize("path", ["", "accounts/login/", "accounts/password/reset/", "nothing/here/"])
def test_pages_before_signing_in_hold(path: str, site: Site, visitor: Visitor, watched: object) -> None:
    page = visitor(width=PHONE)
    answer = page.goto(f"{site.address}/{path}")
    assert answer is not None
    if answer.status == 404:
        watched.excuse("404 (Not Found)")
    assert faults_at_both_widths(page) == []


def crawl(page: Page, site: Site) -> Iterator[str]:
    """Open one page of each kind that links lead to, and yield its kind while it is open."""
    waiting, seen = [site.url()], set[str]()
    while waiting:
        url = waiting.pop(0)
        if kind_of(url, site) in seen:  # many pages lead to the same kind; most of them are waiting already
            continue
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 200, f"{url} answers {answer.status}"
        kind = kind_of(page.url, site)
        is_known = kind in seen
        seen |= {kind, kind_of(url, site)}  # where an address leads elsewhere, its like do too
        if is_known:
            continue
        waiting += links(page, site, seen)
        yield kind


def links(page: Page, site: Site, seen: set[str]) -> list[str]:
    """One address of each new kind, files and other organizations left out."""
    found: dict[str, str] = {}
    for url in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href.split('#')[0])"):
        if url.startswith(site.address) and not url.endswith("/file/") and "/o/demo-two/" not in url:
            found.setdefault(kind_of(url, site), url)
    return [url for kind, url in found.items() if kind not in seen]


def kind_of(url: str, site: Site) -> str:
    """The address without what tells one patient, month or filter from another."""
    path = url.removeprefix(site.url()).removeprefix(site.address).split("?")[0]
    return re.sub(r"20\d\d-\d\d", "past", re.sub(r"[0-9a-f-]{36}", "*", path).replace(this_month(), "now"))


def test_the_rules_find_what_they_look_for(visitor: Visitor) -> None:
    page = visitor(width=PHONE)
    page.set_content(
        "<body><h1>One</h1><h3 id=a>Skipped</h3><main><p id=a style='width: 900px'>wide</p>"
        "<input style='height: 30px'><img src=data:,><a href=/x></a>"
        "<button style='width: 9px; height: 9px; padding: 0; box-sizing: border-box'>b</button>"
        "<table><tr><th>h</th></tr></table><p aria-describedby=nobody></p><svg></svg><fieldset></fieldset>"
        "<form><input type=hidden name=submit></form></main>"
    )
    kinds = {fault.split(":")[0] for fault in faults_of(page)}
    assert kinds == {
        "the page says no language",
        "the page has no title",
        "a heading that skips a level",
        "a field without a label",
        "a control without a name",
        "an image without alt",
        "a drawing neither named nor hidden",
        "a table without a name",
        "a header cell without scope",
        "a group without a legend",
        "two elements are #a",
        "aria-describedby names nothing",
        "a style of its own",
        "a field that hides a part of its form",
        "a target of 9 × 9",
        "sticks out",
    }
