"""Who may see which patient: Postgres shows no row of a patient to a seat that may not see them."""

from collections import defaultdict
from typing import Any

import pytest
from django.db import transaction
from psycopg import sql

from bhi.tenancy.catalogue import findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.constraints import SeenWith
from bhi.tenancy.context import tenant
from bhi.tenancy.expected import expected_tables
from registry.models import Episode, Patient
from tests.factories.everything import tenant_models
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.asking import ABSENT, PARTS, Asking, listed, part, told, walked
from tests.walls.probes import TwoTenants, as_application

EXPECTED = expected_tables()
SEEN = {table.name: table.sight for table in EXPECTED if table.sight}
# By table with whose row its own show: the column, and the table that it points at.
POINTS_AT = {
    model._meta.db_table: (field.column, field.related_model._meta.db_table)
    for model in tenant_models()
    for one in model._meta.constraints
    if isinstance(one, SeenWith)
    for field in (model._meta.get_field(one.field),)
}
# They say who may see a patient, or tell of two records put together: without them nobody could be told apart.
# A payer's answer that was matched to no claim yet is nobody's: whoever answers for the claims has to read it.
OF_NOBODY_YET = {"answers_unmatched"}
# Who looks at emergency access reads the record's number, whether they may open it or not.
BY_NUMBER = {"emergencies", "emergency_look"}
# The list for a notice of a breach names everybody, or some would not be told (docs/adr/0043).
WHOLE = {"audit_file"}
ALWAYS = {"registry_restriction", "registry_emergencyaccess", "registry_patientmerge"}
# Parts of a row that shows with its patient, which nothing counts or sums: each is read through that row.
BY_THEIR_WHOLE = {
    *("registry_plansignoff", "registry_referralattempt", "registry_riskstep", "registry_safetystep"),
    *("caseload_addendum", "caseload_cosignature", "caseload_decisionlink", "caseload_openspell"),
    *("caseload_recommendation", "caseload_recommendationstep", "caseload_reviewaddendum", "billing_packetpart"),
}
# What was asked of payers and what they answered, listed and summed by itself. Without a claim it is nobody's yet.
WITH_A_CLAIM = {
    *("billing_claimline", "billing_claimwithdrawal", "billing_remittanceclaim", "billing_acknowledgement"),
    *("billing_remittanceline", "billing_adjustment", "billing_denial", "billing_refund", "billing_matchundone"),
}


def test_every_table_about_a_patient_follows_the_patient() -> None:
    about = {
        model._meta.db_table
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if field.related_model in (Patient, Episode) and field.name in ("patient", "episode", "kept")
    }
    assert about | {"registry_patient"} | WITH_A_CLAIM == set(SEEN) | ALWAYS


def test_every_table_that_points_at_what_follows_a_patient_does_so_too_or_is_known() -> None:
    pointing = {
        model._meta.db_table
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if field.related_model is not None and field.related_model._meta.db_table in SEEN
    }
    assert pointing - set(SEEN) == ALWAYS | BY_THEIR_WHOLE


def counted(two: TwoTenants, table: str, **settings: str) -> int:
    with as_application(two) as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", value])
        found = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert found is not None
        return int(found[0])


def patients(two: TwoTenants) -> list[str]:
    with as_application(two) as cursor:
        return [str(row[0]) for row in cursor.execute("SELECT id FROM registry_patient").fetchall()]


def without_a_patient(two: TwoTenants, table: str) -> int:
    """Rows that point at nobody: a time entry of a group, a job of none, an answer that waits and what it says."""
    if table not in POINTS_AT:
        return 0
    column, target = POINTS_AT[table]
    whose = f"{column} IS NULL"
    if target in POINTS_AT:
        whose += f" OR EXISTS (SELECT FROM {target} t WHERE t.id = {column} AND t.{POINTS_AT[target][0]} IS NULL)"
    with as_application(two) as cursor:
        found = cursor.execute(f"SELECT count(*) FROM {table} WHERE {whose}".encode()).fetchone()
        assert found is not None
        return int(found[0])


@pytest.mark.parametrize("table", sorted(SEEN))
def test_rows_go_with_their_patient(scratch: TwoTenants, table: str) -> None:
    """Nothing is seen at no clinic, and nothing of hidden patients; all of it where no limit is set."""
    everybody = "{" + ",".join(patients(scratch)) + "}"
    total, nobodys = counted(scratch, table), without_a_patient(scratch, table)
    assert total > 0
    assert counted(scratch, table, clinics="{}", also="{}", hidden="{}") == nobodys
    assert counted(scratch, table, clinics="", also="{}", hidden=everybody) == nobodys
    assert counted(scratch, table, clinics="{}", also=everybody, hidden="{}") == total
    assert counted(scratch, table, clinics="", also="{}", hidden="{}") == total


@pytest.mark.parametrize(
    "hole",
    [
        'DROP POLICY "{policy}" ON "{table}"',
        'ALTER POLICY "{policy}" ON "{table}" USING (true)',
        'ALTER POLICY "{policy}" ON "{table}" TO bhi_maintenance',
    ],
)
def test_a_hole_is_found_on_every_table(scratch: TwoTenants, hole: str) -> None:
    with scratch.connection.transaction(force_rollback=True), scratch.connection.cursor() as cursor:
        for table, sight in SEEN.items():
            cursor.execute(hole.format(policy=sight[0], table=table).encode())
        found = {finding.where for finding in findings(read_facts(cursor), EXPECTED) if finding.kind == "sight"}
    assert found == set(SEEN)


# Through the product: every address, for a seat of another clinic and for a seat that a restriction leaves out


def at_another_clinic(asking: Asking, who: str) -> None:
    seat = asking.seats[who]
    SeatClinicFactory(organization=seat.organization, seat=seat, clinic=ClinicFactory(organization=seat.organization))


def restricted(asking: Asking, who: str) -> None:
    organization = asking.seats[who].organization
    for patient in Patient.objects.filter(organization=organization):
        Patient.objects.filter(id=patient.id).update(is_restricted=True)
        RestrictionFactory(organization=organization, patient=patient, seats=[], recorded_by=system_seat(organization))


@pytest.mark.parametrize("number", range(PARTS))
def test_who_may_not_see_a_patient_meets_them_nowhere(seats: Any, number: int) -> None:
    """What may not be seen is answered like what is not there, and no list or file names them."""
    found = walked(part(OF_AN_ORGANIZATION, number), seats, met)
    assert not found, listed(found)


def met(asking: Asking) -> dict[str, list[str]]:
    """What a role that may come here is told about a patient whom its seat may not see, under each limit."""
    who, found = min(asking.url.roles), defaultdict(list)
    asking.own(who)
    for limit in (at_another_clinic, restricted):
        with transaction.atomic():
            with tenant(asking.seats[who].organization):
                limit(asking, who)
            for method in ("GET", "POST"):
                look(asking, who, method, found, f"{limit.__name__}: {who} {method}")
            transaction.set_rollback(True)
    return dict(found)


def look(asking: Asking, who: str, method: str, found: dict[str, list[str]], case: str) -> None:
    answer = asking.ask(who, method)
    if answer.markers and asking.name not in OF_NOBODY_YET | BY_NUMBER | WHOLE:
        found["told"].append(f"{case}: {answer.markers}")
    of_a_patient = asking.url.shows == "patient" and asking.name not in BY_NUMBER
    if of_a_patient and asking.expected(who, method, "own") != 405:
        absent = asking.ask(who, method, ABSENT)
        if told(answer) != told(absent):
            found["told apart"].append(f"{case}: {answer.status_code}, not {absent.status_code}")
