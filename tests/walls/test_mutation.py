"""Every hole is found: each part of the wall is broken in turn, and the catalogue must say so.

Where the hole would show rows, the probes that try to get through must show it too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bhi.tenancy.catalogue import Finding, findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.constraints import POLICY
from bhi.tenancy.expected import expected_tables
from tests.walls import probes
from tests.walls.probes import TwoTenants

EXPECTED = expected_tables()
TENANT_TABLES = sorted(table.name for table in EXPECTED if table.is_tenant)
KEYS = sorted((table.name, column, target) for table in EXPECTED for column, target in table.keys)
NARROW = sorted(table.name for table in EXPECTED if table.is_tenant and "UPDATE" not in table.may)
TRIGGERS = sorted(
    (table.name, name)
    for table in EXPECTED
    for name in table.named
    if name.startswith("pgtrigger_") or name.endswith("_void_once")
)


@contextmanager
def broken(two: TwoTenants, *statements: str) -> Iterator[None]:
    with two.connection.transaction(force_rollback=True):
        for statement in statements:
            two.connection.execute(statement)
        yield


def found(two: TwoTenants) -> list[Finding]:
    with two.connection.cursor() as cursor:
        return findings(read_facts(cursor), EXPECTED)


def places(two: TwoTenants) -> set[tuple[str, str]]:
    return {(finding.kind, finding.where) for finding in found(two)}


def reads_wall(two: TwoTenants, table: str) -> bool:
    return probes.organizations_seen(two, table) == {two.mine}


def writes_wall(two: TwoTenants, table: str) -> bool:
    return probes.answer_to_writing_for_another(two, table) == probes.refused_by_policy(table)


def test_before_anything_is_broken_there_is_nothing_to_find(scratch):
    assert found(scratch) == []


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_broken_policy_is_found_and_shows(scratch, table):
    policy = next(finding for finding in _policies(scratch) if finding[0] == table)[1]
    with broken(scratch, f'DROP POLICY "{policy}" ON "{table}"'):
        assert ("policy", table) in places(scratch)
        assert not reads_wall(scratch, table)
    with broken(scratch, f'ALTER POLICY "{policy}" ON "{table}" USING (true)'):
        assert places(scratch) == {("policy", table)}
        assert not reads_wall(scratch, table)
    with broken(scratch, f'ALTER POLICY "{policy}" ON "{table}" WITH CHECK (true)'):
        assert places(scratch) == {("policy", table)}
        assert not writes_wall(scratch, table)
    with broken(scratch, f'CREATE POLICY second ON "{table}" FOR SELECT TO bhi_app USING (true)'):
        assert places(scratch) == {("policy", table)}
        assert not reads_wall(scratch, table)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_switched_off_security_is_found(scratch, table):
    with broken(scratch, f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'):
        assert places(scratch) == {("wall", table)}
        assert not reads_wall(scratch, table)
    with broken(scratch, f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY'):
        assert places(scratch) == {("wall", table)}
    with broken(scratch, f'ALTER TABLE "{table}" ALTER organization_id DROP NOT NULL'):
        assert places(scratch) == {("wall", table)}


@pytest.mark.parametrize(("table", "column", "target"), KEYS)
def test_a_broken_key_is_found_and_shows(scratch, table, column, target):
    key = next(key for key in probes.composite_keys(scratch) if (key.table, key.columns[-1]) == (table, column))
    drop = f'ALTER TABLE "{table}" DROP CONSTRAINT "{key.name}"'
    add = f'ALTER TABLE "{table}" ADD CONSTRAINT "{key.name}" FOREIGN KEY'
    composite = f'{add} (organization_id, "{column}") REFERENCES "{target}" (organization_id, id)'
    place = f"{table}.{key.name}"
    with broken(scratch, drop):
        assert ("foreign key", table) in places(scratch)
        assert probes.sqlstate_of_pointing_elsewhere(scratch, key) != "23503"
    with broken(scratch, drop, f'{add} ("{column}") REFERENCES "{target}" (id)'):
        assert places(scratch) == {("foreign key", table), ("foreign key", place)}
        assert probes.sqlstate_of_pointing_elsewhere(scratch, key) != "23503"
    for change in ("ON DELETE CASCADE", "ON UPDATE CASCADE", "DEFERRABLE INITIALLY DEFERRED", "NOT VALID"):
        with broken(scratch, drop, f"{composite} {change}"):
            assert places(scratch) == {("foreign key", place)}, change


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_stray_grant_is_found(scratch, table):
    for privilege in ("TRUNCATE", "REFERENCES", "TRIGGER"):
        with broken(scratch, f'GRANT {privilege} ON "{table}" TO bhi_app'):
            assert places(scratch) == {("grant", table)}, privilege
    with broken(scratch, f'GRANT SELECT ON "{table}" TO PUBLIC'):
        assert places(scratch) == {("grant", table)}
    with broken(scratch, f'GRANT SELECT ON "{table}" TO bhi_maintenance'):
        assert places(scratch) == {("grant", table)}
    with broken(scratch, f'REVOKE SELECT ON "{table}" FROM bhi_app'):
        assert places(scratch) == {("grant", table)}


@pytest.mark.parametrize("table", NARROW)
def test_a_widened_append_only_table_is_found(scratch, table):
    with broken(scratch, f'GRANT UPDATE ON "{table}" TO bhi_app'):
        assert ("grant", table) in places(scratch)
    with broken(scratch, f'GRANT DELETE ON "{table}" TO bhi_app'):
        assert places(scratch) == {("grant", table)}
    with broken(scratch, f'GRANT UPDATE (organization_id) ON "{table}" TO bhi_app'):
        assert places(scratch) == {("grant", f"{table}.organization_id")}


@pytest.mark.parametrize(("table", "trigger"), TRIGGERS)
def test_a_missing_trigger_is_found(scratch, table, trigger):
    with broken(scratch, f'DROP TRIGGER "{trigger}" ON "{table}"'):
        assert places(scratch) == {("missing", table)}
    with broken(scratch, f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"'):
        assert places(scratch) == {("missing", table)}


OTHER_HOLES = {
    "an unlisted table": ("CREATE TABLE stray (id int); ALTER TABLE stray OWNER TO bhi_owner", ("unlisted", "stray")),
    "a table of another schema": (
        "CREATE SCHEMA side CREATE TABLE stray (id int)",
        ("unlisted", "side.stray"),
    ),
    "a missing table": ("DROP TABLE billing_claimline", ("missing", "billing_claimline")),
    "a dropped check": (
        "ALTER TABLE registry_patient DROP CONSTRAINT registry_patient_voided_by_whom",
        ("missing", "registry_patient"),
    ),
    "a table of the application": ("ALTER TABLE registry_payer OWNER TO bhi_app", ("owner", "registry_payer")),
    "a key into a tenant table": (
        "ALTER TABLE accounts_user ADD patient_id uuid CONSTRAINT stray REFERENCES registry_patient (id)",
        ("foreign key", "accounts_user.stray"),
    ),
    "a cascade between global tables": (
        "ALTER TABLE tenancy_membership ADD x uuid CONSTRAINT stray REFERENCES accounts_user (id) ON DELETE CASCADE",
        ("foreign key", "tenancy_membership.stray"),
    ),
    "a unique value across organizations": (
        "CREATE UNIQUE INDEX stray ON registry_patient (mrn, organization_id)",
        ("index", "registry_patient.stray"),
    ),
    "an index of an expression": (
        "CREATE INDEX stray ON registry_patient (lower(mrn))",
        ("index", "registry_patient.stray"),
    ),
    "a view of its owner": ("CREATE VIEW stray AS SELECT * FROM registry_patient", ("view", "stray")),
    "a materialized view": ("CREATE MATERIALIZED VIEW stray AS SELECT 1 AS one", ("view", "stray")),
    "a function of its owner": (
        "CREATE FUNCTION stray() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ("function", "public.stray"),
    ),
    "a wider maintenance role": ("GRANT SELECT ON jobs_job TO bhi_maintenance", ("grant", "jobs_job")),
    "a write to the migrations' list": (
        "GRANT INSERT ON django_migrations TO bhi_app",
        ("grant", "django_migrations"),
    ),
    "pghistory's context": ("GRANT SELECT ON pghistory_context TO bhi_app", ("grant", "pghistory_context")),
    "tables made by anybody": ("GRANT CREATE ON SCHEMA public TO PUBLIC", ("role", "public")),
    "tables made by the application": ("GRANT CREATE ON SCHEMA public TO bhi_app", ("role", "bhi_app")),
    "a superuser": ("ALTER ROLE bhi_app SUPERUSER", ("role", "bhi_app")),
    "a bypass": ("ALTER ROLE bhi_app BYPASSRLS", ("role", "bhi_app")),
    "a role that makes roles": ("ALTER ROLE bhi_app CREATEROLE", ("role", "bhi_app")),
    "a member of the owner": ("GRANT bhi_owner TO bhi_app", ("role", "bhi_app")),
    "a member of all readers": ("GRANT pg_read_all_data TO bhi_maintenance", ("role", "bhi_maintenance")),
    "an owner that sees nothing": ("ALTER ROLE bhi_owner NOBYPASSRLS", ("role", "bhi_owner")),
    "requests without an end": ("ALTER ROLE bhi_app RESET statement_timeout", ("role", "bhi_app")),
}


@pytest.mark.parametrize("hole", OTHER_HOLES)
def test_any_other_hole_is_found(scratch, hole):
    statement, place = OTHER_HOLES[hole]
    with broken(scratch, statement):
        assert place in places(scratch)


def test_a_view_that_reads_as_its_reader_is_no_hole(scratch):
    view = "CREATE VIEW fine WITH (security_invoker = true) AS SELECT * FROM registry_patient"
    with broken(scratch, view, "ALTER VIEW fine OWNER TO bhi_owner"):
        assert found(scratch) == []


def test_a_policy_that_names_the_setting_otherwise_is_found(scratch):
    other = POLICY.replace("app.organization_id", "app.organisation_id")
    with broken(scratch, f"ALTER POLICY registry_patient_tenant ON registry_patient USING ({other})"):
        assert places(scratch) == {("policy", "registry_patient")}


def test_a_missing_role_is_found(scratch):
    with scratch.connection.cursor() as cursor:
        facts = read_facts(cursor)
    without = tuple(role for role in facts.roles if role.name != "bhi_maintenance")
    roles = {(one.where, one.what) for one in findings(_with_roles(facts, without), EXPECTED) if one.kind == "role"}
    assert roles == {("bhi_maintenance", "does not exist")}


def _with_roles(facts, roles):
    return type(facts)(**{**vars(facts), "roles": roles})


def _policies(two):
    with two.connection.cursor() as cursor:
        return [(policy.table, policy.name) for policy in read_facts(cursor).policies]


def test_a_hole_that_the_administrator_may_not_make_stays_an_error(scratch):
    """The helper itself: a statement that fails is not taken for a hole that was not found."""
    with pytest.raises(psycopg.Error), broken(scratch, "ALTER TABLE no_such_table ADD x int"):
        pass
