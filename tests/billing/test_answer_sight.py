"""Answers of a patient who is kept from a seat: not there for it, in no list, page or sum."""

from typing import Any

import pytest
from django.test import Client

from bhi.tenancy.context import tenant
from billing.models import Acknowledgement, AnswerFile, Claim, RemittanceClaim
from billing.operations.answer_matching import match_claim
from tests.billing.filed import CONTROL, Filed, filed
from tests.billing.test_answer_pages import LIST, send
from tests.billing.test_answers import NOW
from tests.billing.test_pages import text_of
from tests.factories.going_live import RestrictionFactory
from tests.factories.registry import system_seat
from tests.rules.billing.answer_texts import acknowledged_claims, claim_said, paid_claim, payment, remittance

pytestmark = pytest.mark.django_db
OTHER = "00001-00002-GHJKLM"
HERS = ("ABARA", "Abara", "1EG4TE5MK73", CONTROL, "ICN900", "145.00", "290.00")


@pytest.fixture
def out(organization: Any) -> Filed:
    with tenant(organization):
        made = filed(organization)
        made.claim()
        made.claim(OTHER, family_name="Berg")
        return made


@pytest.fixture
def billing(out: Filed, client_for: Any) -> Client:
    made: Client = client_for("billing")
    return made


def hide(out: Filed) -> None:
    """From everybody but who restricts it."""
    claim = RemittanceClaim.objects.exclude(claim=None)[0].claim
    assert claim is not None
    RestrictionFactory(
        organization=out.organization, seats=[], patient=claim.patient, recorded_by=system_seat(out.organization)
    )


def test_what_was_found_by_its_number_is_not_told(billing: Client, out: Filed) -> None:
    page = send(billing, remittance(payment(paid_claim()))).redirect_chain[0][0]
    with tenant(out.organization):
        hide(out)
        row = RemittanceClaim.objects.count(), RemittanceClaim.objects.get().id
    shown = billing.get(page)
    assert [word in shown.content.decode() for word in HERS] == [False] * len(HERS)
    text = text_of(shown)
    assert text.count("1 row of this file is of patients not open to you, and sums that hold them do not show.") == 1
    assert (text.count("To match"), text.count("Claim by claim"), text.count("not shown")) == (0, 0, 1)
    listed = billing.get(LIST)
    assert [word in listed.content.decode() for word in HERS] == [False] * len(HERS)
    assert (text_of(listed).count("not all open to you"), text_of(listed).count("To match (")) == (1, 0)
    here = f"{LIST}claims/{row[1]}/match/"
    answers = [billing.get(here), billing.post(here, {"act": "undo", "because": "x"})]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_what_was_matched_by_hand_is_not_told_nor_taken_back(billing: Client, out: Filed) -> None:
    send(billing, remittance(payment(paid_claim("0007-0001"))))
    with tenant(out.organization):
        row = RemittanceClaim.objects.get()
        claim = Claim.objects.get(control_number=CONTROL)
        match_claim(by=system_seat(out.organization), at=NOW, remittance_claim_id=row.id, claim_id=claim.id)
        hide(out)
    here = f"{LIST}claims/{row.id}/match/"
    for data in ({"act": "undo", "because": "x"}, {"act": "match", "claim": str(claim.id)}, {"act": "aside"}):
        answer = billing.post(here, data)
        assert answer.status_code == 404, data
    with tenant(out.organization):
        row.refresh_from_db()
        assert row.claim_id == claim.id


def test_what_was_said_of_a_claim_is_not_told(billing: Client, out: Filed) -> None:
    text = acknowledged_claims(claim_said(CONTROL, "A7:562", number="ICN900"), claim_said(OTHER, "A7:562"))
    page = send(billing, text).redirect_chain[0][0]
    send(billing, remittance(payment(paid_claim())))
    with tenant(out.organization):
        hide(out)
        row = Acknowledgement.objects.get(reference=CONTROL)
    shown = billing.get(page)
    assert [word in shown.content.decode() for word in HERS[:5]] == [False] * 5
    text = text_of(shown)
    assert (text.count("1 row of this file is of patients not open to you"), text.count("Berg, Jo")) == (1, 1)
    here = f"{LIST}acknowledgements/{row.id}/match/"
    assert [billing.get(here).status_code, billing.post(here, {"act": "undo"}).status_code] == [404, 404]
    with tenant(out.organization):
        file = AnswerFile.objects.get(id=row.file_id)
    assert billing.get(f"{LIST}{file.id}/file/").status_code == 404
