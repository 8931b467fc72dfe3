"""Time of a month that was claimed: who changes it is told, says so, and billing sees it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.tenancy.context import tenant
from billing.operations.batches import make_batch
from billing.queries.claims import claims_on
from billing.queries.month_detail import month_detail
from billing.queries.month_page import month_page
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from tests.billing.people import AT, Program, program

FEBRUARY = "2026-02"
CLAIMED = "February 2026 was claimed in batch 1"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def claimed(people: Program) -> Any:
    """An episode whose February was claimed, with a short entry on which no code rests."""
    with tenant(people.organization):
        episode = people.billing_patient(minutes=80)
        entry = people.work(episode, 3, hour=20)
        make_batch(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    return entry


def sent(entry: TimeEntry, **fields: str) -> dict[str, str]:
    return {"client_token": str(uuid4()), "how": "take_back", "reason": "Logged twice", "on": "2026-02-30", **fields}


def test_who_changes_time_of_a_claimed_month_says_that_they_know(
    client_for: Any, claimed: TimeEntry, people: Program
) -> None:
    lead: Client = client_for("clinic_lead")
    url = f"/o/lakeside/time/{claimed.id}/"
    page = lead.get(url)
    assert (page.context["form"].claimed, CLAIMED in page.text) == (CLAIMED, True)
    refused = lead.post(url, sent(claimed))
    assert refused.status_code == 422
    assert refused.context["form"].errors == {
        "is_claim_known": [f"{CLAIMED}. Tick this if the entry is to be changed all the same."]
    }
    done = lead.post(url, sent(claimed, is_claim_known="on"), follow=True)
    assert f"Taken back: its minutes count nowhere. {CLAIMED}: billing sees what changed." in done.text
    with tenant(people.organization):
        assert TimeEntry.objects.get(id=claimed.id).voided_at is not None


def test_time_is_not_moved_into_a_claimed_month_unsaid(client_for: Any, claimed: TimeEntry, people: Program) -> None:
    with tenant(people.organization):
        march = people.work(claimed.episode, 10, on=date(2026, 3, 2))
        assert claims_on(people.organization.id, claimed.patient_id, ["2026-03"]) == ""
    lead: Client = client_for("clinic_lead")
    url = f"/o/lakeside/time/{march.id}/"
    assert lead.get(url).context["form"].claimed == ""
    moved = sent(march, how="correct", on="2026-02-27", minutes="10")
    assert list(lead.post(url, moved).context["form"].errors) == ["is_claim_known"]


def test_billing_sees_other_minutes_though_the_codes_are_the_same(people: Program, claimed: TimeEntry) -> None:
    with tenant(people.organization):
        (before,) = month_page(people.organization.id, FEBRUARY).rows
        void_time(by=people.by, at=AT, entry=claimed, reason="Logged twice")
        page = month_page(people.organization.id, FEBRUARY)
        detail = month_detail(people.organization.id, FEBRUARY, claimed.episode_id)
    (row,) = page.rows
    assert (before.is_time_changed, before.has_remarks) == (False, bool(before.gaps or before.flags))
    assert (row.is_changed, row.is_time_changed, row.has_remarks, page.changed) == (False, True, True, 1)
    assert (before.minutes, row.minutes, row.claimed_time_words) == (83, 80, "Claimed with 83 minutes")
    assert detail.claimed_time == "Claimed with 83 minutes in batch 1; 80 count now"


def test_billing_is_shown_that_on_both_pages(client_for: Any, people: Program, claimed: TimeEntry) -> None:
    with tenant(people.organization):
        void_time(by=people.by, at=AT, entry=claimed, reason="Logged twice")
    billing: Client = client_for("billing")
    assert "Claimed with 83 minutes" in billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/").text
    one = billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{claimed.episode_id}/").text
    assert "Claimed with 83 minutes in batch 1; 80 count now" in one
