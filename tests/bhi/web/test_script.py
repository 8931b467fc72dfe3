"""The script in a real browser: keys, digit entry, and a form that outlives every failed save.

No server: the browser's requests are answered here, under the product's own content policy.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace as Thing
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from bhi.local.debian import find_chromium

pytestmark = pytest.mark.journey

SITE = "http://site.test"
POLICY = "; ".join(
    f"{name} {' '.join(sources)}" for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

LIST = """{% extends "base.html" %}{% block main %}
<a href="/form" data-key="n">New contact</a>
<table class="data-table" data-rows><tbody>
  <tr><th scope="row"><a class="row-link" href="/form">First</a></th></tr>
  <tr><th scope="row"><a class="row-link" href="/form">Second</a></th></tr>
</tbody></table>
<details class="chip-details" data-light-dismiss><summary>Stalled</summary><p>Since Aug 1</p></details>
<button type="button" data-dialog-open="attempt">Log attempt</button>
{% load bhi %}{% dialog "attempt" "Attempt" %}<button type="button" data-dialog-close>Never mind</button>{% enddialog %}
{% include "components/_toast.html" with text="Saved" tone="good" %}
{% endblock %}"""

FORM = """{% extends "base.html" %}{% block main %}
<form class="form" method="post" action="/save" hx-boost="true" data-guard>{% csrf_token %}
  {% include "components/_score_items.html" with name="PHQ-9" legend="PHQ-9" items=items options=options only %}
  <p id="risk" data-shown-above-zero="q3">Risk steps</p>
  <textarea name="note"></textarea>
  <button>Save contact</button>
</form>
<a href="/list">Elsewhere</a>
{% endblock %}"""


# A first question that is not scored and rules out the second, which rules out the third.
SCREENER = """{% extends "base.html" %}{% block main %}
<form class="form" method="post" action="/save" hx-boost="true">{% csrf_token %}
  {% include "components/_score_items.html" with name="Screen" legend="Screen" items=screened options=options only %}
  <p id="some" data-shown-above-zero="q2" data-hidden-above-zero="q3">Some risk</p>
  <p id="high" data-shown-above-zero="q3">High risk</p>
  <button>Save</button>
</form>
{% endblock %}"""


class Site:
    """Answers the browser. `save` says what saving does; `token` is what a fresh page carries."""

    def __init__(self) -> None:
        self.save = 200
        self.token = "first"
        self.is_signed_in = True
        self.saved: list[dict[str, str]] = []

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path.startswith("/static/"):
            file = Path(str(finders.find(path.removeprefix("/static/"))))
            kind = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[file.suffix]
            route.fulfill(body=file.read_bytes(), content_type=kind)
        elif path == "/save":
            self.on_save(route)
        elif path.startswith("/accounts/") and not self.is_signed_in and path != "/accounts/login/":
            route.fulfill(status=302, headers={"Location": f"{SITE}/accounts/login/"})
        else:
            self.page(route, {"/list": LIST, "/form": FORM, "/screener": SCREENER}.get(path, FORM))

    def page(self, route: Route, source: str, status: int = 200) -> None:
        items = [Thing(field=f"q{number}", number=number, text="Item", value=None, error="") for number in (1, 2, 3)]
        asked = (("", 0), ("q1", 1), ("q2", 1))
        screened = [
            Thing(**vars(item), asked_if=asked_if, at_least=at_least, is_unscored=item.number == 1)
            for item, (asked_if, at_least) in zip(items, asked, strict=True)
        ]
        options = [Thing(value=value, label="Label") for value in range(4)]
        frame = Thing(
            organization=Thing(name="Lakeside", slug="l", url="/"),
            person="Dana",
            credential="",
            navigation=[],
            organizations=[],
            search_url="/search",
            outage="",
        )
        context = {"frame": frame, "items": items, "screened": screened, "options": options, "csrf_token": self.token}
        body = Template(source).render(Context(context))
        route.fulfill(
            status=status, body=body, headers={"Content-Type": "text/html", "Content-Security-Policy": POLICY}
        )

    def on_save(self, route: Route) -> None:
        self.saved.append({"token": route.request.headers["x-csrftoken"], "body": route.request.post_data or ""})
        if self.save == 0:
            route.abort()
        elif not self.is_signed_in:
            route.fulfill(status=302, headers={"Location": f"{SITE}/accounts/login/"})
        elif self.save == 200 or (self.save == 403 and self.saved[-1]["token"] == self.token):
            self.page(route, LIST)
        else:
            body = render_to_string("403_csrf.html" if self.save == 403 else "503.html")
            route.fulfill(status=self.save, body=body, headers={"Content-Type": "text/html"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=find_chromium(os.environ), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.route("**/*", site.answer)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail: the policy blocks what it forbids by an error."""
    page = context.new_page()
    page.set_default_timeout(5000)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    assert faults == []


