"""A second insurance: on the claim sheet, on paper, and on the claim's page once the first payer has answered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from billing.models import Claim
from billing.operations.filing import make_filed_batches
from billing.queries.other_plans import other_plans
from billing.queries.paper_sheets import FORMS, PaperAsked, paper_of
from billing.rules.claim_sheet import OtherPlan
from registry.models import Episode
from tests.billing.filing import FEBRUARY, LAST_DAY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import RemittanceClaimFactory
from tests.factories.registry import CoverageFactory, PatientFactory

MEDICARE = "Medicare Part B"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        set_up(made)
        return made


@pytest.fixture
def episode(people: Program) -> Episode:
    with tenant(people.organization):
        found = filed_patient(people, mrn="77")
        insure(people, found, "Blue Plan", rank=2, member_id="BX9", relationship="spouse")
        closed(people)
        return found


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def insure(people: Program, episode: Episode, payer: str, **fields: Any) -> None:
    of = {"organization": people.organization, "patient": episode.patient, "payer": people.payer(payer)}
    holder = {"subscriber_family_name": "Abara", "subscriber_given_name": "Kim"}
    CoverageFactory(**of, **(holder if fields.get("relationship") else {}), **fields)


def test_what_was_in_force_on_the_day_is_found_in_order_at_one_statement(people: Program, episode: Episode) -> None:
    with tenant(people.organization):
        insure(people, episode, "Gone Plan", rank=3, until_on=date(2026, 2, 27))
        insure(people, episode, "Later Plan", rank=4, from_on=date(2026, 3, 1))
        insure(people, episode, "Third Plan", rank=5, member_id="T1")
        alone = PatientFactory(organization=people.organization)
        asked = (episode.patient_id, MEDICARE, LAST_DAY)
        with CaptureQueriesContext(connection) as captured:
            found = other_plans(people.organization.id, [asked, (alone.id, MEDICARE, LAST_DAY)])
    assert found == {asked: (OtherPlan("Blue Plan", "BX9", "Abara, Kim"), OtherPlan("Third Plan", "T1"))}
    assert len(captured) == 1


def test_the_claim_sheet_names_it_in_its_boxes(people: Program, episode: Episode, billing: Client) -> None:
    said = text_of(billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/sheet/"))
    for box in (
        "9 Other insured Abara, Kim",
        "9a Other policy or group number BX9",
        "9d Other plan Blue Plan",
        "11d Another health plan Yes",
    ):
        assert box in said, box
    with tenant(people.organization):
        (row,) = paper_of(people.organization.id, PaperAsked(FORMS, FEBRUARY), at=AT).rows
        (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        of_batch = PaperAsked(FORMS, FEBRUARY, batch_id=batch.id, batch_number=batch.number)
        (left,) = paper_of(people.organization.id, of_batch, at=AT).rows
    assert row.other == left.other == OtherPlan("Blue Plan", "BX9", "Abara, Kim")


def test_without_one_the_sheet_says_so(people: Program, billing: Client) -> None:
    with tenant(people.organization):
        alone = filed_patient(people, "Bello")
        closed(people)
    said = text_of(billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{alone.id}/sheet/"))
    assert ("11d Another health plan No other on record" in said, "9a Other" in said) == (True, False)


def test_the_claim_says_where_the_rest_may_go_once_it_is_answered(
    people: Program, episode: Episode, billing: Client
) -> None:
    with tenant(people.organization):
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        made = Claim.objects.get(episode=episode)
    page = f"/o/lakeside/billing/claims/{made.id}/"
    before = text_of(billing.get(page))
    assert ("Also insured by Blue Plan BX9 held by Abara, Kim" in before, "may go to" in before) == (True, False)
    with tenant(people.organization):
        RemittanceClaimFactory(organization=people.organization, claim=made, paid=Decimal("100.00"))
    after = text_of(billing.get(page))
    assert "What is left may go to Blue Plan" in after
    assert "No file is made for a second payer here" in after
