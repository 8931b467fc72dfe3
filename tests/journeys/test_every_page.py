"""Every page that a role can come to by following links: nothing sticks out, everything has a name, nothing complains.

New pages are found by themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin

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
        "billing/trial/",
        "billing/examples/",
        "billing/examples/*/",
    },
    "clinic_lead": {"caseload/", "patients/*/", "imports/", "billing/months/now/", "billing/months/now/episodes/*/"},
    "admin": {"imports/", "audit/"},
}


class Sight(HTMLParser):
    """A page as it was sent: its links, its title, and the kinds of elements that it is made of."""

    def __init__(self, url: str, text: str, *, is_open: bool) -> None:
        super().__init__()
        self.url, self.is_open = url, is_open
        self.links: list[str] = []
        self.kinds: set[tuple[str, ...]] = set()
        self.title = re.findall(r"<title>(.*?)</title>", text, re.DOTALL)[0]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self.kinds.add((tag, of.get("class", ""), of.get("type", ""), re.sub(r"[0-9]+", "", of.get("name", ""))))
        if tag == "a" and "href" in of:
            self.links.append(urljoin(self.url, of["href"]).split("#")[0])


@pytest.fixture(scope="module")
def looked() -> dict[str, set[tuple[str, ...]]]:
    """What each kind of page was made of when a browser last looked: another role's is opened where it has more."""
    return defaultdict(set)


@pytest.mark.parametrize("role", PEOPLE)
def test_every_page_holds_on_a_phone_and_on_a_desk(
    role: str, site: Site, visitor: Visitor, looked: dict[str, set[tuple[str, ...]]]
) -> None:
    page = visitor(role, width=PHONE)
    found: dict[str, list[str]] = {}
    names = {family for (family,) in site.ask("SELECT family_name FROM registry_patient")}
    for kind, sight in crawl(page, site, looked):
        found[kind] = [f"a name in the title: {sight.title}" for name in names if name in sight.title]
        if sight.is_open:
            found[kind] += faults_at_both_widths(page)
        looked[kind] |= sight.kinds
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


def crawl(page: Page, site: Site, looked: dict[str, set[tuple[str, ...]]]) -> Iterator[tuple[str, Sight]]:
    """One page of each kind that links lead to; it is open in the browser where that has not looked at its like."""
    waiting, seen = [site.url()], set[str]()
    while waiting:
        url = waiting.pop(0)
        if kind_of(url, site) in seen:  # many pages lead to the same kind; most of them are waiting already
            continue
        sight = opened(page, url) if kind_of(url, site) not in looked else fetched(page, url)
        kind = kind_of(sight.url, site)
        is_known = kind in seen
        seen |= {kind, kind_of(url, site)}  # where an address leads elsewhere, its like do too
        if is_known:
            continue
        if not sight.is_open and not sight.kinds <= looked[kind]:
            sight = opened(page, url)
        waiting += links(sight, site, seen)
        yield kind, sight


def opened(page: Page, url: str) -> Sight:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, f"{url} answers {answer.status}"
    return Sight(page.url, answer.text(), is_open=True)


def fetched(page: Page, url: str) -> Sight:
    answer = page.context.request.get(url)
    assert answer.status == 200, f"{url} answers {answer.status}"
    return Sight(answer.url, answer.text(), is_open=False)


def links(sight: Sight, site: Site, seen: set[str]) -> list[str]:
    """One address of each new kind, files and other organizations left out."""
    found: dict[str, str] = {}
    for url in sight.links:
        if url.startswith(site.address) and not url.endswith("/file/") and "/o/demo-two/" not in url:
            found.setdefault(kind_of(url, site), url)
    return [url for kind, url in found.items() if kind not in seen]


def kind_of(url: str, site: Site) -> str:
    """The address without what tells one patient, month or filter from another."""
    path = url.removeprefix(site.url()).removeprefix(site.address).split("?")[0]
    path = re.sub(r"(?<=examples/)[a-z]+-[0-9]+", "*", path)
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
