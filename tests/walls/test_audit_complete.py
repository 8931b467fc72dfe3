"""Whoever sees a patient leaves a row; nobody takes one away."""

import pytest
from django.db import DatabaseError, transaction

from bhi.audit.models import AuditEvent
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW, MembershipFactory
from tests.walls.access import MARKERS, OF_AN_ORGANIZATION
from tests.walls.asking import Asking

PAGES = sorted(name for name, url in OF_AN_ORGANIZATION.items() if url.get or url.post)


@pytest.fixture(params=PAGES)
def asking(request, seats):
    return Asking(request.param, OF_AN_ORGANIZATION[request.param], seats)


def test_a_page_that_shows_patients_says_so_in_the_table_and_in_the_audit(asking):
    """For each role that may; `shows` is what the table says, and a marker on the page what is so."""
    url = asking.url
    methods = [method for method, status in (("GET", url.get), ("HEAD", url.get), ("POST", url.post)) if status]
    unsaid, unwritten = [], []
    for who in sorted(url.roles):
        for method in methods:
            arguments = asking.own(who)
            with transaction.atomic():
                answer = asking.request(who, method, arguments)
                shown = [word for word in MARKERS if word.encode() in answer.content]
                if (shown or url.shows) and not _wrote(asking, who, method, arguments):
                    unwritten.append(f"{who} {method}")
                if shown and not url.shows and method == "GET":
                    unsaid.append(f"{who} {method}: {shown}")
                transaction.set_rollback(True)
    assert unsaid == [], "say in tests/walls/access.py what the page shows"
    assert unwritten == [], "the view must call bhi.audit.operations.record"


def _wrote(asking, who, method, arguments) -> bool:
    """Whether this seat's request left a row of the kind that the table names, marked with the request's id."""
    shows = asking.url.shows
    if method == "POST" and not shows:
        return True
    with tenant(asking.seats[who].organization):
        rows = AuditEvent.objects.filter(by=asking.seats[who], request_id__isnull=False)
        if shows == "patient":
            return rows.filter(patient_id=asking.patient_of(arguments)).exists()
        return rows.filter(count__isnull=False).exists()


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
