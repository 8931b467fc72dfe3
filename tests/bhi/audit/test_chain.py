"""The audit's chain: what was written holds, and whatever is changed afterwards is found and named."""

import io
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections

from bhi.audit.chain import ChainFault, chain_fault, head_of
from bhi.audit.models import AuditEvent, AuditSeal
from bhi.audit.operations import record, seal_days
from bhi.audit.place import Place, acting_from
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.tenancy import MembershipFactory, OrganizationFactory

DAYS = [datetime(2026, 3, day, 23, 59, 59, tzinfo=UTC) for day in (2, 3, 5)]
MORNING = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)


@pytest.fixture
def written(organization):
    """Two events on each of three days, the fourth of March without any; sealed on the morning of the sixth."""
    seat = MembershipFactory(organization=organization)
    with tenant(organization):
        for at in DAYS:
            with time_machine.travel(at, tick=False):
                record("chart.viewed", by=seat, at=at, patient_id=uuid7())
                record("caseload.viewed", by=seat, at=at, shown=[uuid7(), uuid7()])
        assert seal_days(organization_id=organization.id, at=MORNING) == 4
        yield organization


def test_a_chain_that_nobody_touched_holds(written):
    assert chain_fault(written.id) is None
    assert [(seal.day, seal.number, seal.event_count) for seal in AuditSeal.objects.order_by("number")] == [
        (date(2026, 3, 2), 1, 2),
        (date(2026, 3, 3), 2, 2),
        (date(2026, 3, 4), 3, 0),
        (date(2026, 3, 5), 4, 2),
    ]


def test_a_day_is_sealed_once_and_today_not_at_all(written):
    assert seal_days(organization_id=written.id, at=MORNING) == 0
    assert seal_days(organization_id=written.id, at=datetime(2026, 3, 7, 8, tzinfo=UTC)) == 1
    assert chain_fault(written.id) is None


@pytest.mark.parametrize(
    ("at", "sealed"),
    [
        (datetime(2026, 3, 7, 0, 0, 20, tzinfo=UTC), 0),
        (datetime(2026, 3, 7, 7, 59, 59, 999999, tzinfo=UTC), 0),
        (datetime(2026, 3, 7, 8, 0, tzinfo=UTC), 1),
        # The same instant on a clinic's clock, an hour before and at it: half past one in the night in Chicago.
        (datetime(2026, 3, 7, 1, 30, tzinfo=ZoneInfo("America/Chicago")), 0),
        (datetime(2026, 3, 7, 2, 0, tzinfo=ZoneInfo("America/Chicago")), 1),
        (datetime(2026, 3, 9, 0, 0, 20, tzinfo=UTC), 2),
    ],
)
def test_a_day_is_sealed_eight_hours_after_its_end_whenever_the_night_work_runs(written, at, sealed):
    assert seal_days(organization_id=written.id, at=at) == sealed


def test_what_began_before_midnight_and_is_written_after_a_run_at_midnight_is_sealed_with_its_day(organization):
    seat = MembershipFactory(organization=organization)
    with tenant(organization):
        with time_machine.travel(DAYS[0], tick=False):
            record("chart.viewed", by=seat, at=DAYS[0], patient_id=uuid7())
        assert seal_days(organization_id=organization.id, at=datetime(2026, 3, 3, 0, 0, 20, tzinfo=UTC)) == 0
        with time_machine.travel(DAYS[0], tick=False):
            record("chart.viewed", by=seat, at=DAYS[0], patient_id=uuid7())
        assert seal_days(organization_id=organization.id, at=datetime(2026, 3, 3, 8, 0, tzinfo=UTC)) == 1
        assert chain_fault(organization.id) is None
        assert AuditSeal.objects.get().event_count == 2


def test_an_organization_without_events_has_no_seals(organization):
    with tenant(organization):
        assert seal_days(organization_id=organization.id, at=MORNING) == 0
        assert chain_fault(organization.id) is None


def test_the_newest_seal_that_was_kept_elsewhere_finds_a_chain_that_was_rewritten(written):
    number, sha256 = head_of(written.id)
    assert chain_fault(written.id, anchor=(number, sha256)) is None
    assert chain_fault(written.id, anchor=(number, "1" * 64)) == ChainFault(
        date(2026, 3, 5), "the seal is not the one that was kept elsewhere"
    )
    assert chain_fault(written.id, anchor=(5, sha256)) == ChainFault(
        date(2026, 3, 5), "5 days were sealed, 4 seals are there"
    )


TAMPERED = [
    ("UPDATE audit_event SET action = 'chart.printed' WHERE id = %s", 3, "an event, or its order, was changed"),
    ("UPDATE audit_event SET patient_id = NULL WHERE id = %s", 3, "an event, or its order, was changed"),
    ("UPDATE audit_event SET shown = shown[1:1] WHERE id = %s", 3, "an event, or its order, was changed"),
    ("DELETE FROM audit_event WHERE id = %s", 3, "2 events were sealed, 1 are there"),
    ("DELETE FROM audit_seal WHERE number = 2 AND %s IS NOT NULL", 3, "a seal is missing"),
    ("DELETE FROM audit_seal WHERE number = 1 AND %s IS NOT NULL", 3, "a seal is missing"),
    ("UPDATE audit_seal SET sha256 = repeat('f', 64) WHERE number = 2 AND %s IS NOT NULL", 3, None),
]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(("statement", "day", "what"), TAMPERED)
def test_whatever_is_changed_behind_our_back_is_found(statement, day, what):
    organization = OrganizationFactory()
    seat = MembershipFactory(organization=organization)
    with tenant(organization):
        for at in DAYS:
            with time_machine.travel(at, tick=False):
                record("chart.viewed", by=seat, at=at, patient_id=uuid7())
                record("caseload.viewed", by=seat, at=at, shown=[uuid7(), uuid7()])
        seal_days(organization_id=organization.id, at=MORNING)
        ids = [event.id for event in AuditEvent.objects.order_by("id")]
    victim = ids[3] if "shown" in statement else ids[2]
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, [victim])
    with tenant(organization):
        fault = chain_fault(organization.id)
    assert fault is not None
    assert fault.day in (date(2026, 3, 2), date(2026, 3, day))
    assert what is None or fault.what == what


def test_rows_say_from_where_and_whom_a_list_showed(organization):
    seat = MembershipFactory(organization=organization)
    people = sorted([uuid7(), uuid7()])
    with tenant(organization):
        with acting_from(Place("192.0.2.7", "0123456789abcdef")):
            record("caseload.viewed", by=seat, at=MORNING, shown=[*people, people[0]])
        record("caseload.viewed", by=seat, at=MORNING, count=3)
        first, second = AuditEvent.objects.order_by("id")
    assert (first.ip, first.session, first.shown, first.count) == ("192.0.2.7", "0123456789abcdef", people, 2)
    assert (second.ip, second.session, second.shown, second.count) == (None, "", None, 3)


def test_the_command_says_how_many_days_hold_and_keeps_the_newest_seal(written, tmp_path):
    kept, said = tmp_path / "anchor.json", io.StringIO()
    call_command("verify_audit", organization=written.slug, anchor=kept, stdout=said)
    assert said.getvalue() == f"{written.slug}: 4 days hold\n"
    assert json.loads(kept.read_text()) == {str(written.id): list(head_of(written.id))}
    kept.write_text(json.dumps({str(written.id): [4, "1" * 64]}))
    with pytest.raises(SystemExit):
        call_command("verify_audit", organization=written.slug, anchor=kept, stdout=said)
    assert said.getvalue().endswith("2026-03-05: the seal is not the one that was kept elsewhere\n")
