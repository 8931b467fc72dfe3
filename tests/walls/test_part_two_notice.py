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

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from registry.models import Patient
from registry.rules.part_two import NOTICE
from tests.factories.going_live import PartTwoConsentFactory, PartTwoMarkFactory
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.asking import Asking

ROOT = Path(__file__).parents[2]
SHOWN = sorted(name for name, url in OF_AN_ORGANIZATION.items() if url.shows and url.get == 200)
FILES = {"text/csv", "application/pdf"}
# Files that we did not write, or whose notice is where their format has room for it.
NO_PAGE = {
    "answer_file": "a payer's own bytes",
    "audit_file": "whom a person saw, for a breach's letters: kept here, of no record's content",
    "summary_file": "a stand-in here; the paper itself: tests/caseload/test_summary_paper.py",
    "packet_file": "a stand-in here; each page of a packet: tests/billing/test_part_two_claims.py",
    "paper_file": "a stand-in here; charge sheets and claim sheets: tests/billing/test_part_two_claims.py",
    "record_copy_file": "a stand-in here; both files of a copy: tests/billing/test_record_exports.py",
    "batch_file": "each claim has it as a note: tests/billing/test_part_two_claims.py",
}
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


def names_somebody(seat) -> bool:
    """Whether the audit says that what was answered shows a patient."""
    rows = AuditEvent.objects.filter(by=seat, request_id__isnull=False)
    return any(row.patient_id or row.shown for row in rows)


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in NO_PAGE])
def test_a_page_with_covered_records_carries_the_notice(name, seats):
    """One that shows nobody has nothing to carry it for. Everybody has consented: no page is refused."""
    asking = Asking(name, OF_AN_ORGANIZATION[name], seats)
    who = min(asking.url.roles)
    arguments, seat = asking.own(who), seats[who]
    with tenant(seat.organization):
        for patient in Patient.objects.all():
            PartTwoMarkFactory(organization=seat.organization, patient=patient)
            PartTwoConsentFactory(organization=seat.organization, patient=patient)
    answer = asking.request(who, "GET", arguments)
    with tenant(seat.organization):
        is_named = names_somebody(seat)
    assert answer.status_code == 200
    assert [part for part in text_of(answer) if is_named and NOTICE not in part] == []


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
