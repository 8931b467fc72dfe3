"""A packet against a plain PDF: the same words on as many pages, set in paragraphs by the same library."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from html.parser import HTMLParser
from typing import Any

import weasyprint
from django.template.loader import render_to_string
from django.utils.html import escape

from bench.measuring import Measurement, side_by_side
from bhi.accounts.queries import people_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from billing.queries.packet_month import packet_month
from billing.rules.packet import PacketContent, fingerprint
from billing.tasks import packet_paper
from registry.models import Episode

BUDGET = 1.3
PLAIN = "@page { size: letter; margin: 24mm 14mm 19mm } body { font: 7.6pt/1.28 'DejaVu Sans'; margin: 0 }"


def measure_packet(
    organization: Organization, *, at: datetime, month: str, months: int, rounds: int
) -> list[Measurement]:
    """A packet of some patients' months, set, against a plain PDF of its words on as many pages; and its reading."""
    with tenant(organization):
        content = _content(organization, month, months)
        pages = _pages(content, at)
        packet, reading = partial(_packet, organization, content, at), partial(_content, organization, month, months)
        full = partial(_plain, [_full_page(pages)] * len(pages))
        limit, same, taken, read = side_by_side(full, partial(_plain, pages), packet, reading, rounds=rounds, warm=1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = (
        f"{months} patients’ months, {len(pages)} pages; {memory} MB at most; limit: as many pages full of plain text"
    )
    return [
        Measurement("packet", taken.median, limit.median, BUDGET, what),
        Measurement(
            "packet, by its own words", taken.median, same.median, note="limit: its words alone, as paragraphs"
        ),
        Measurement("reading what a packet prints", read.median, note=f"{months} months that are not closed"),
    ]


def _full_page(pages: Sequence[Sequence[str]]) -> list[str]:
    """As many of the packet's words as a page of running text holds."""
    words = " ".join(piece for page in pages for piece in page).split()
    size = 200
    while _page_count(words[:size]) == 1 and size < len(words):
        size += 50
    return [" ".join(words[: size - 50])]


def _page_count(words: Sequence[str]) -> int:
    html = f"<p style='margin:0'>{escape(' '.join(words))}</p>"
    return len(weasyprint.HTML(string=html).render(stylesheets=[weasyprint.CSS(string=PLAIN)]).pages)


def _content(organization: Organization, month: str, months: int) -> PacketContent:
    people = people_of(organization.id)
    episodes = Episode.objects.order_by("id").values_list("id", flat=True)[:months]
    return PacketContent(tuple(packet_month(organization.id, month, one, people) for one in episodes), batch=1)


def _packet(organization: Organization, content: PacketContent, at: datetime) -> int:
    return len(packet_paper(organization.id, content, made_by="Bench", at=at))


def _pages(content: PacketContent, at: datetime) -> list[list[str]]:
    """The words of each page, a paragraph for each piece of text: as the packet's own HTML has them."""
    context: dict[str, Any] = {
        "content": content,
        "hash": fingerprint(content),
        "batch_words": "Batch 1",
        "made_by": "Bench",
        "made_at": at,
        "zone": content.months[0].heading.zone,
    }
    html = render_to_string("pdf/packet.html", context)
    sheet = weasyprint.CSS(string=render_to_string("pdf/packet.css"))
    count = len(weasyprint.HTML(string=html).render(stylesheets=[sheet]).pages)
    text = _Text()
    text.feed(html)
    size = -(-len(text.pieces) // count)
    return [text.pieces[start : start + size] for start in range(0, len(text.pieces), size)]


def _plain(pages: Sequence[Sequence[str]]) -> int:
    body = "<div style='break-after: page'></div>".join(
        "".join(f"<p style='margin:0'>{escape(piece)}</p>" for piece in page) for page in pages
    )
    return len(weasyprint.HTML(string=f"<body>{body}</body>").write_pdf(stylesheets=[weasyprint.CSS(string=PLAIN)]))


class _Text(HTMLParser):
    """The pieces of text of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.pieces.append(" ".join(data.split()))
