"""Where a fault is mended: a page for whoever may open it, or for whom it waits."""

from uuid import UUID

import pytest
from django.urls import reverse

from bhi.accounts.permissions import GRANTS, Permission
from bhi.tenancy.models import Role
from billing.rules.mending import Mender, mender_of
from billing.rules.x12.claim import Fault, Ids
from billing.views.mending import Mend, mending

ID = "0199a1b2-0000-7000-8000-000000000001"
PATIENT = "0199a1b2-0000-7000-8000-000000000002"
ALL = frozenset(Permission)
BILLING = GRANTS[Role.BILLING]
BACK = "/o/lakeside/billing/2026-02/filing/"


def fault(kind: str, word: str = "word", object_id: str = ID) -> Fault:
    return Fault(word, "A sentence.", "Field", kind, object_id)


def shown(one: Fault, may: frozenset[Permission] = ALL, back: str = "") -> tuple[str, str]:
    found: Mend = mending("lakeside", "2026-02", may, back=back)(one, Ids(patient=PATIENT))
    return found.url, found.waits_for


@pytest.mark.parametrize(
    ("one", "name", "arguments"),
    [
        (fault("provider"), "filing_provider", []),
        (fault("receiver"), "filing", []),
        (fault("route"), "payer_route", [ID]),
        (fault("site"), "filing_clinic", [ID]),
        (fault("fees"), "fees", []),
        (fault("patient"), "patient_insurance", [PATIENT]),
        (fault("coverage"), "patient_insurance", [PATIENT]),
        (fault("part_two"), "record_rights", [PATIENT]),
        (fault("consent"), "enrolment", [PATIENT]),
        (fault("diagnoses"), "diagnoses", [PATIENT]),
        (fault("clinician"), "insurance_npi", [PATIENT, ID]),
        (fault("clinic"), "clinic_site", [ID]),
        (fault("month"), "month_row", ["2026-02", ID]),
        (fault("month", "clinician_missing"), "care_team", [PATIENT]),
    ],
)
def test_a_fault_leads_to_its_page(one: Fault, name: str, arguments: list[str]):
    assert shown(one) == (reverse(name, args=["lakeside", *arguments]), "")


@pytest.mark.parametrize("kind", ["patient", "coverage", "clinician"])
def test_billing_mends_what_claims_carry_and_comes_back(kind: str):
    url, waits_for = shown(fault(kind), BILLING, BACK)
    assert (url.partition("?")[2], waits_for) == ("back=%2Fo%2Flakeside%2Fbilling%2F2026-02%2Ffiling%2F", "")


@pytest.mark.parametrize(
    ("one", "who", "mender"),
    [
        (fault("diagnoses"), "a care manager", Mender.CARE),
        (fault("consent"), "a care manager", Mender.CARE),
        (fault("part_two"), "a care manager", Mender.CARE),
        (fault("month", "clinician_missing"), "a care manager", Mender.CARE),
        (fault("clinic"), "a clinic lead or admin", Mender.SETTINGS),
    ],
)
def test_what_billing_may_not_mend_waits_for_somebody(one: Fault, who: str, mender: Mender):
    assert (shown(one, BILLING), mender_of(one)) == (("", who), mender)


def test_they_are_named_where_names_are_known():
    anna = UUID("0199a1b2-0000-7000-8000-00000000000a")
    names = {anna: "Anna Berg, RN"}
    mend = mending("lakeside", "2026-02", BILLING, name=lambda seat_id, _: names.get(seat_id, "nobody"))
    assert mend(fault("consent"), Ids(patient=PATIENT), anna).waits_for == "Anna Berg, RN"


def test_whoever_may_not_set_filing_up_is_told_who_does():
    assert shown(fault("provider"), frozenset()) == ("", "billing")


def test_what_has_no_page():
    assert (shown(fault("product")), shown(fault("claim")), shown(fault("clinician", object_id=""))) == (
        ("", "whoever runs this system"),
        ("", ""),
        ("", ""),
    )