def open_form(page: Page, note: str = "Walks twice a week.") -> None:
    page.goto(f"{SITE}/form")
    page.locator("[name=note]").fill(note)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save contact").click()


class TestKeys:
    def test_j_and_k_move_over_the_rows(self, page):
        page.goto(f"{SITE}/list")
        first, second = page.get_by_role("link", name="First"), page.get_by_role("link", name="Second")
        for key, focused in (("j", first), ("j", second), ("j", second), ("k", first)):
            page.keyboard.press(key)
            expect(focused).to_be_focused()

    def test_enter_opens_the_row(self, page):
        page.goto(f"{SITE}/list")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/form")

    def test_slash_goes_to_the_search_where_keys_are_text(self, page):
        page.goto(f"{SITE}/list")
        page.keyboard.press("/")
        expect(page.locator("#patient-search")).to_be_focused()
        page.keyboard.type("jn?")
        expect(page.locator("#patient-search")).to_have_value("jn?")

    def test_n_presses_the_pages_own_link(self, page):
        page.goto(f"{SITE}/list")
        page.keyboard.press("n")
        page.wait_for_url("**/form")

    def test_question_mark_opens_the_list_of_keys_and_keys_can_be_turned_off(self, page):
        page.goto(f"{SITE}/list")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog).to_be_visible()
        dialog.get_by_role("checkbox").uncheck()
        page.keyboard.press("Escape")
        page.reload()
        page.keyboard.press("?")
        expect(dialog).to_be_hidden()
        page.get_by_role("button", name="Help and keys").click()
        expect(dialog.get_by_role("checkbox")).not_to_be_checked()


class TestSmallThings:
    def test_a_dialog_opens_and_closes(self, page):
        page.goto(f"{SITE}/list")
        page.get_by_role("button", name="Log attempt").click()
        dialog = page.get_by_role("dialog", name="Attempt")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Never mind").click()
        expect(dialog).to_be_hidden()

    def test_what_a_chip_opened_closes_by_escape_and_elsewhere(self, page):
        page.goto(f"{SITE}/list")
        chip, inside = page.locator("summary", has_text="Stalled"), page.get_by_text("Since Aug 1")
        chip.click()
        expect(inside).to_be_visible()
        page.keyboard.press("Escape")
        expect(inside).to_be_hidden()
        expect(chip).to_be_focused()
        chip.click()
        page.mouse.click(600, 700)
        expect(inside).to_be_hidden()

    def test_a_toast_stays_until_dismissed(self, page):
        page.goto(f"{SITE}/list")
        page.get_by_role("button", name="Dismiss").click()
        expect(page.locator(".toast")).to_have_count(0)


