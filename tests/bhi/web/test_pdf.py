"""PDFs are made of their template alone: nothing that somebody typed makes this server fetch anything."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.template import engines

from bhi.web import pdf
from bhi.web.pdf import Picture, pdf_of
from tests.rules.billing.test_logos import png


@pytest.fixture
def neighbor():
    """A server of this machine, and what was asked of it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def elements(address) -> str:
    return f"""<img src="{address}/img"><link rel="stylesheet" href="{address}/sheet.css">
        <style>@import url({address}/import.css); p {{ background: url({address}/background) }}
        @font-face {{ font-family: f; src: url({address}/font) }} p {{ font-family: f }}</style>
        <object data="{address}/object"></object><embed src="{address}/embed"><p>text</p>
        <link rel="attachment" href="{address}/attachment"><a rel="attachment" href="{address}/attached">a</a>
        <svg xmlns="http://www.w3.org/2000/svg"><image href="{address}/svg"/></svg>"""


@pytest.fixture
def made(monkeypatch):
    """`made(html)`: the PDF of a template that lets through what somebody typed, as none of ours does."""

    def make(html, **given) -> bytes:
        monkeypatch.setattr(pdf, "render_to_string", lambda name, context=None: "" if "css" in name else html)
        return pdf_of("pdf/any.html", {}, **given)

    return make


def test_nothing_is_fetched_over_the_network(made, neighbor):
    address, asked = neighbor
    assert made(elements(address)).startswith(b"%PDF")
    assert asked == []


def test_nothing_is_read_from_this_machine(made, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("hush-7781-hush")
    plain, with_files = made("<p>text</p>"), made(elements(f"file://{tmp_path}"))
    attached = made(f'<p>text</p><link rel="attachment" href="file://{secret}"><img src="file://{secret}">')
    assert [b"/EmbeddedFile" in each for each in (plain, with_files, attached)] == [False] * 3


def test_only_pictures_that_were_given_are_shown(made):
    logo = Picture("image/png", png())
    shown = made('<img src="picture:logo">', pictures={"logo": logo})
    other = made('<img src="picture:other">', pictures={"logo": logo})
    assert [b"/Image" in each for each in (shown, other)] == [True, False]


def test_what_somebody_typed_is_text_in_the_templates_we_have():
    typed = '<img src="file:///etc/passwd">'
    rendered = engines["django"].from_string("{{ typed }}").render({"typed": typed})
    assert rendered == "&lt;img src=&quot;file:///etc/passwd&quot;&gt;"
