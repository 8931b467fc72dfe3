"""Days are sealed while people work: nobody waits, nothing is sealed twice, and the chain holds."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bhi.audit.chain import chain_fault
from bhi.audit.models import AuditEvent, AuditSeal
from bhi.audit.operations import record, seal_days
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.tenancy import MembershipFactory, OrganizationFactory
from tests.races import at_once

WRITERS, SEALERS, EACH = 6, 3, 15


@pytest.mark.django_db(transaction=True)
def test_sealing_beside_those_who_write_and_those_who_seal():
    organization = OrganizationFactory()
    seat = MembershipFactory(organization=organization)
    now = datetime.now(UTC).replace(hour=12)  # a day is sealed eight hours after its end
    with tenant(organization):
        for days in (3, 1):
            with time_machine.travel(now - timedelta(days=days), tick=False):
                record("chart.viewed", by=seat, at=now - timedelta(days=days), patient_id=uuid7())

    def write() -> str:
        for _ in range(EACH):
            record("caseload.viewed", by=seat, at=now, shown=[uuid7(), uuid7()])
        return "written"

    def seal() -> int:
        return seal_days(organization_id=organization.id, at=now)

    found = at_once(organization, [*[write] * WRITERS, *[seal] * SEALERS])
    assert found[:WRITERS] == ["written"] * WRITERS
    assert sorted(found[WRITERS:]) == [0, 0, 3]
    with tenant(organization):
        assert chain_fault(organization.id) is None
        assert AuditEvent.objects.count() == 2 + WRITERS * EACH
        assert seal_days(organization_id=organization.id, at=now + timedelta(days=1)) == 1
        assert chain_fault(organization.id) is None
        assert list(AuditSeal.objects.order_by("number").values_list("number", "event_count")) == [
            (1, 1),
            (2, 0),
            (3, 1),
            (4, WRITERS * EACH),
        ]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_comes_after_its_day_was_sealed_is_found():
    organization = OrganizationFactory()
    seat = MembershipFactory(organization=organization)
    at = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    with tenant(organization), time_machine.travel(at, tick=False):
        record("chart.viewed", by=seat, at=at)
    with tenant(organization):
        assert seal_days(organization_id=organization.id, at=at + timedelta(hours=9)) == 1
    with tenant(organization), time_machine.travel(at, tick=False):
        record("chart.viewed", by=seat, at=at)
    with tenant(organization):
        fault = chain_fault(organization.id)
    assert fault is not None
    assert (fault.day, fault.what) == (at.date(), "1 events were sealed, 2 are there")