class TestItems:
    def test_digits_answer_and_go_on(self, page):
        page.goto(f"{SITE}/form")
        page.locator("[name=q1]").first.focus()
        total = page.locator("[data-items-total]")
        page.keyboard.press("2")
        expect(total).to_have_text("PHQ-9 2 so far, 1 of 3 answered")
        page.keyboard.type("30")
        expect(total).to_have_text("PHQ-9 5")
        for field, value in (("q1", "2"), ("q2", "3"), ("q3", "0")):
            expect(page.locator(f"[name={field}]:checked")).to_have_value(value)

    def test_backspace_goes_back_to_the_answer_given(self, page):
        page.goto(f"{SITE}/form")
        page.locator("[name=q1]").first.focus()
        page.keyboard.press("2")
        page.keyboard.press("Backspace")
        expect(page.locator("[name=q1][value='2']")).to_be_focused()

    def test_what_an_answer_rules_out_is_neither_asked_nor_sent_nor_counted(self, page, site):
        page.goto(f"{SITE}/screener")
        total, second, third = page.locator("[data-items-total]"), page.locator("[name=q2]"), page.locator("[name=q3]")
        page.locator("[name=q1]").first.focus()
        page.keyboard.type("120")
        expect(total).to_have_text("Screen 2")
        page.keyboard.press("3")
        expect(page.locator("#high")).to_be_visible()
        expect(page.locator("#some")).to_be_hidden()
        second.nth(0).check(force=True)
        expect(third.first).to_be_hidden()
        expect(total).to_have_text("Screen 0")
        expect(page.locator("#high")).to_be_hidden()
        page.locator("[name=q1]").first.focus()
        page.keyboard.press("0")
        expect(second.first).to_be_hidden()
        expect(page.locator("[name=q1]").first).to_be_focused()
        expect(total).to_have_text("Screen 0")
        page.locator("[name=q1]").first.focus()
        page.keyboard.press("1")
        expect(page.locator("[name=q2][value='0']")).to_be_checked()
        page.keyboard.press("2")
        expect(page.locator("[name=q3][value='3']")).to_be_checked()  # what was answered comes back
        second.nth(0).check(force=True)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("link", name="First")).to_be_visible()
        sent = parse_qs(site.saved[-1]["body"])
        assert {name: values for name, values in sent.items() if name.startswith("q")} == {"q1": ["1"], "q2": ["0"]}

    def test_a_digit_that_is_no_answer_changes_nothing(self, page):
        page.goto(f"{SITE}/form")
        page.locator("[name=q1]").first.focus()
        page.keyboard.press("7")
        expect(page.locator("[name=q1]").first).to_be_focused()
        expect(page.locator("input:checked")).to_have_count(1)  # the keys' own box, in help

    def test_what_depends_on_an_item_shows_above_zero(self, page):
        page.goto(f"{SITE}/form")
        risk = page.locator("#risk")
        expect(risk).to_be_hidden()
        page.locator("[name=q3]").first.focus()
        page.keyboard.press("1")
        expect(risk).to_be_visible()
        page.keyboard.press("0")
        expect(risk).to_be_hidden()


class TestFailedSaves:
    @pytest.mark.parametrize(
        ("status", "said"),
        [(0, "could not be reached"), (503, "could not be reached"), (500, "on our side"), (400, "could not be done")],
    )
    def test_what_was_typed_stays_and_the_page_says_not_saved(self, page, site, status, said):
        site.save = status
        open_form(page)
        save(page)
        expect(page.get_by_role("alert")).to_contain_text("Not saved.")
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.locator("[name=note]")).to_have_value("Walks twice a week.")

    def test_trying_again_saves_once_the_server_is_back(self, page, site):
        site.save = 503
        open_form(page)
        save(page)
        expect(page.get_by_role("alert")).to_be_visible()
        site.save = 200
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("link", name="First")).to_be_visible()
        assert ["Walks%20twice%20a%20week." in sent["body"] for sent in site.saved] == [True, True]

    def test_signed_out_meanwhile_loses_nothing(self, page, site):
        open_form(page)
        site.is_signed_in = False
        save(page)
        expect(page.get_by_role("alert")).to_contain_text("You were signed out.")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert")).to_contain_text("You were signed out.")
        expect(page.locator("[name=note]")).to_have_value("Walks twice a week.")
        site.is_signed_in, site.save, site.token = True, 403, "second"
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("link", name="First")).to_be_visible()
        assert [sent["token"] for sent in site.saved] == ["first", "second"]

    def test_a_stale_token_is_said_and_renewed(self, page, site):
        open_form(page)
        site.save, site.token = 403, "second"
        save(page)
        expect(page.get_by_role("alert")).to_contain_text("signed in again")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("link", name="First")).to_be_visible()
        assert [sent["token"] for sent in site.saved] == ["first", "second"]
        assert "csrfmiddlewaretoken=second" in site.saved[-1]["body"]


class TestLeaving:
    def test_leaving_with_something_unsaved_asks(self, page):
        open_form(page)
        asked: list[str] = []

        def stay(dialog):
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.get_by_role("link", name="Elsewhere").click()
        expect(page.locator("[name=note]")).to_have_value("Walks twice a week.")
        assert asked == ["beforeunload"]

    def test_leaving_an_untouched_form_does_not_ask(self, page):
        page.goto(f"{SITE}/form")
        page.get_by_role("link", name="Elsewhere").click()
        page.wait_for_url("**/list")

    def test_saving_does_not_ask_and_nothing_stays_in_the_browser(self, page, context):
        open_form(page)
        save(page)
        expect(page.get_by_role("link", name="First")).to_be_visible()
        page.goto(f"{SITE}/form")
        stored = context.storage_state()
        assert stored["origins"] == []
