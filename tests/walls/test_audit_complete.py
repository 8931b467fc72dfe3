"""A row of the audit is never taken away. That whoever sees a patient leaves one is tried with the access matrix."""

import pytest
from django.db import DatabaseError, transaction

from bhi.audit.models import AuditEvent
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW, MembershipFactory


@pytest.fixture
def event(organization):
    seat = MembershipFactory(organization=organization)
    with tenant(organization):
        record("chart.viewed", by=seat, at=NOW)
        yield AuditEvent.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'nothing.happened'",
        "UPDATE audit_event SET at = now()",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    ],
)
def test_an_event_is_never_changed_or_taken_away(event, statement):
    from django.db import connection

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().action == "chart.viewed"
