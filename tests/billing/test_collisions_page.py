"""The patient's month says how other services known for it go with what it bills."""

from typing import Any

import pytest
from django.test import Client

from bhi.tenancy.context import tenant
from billing.operations.other_services import record_other_service
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import FEBRUARY, text_of


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_what_stands_beside_the_month_is_said_with_its_source(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Beside")
        for code, is_ours in (("99451", False), ("99490", True)):
            record_other_service(
                by=people.by,
                at=AT,
                patient=episode.patient,
                month="2026-02",
                code=code,
                is_by_billing_practitioner=is_ours,
            )
    page = text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
    said = page.split("Beside other services")[1]
    assert "beside 99451 by another practitioner: never, since 2019. The psychiatric consultant's" in said.replace(
        "&#x27;", "'"
    )
    assert "by the same practitioner: allowed, each with its own minutes, since 2017." in said
    assert "AAP News on the CPT codes" in said


def test_a_month_with_nothing_beside_it_has_no_such_panel(people: Program, billing: Client):
    with tenant(people.organization):
        episode = people.billing_patient("Alone")
    assert "Beside other services" not in text_of(billing.get(f"{FEBRUARY}episodes/{episode.id}/"))
