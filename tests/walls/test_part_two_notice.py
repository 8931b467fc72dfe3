"""Whatever leaves on paper or in a file with a record that 42 CFR part 2 covers carries the notice of it.

Each page of the access matrix that shows patients is asked for with everybody covered: its HTML has the notice, on
screen or for print, and so has each line of a file and each page of a PDF.
"""

from __future__ import annotations

import ast
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from bhi.tenancy.context import tenant
from registry.models import Patient
from registry.rules.part_two import NOTICE
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.asking import Asking

ROOT = Path(__file__).parents[2]
SHOWN = sorted(name for name, url in OF_AN_ORGANIZATION.items() if url.shows and url.get == 200)
FILES = {"text/csv", "application/pdf"}
# Parts of a page that is open already, and files without a page: their page or what made them is tried.
NO_PAGE: dict[str, str] = {}
# Tables without a patient in them, and the one kept for an investigation that names who was seen.
NO_NOTICE = {
    "billing/views/money.py": "sums of money, of no patient",
    "registry/operations/who_saw.py": "whom a person saw, for a breach's letters: kept here, of no record's content",
}


def text_of(answer) -> list[str]:
    """What must carry the notice: the page, each line below a table's head, or each page of a PDF."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/pdf":
        return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages]
    text = answer.content.decode("utf-8-sig", errors="replace")
    return text.splitlines()[1:] if kind == "text/csv" else [text]


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in NO_PAGE])
def test_a_page_with_covered_records_carries_the_notice(name, seats):
    asking = Asking(name, OF_AN_ORGANIZATION[name], seats)
    who = min(asking.url.roles)
    asking.own(who)
    with tenant(seats[who].organization):
        Patient.objects.update(is_part_two=True)
    answer = asking.ask(who)
    assert answer.status_code == 200
    assert [part for part in text_of(answer) if NOTICE not in part] == []


def test_every_table_that_is_made_says_whether_it_carries_the_notice():
    """A call that writes a table passes the notice, or stands in the list with the reason."""
    silent = set()
    for app in ("registry", "caseload", "billing", "bhi"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "csv_bytes":
                    continue
                if all(keyword.arg != "notice" for keyword in node.keywords):
                    silent.add(str(path.relative_to(ROOT)))
    assert silent == set(NO_NOTICE)
