"""Where a fault is mended: a page for whoever may open it, a person to ask otherwise."""

import pytest
from django.urls import reverse

from bhi.accounts.permissions import Permission
from billing.rules.x12.claim import Fault
from billing.views.mending import mending

ID = "0199a1b2-0000-7000-8000-000000000001"
ALL = frozenset(Permission)


def mend(kind: str, object_id: str = ID, may: frozenset[Permission] = ALL) -> tuple[str, str]:
    found = mending("lakeside", "2026-02", may)(Fault("word", "A sentence.", "Field", kind, object_id))
    return found.url, found.ask


@pytest.mark.parametrize(
    ("kind", "name", "arguments"),
    [
        ("provider", "filing_provider", []),
        ("receiver", "filing", []),
        ("route", "payer_route", [ID]),
        ("fees", "fees", []),
        ("patient", "patient_details", [ID]),
        ("coverage", "patient_details", [ID]),
        ("consent", "enrolment", [ID]),
        ("diagnoses", "diagnoses", [ID]),
        ("clinician", "clinician", [ID]),
        ("clinic", "clinic_site", [ID]),
        ("month", "month_row", ["2026-02", ID]),
    ],
)
def test_a_fault_leads_to_its_page(kind: str, name: str, arguments: list[str]):
    assert mend(kind) == (reverse(name, args=["lakeside", *arguments]), "")


def test_who_may_not_open_it_is_told_whom_to_ask():
    assert mend("patient", may=frozenset()) == ("", "a care manager")
    assert mend("provider", may=frozenset()) == ("", "a clinic lead or admin")


def test_what_has_no_page():
    assert (mend("product"), mend("claim"), mend("clinician", "")) == (
        ("", "whoever runs this system"),
        ("", ""),
        ("", ""),
    )
