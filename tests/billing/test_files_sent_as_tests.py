"""Files that say T inside: nobody pays them, so their claims stand for nothing and their months leave again."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.files.operations import read
from bhi.tenancy.context import tenant
from billing.models import Batch, BillingProvider, Claim, PayerRoute
from billing.operations.claim_corrections import correct_claim, void_claim
from billing.operations.errors import FilesAreTests, OnlyATest
from billing.operations.filing import make_filed_batches
from billing.queries.claims import claimed_months
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.claims import DenialFactory, RemittanceClaimFactory


def make(people: Program) -> Batch:
    (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    return batch


def sends_tests(people: Program, *, is_test: bool = True) -> None:
    BillingProvider.objects.filter(organization=people.organization).update(is_test=is_test)


@pytest.fixture
def tested(lakeside: Program) -> Program:
    """February is closed, and files are tests."""
    set_up(lakeside)
    PayerRoute.objects.update(filing_code="16")
    sends_tests(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    return lakeside


def given(people: Program, claim: Claim) -> dict[str, Any]:
    return {"by": people.by, "at": AT, "claim_id": claim.id, "because": "Tried", "client_token": uuid4()}


def test_a_month_that_was_sent_as_a_test_leaves_again_in_earnest(tested: Program):
    batch = make(tested)
    claim = Claim.objects.get()
    assert (batch.is_test, claim.is_superseded, read(batch.stored_file).decode().split("*")[15]) == (True, True, "T")
    assert claimed_months(tested.organization.id, FEBRUARY) == {}
    assert make(tested).is_test is True
    sends_tests(tested, is_test=False)
    earnest = make(tested)
    live = Claim.objects.get(is_superseded=False)
    assert (earnest.is_test, live.batch, read(earnest.stored_file).decode().split("*")[15]) == (False, earnest, "P")
    assert [batch.number for batch in Batch.objects.order_by("number")] == [1, 2, 3]


def test_a_claim_of_a_test_is_neither_corrected_nor_taken_back(tested: Program):
    make(tested)
    for press in (correct_claim, void_claim):
        with pytest.raises(OnlyATest, match="file its month again in earnest"):
            press(**given(tested, Claim.objects.get()))
    assert Claim.objects.count() == 1


def test_a_test_takes_no_claims_place(tested: Program):
    sends_tests(tested, is_test=False)
    make(tested)
    sends_tests(tested)
    claim = Claim.objects.get()
    of_claim = RemittanceClaimFactory(organization=tested.organization, claim=claim, payer_claim_number="ICN7")
    DenialFactory(organization=tested.organization, remittance_claim=of_claim)
    with pytest.raises(FilesAreTests, match="Change that in the billing provider"):
        correct_claim(**given(tested, claim))
    claim.refresh_from_db()
    assert claim.is_superseded is False


class TestPages:
    @pytest.fixture
    def people(self, organization: Any, clinic: Any) -> Program:
        with tenant(organization):
            made = program(organization, clinic)
            set_up(made)
            sends_tests(made)
            filed_patient(made)
            closed(made)
            return made

    def text(self, client: Client, people: Program, path: str) -> str:
        answer = client.get(f"/o/{people.organization.slug}/billing/{path}")
        return " ".join(answer.content.decode().split())

    def test_the_page_says_that_it_makes_a_test_and_how_to_change_it(self, people: Program, client_for: Any):
        page = self.text(client_for("billing"), people, f"months/{FEBRUARY}/files/new/")
        assert "These will be test files" in page
        assert f'href="/o/{people.organization.slug}/billing/filing/provider/">' in page
        with tenant(people.organization):
            sends_tests(people, is_test=False)
        assert "test file" not in self.text(client_for("billing"), people, f"months/{FEBRUARY}/files/new/")

    def test_batches_and_claims_say_that_they_were_tests(self, people: Program, client_for: Any):
        with tenant(people.organization):
            batch, claim = make(people), Claim.objects.get()
        billing = client_for("billing")
        assert "Test file" in self.text(billing, people, "batches/")
        assert "Test file" in self.text(billing, people, f"batches/{batch.id}/")
        page = self.text(client_for("clinic_lead"), people, f"claims/{claim.id}/")
        assert ("Test file" in page, "Stands no more" in page, "Corrected claim" in page) == (True, False, False)
