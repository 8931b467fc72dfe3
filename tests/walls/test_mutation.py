"""Every hole is found: each part of the wall is broken, and the catalogue must name exactly what was broken.

One kind of hole is made in all tables at once, and all of them must be named: reading the catalogue takes longer
than breaking it. Where the hole would show rows, the probes that try to get through must show it too.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bhi.tenancy.catalogue import Finding, findings
from bhi.tenancy.catalogue_facts import ForeignKey, read_facts
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


def at(kind: str, where: Iterable[str]) -> set[tuple[str, str]]:
    return {(kind, place) for place in where}


def reads_wall(two: TwoTenants, table: str) -> bool:
    return probes.organizations_seen(two, table) == {two.mine}


def writes_wall(two: TwoTenants, table: str) -> bool:
    return probes.answer_to_writing_for_another(two, table) == probes.refused_by_policy(table)


def test_before_anything_is_broken_there_is_nothing_to_find(scratch):
    assert found(scratch) == []


POLICY_HOLES = {
    "dropped": ('DROP POLICY "{policy}" ON "{table}"', reads_wall),
    "shows all": ('ALTER POLICY "{policy}" ON "{table}" USING (true)', reads_wall),
    "takes all": ('ALTER POLICY "{policy}" ON "{table}" WITH CHECK (true)', writes_wall),
    "joined by another": ('CREATE POLICY second ON "{table}" FOR SELECT TO bhi_app USING (true)', reads_wall),
    "for one role": ('ALTER POLICY "{policy}" ON "{table}" TO bhi_maintenance', reads_wall),
}


@pytest.mark.parametrize("hole", POLICY_HOLES)
def test_a_broken_policy_is_found_and_shows_on_every_table(scratch, hole):
    statement, holds = POLICY_HOLES[hole]
    broken_all = [statement.format(table=table, policy=f"{table}_tenant") for table in TENANT_TABLES]
    with broken(scratch, *broken_all):
        assert places(scratch) - {("missing", table) for table in TENANT_TABLES} == at("policy", TENANT_TABLES)
        assert [table for table in TENANT_TABLES if holds(scratch, table)] == []


WALL_HOLES = {
    "not enabled": "DISABLE ROW LEVEL SECURITY",
    "not forced": "NO FORCE ROW LEVEL SECURITY",
    "of nobody": "ALTER organization_id DROP NOT NULL",
}


@pytest.mark.parametrize("hole", WALL_HOLES)
def test_switched_off_security_is_found_on_every_table(scratch, hole):
    with broken(scratch, *[f'ALTER TABLE "{table}" {WALL_HOLES[hole]}' for table in TENANT_TABLES]):
        assert places(scratch) == at("wall", TENANT_TABLES)
        if hole == "not enabled":
            assert [table for table in TENANT_TABLES if reads_wall(scratch, table)] == []


KEY_CHANGES = ("ON DELETE CASCADE", "ON DELETE SET NULL", "ON UPDATE CASCADE", "DEFERRABLE", "NOT VALID")


def test_a_dropped_key_is_found_and_shows_on_every_table(scratch):
    keys = probes.composite_keys(scratch)
    with broken(scratch, *[_drop(key) for key in keys]):
        wanted = {f"lacks the composite key of {column} to {target}" for _, column, target in KEYS}
        assert {finding.what for finding in found(scratch) if finding.kind == "foreign key"} == wanted
        assert places(scratch) >= at("foreign key", {table for table, _, _ in KEYS})
        assert [key for key in keys if probes.sqlstate_of_pointing_elsewhere(scratch, key) == "23503"] == []


def test_a_plain_key_is_found_and_shows_on_every_table(scratch):
    keys = probes.composite_keys(scratch)
    plain = [f'{_add(key)} ("{key.columns[-1]}") REFERENCES "{key.target}" (id)' for key in keys]
    with broken(scratch, *[_drop(key) for key in keys], *plain):
        own = at("foreign key", {table for table, _, _ in KEYS})
        assert places(scratch) == own | at("foreign key", map(_place, keys))
        assert [key for key in keys if probes.sqlstate_of_pointing_elsewhere(scratch, key) == "23503"] == []


@pytest.mark.parametrize("change", KEY_CHANGES)
def test_a_key_that_acts_or_waits_is_found_on_every_table(scratch, change):
    keys = probes.composite_keys(scratch)
    changed = [
        f'{_add(key)} (organization_id, "{key.columns[-1]}") REFERENCES "{key.target}" (organization_id, id) {change}'
        for key in keys
    ]
    with broken(scratch, *[_drop(key) for key in keys], *changed):
        assert places(scratch) == at("foreign key", map(_place, keys))


def test_every_key_of_a_model_is_a_key_of_the_database(scratch):
    present = sorted((key.table, key.columns[-1], key.target) for key in probes.composite_keys(scratch))
    assert present == KEYS


def _drop(key: ForeignKey) -> str:
    return f'ALTER TABLE "{key.table}" DROP CONSTRAINT "{key.name}"'


def _add(key: ForeignKey) -> str:
    return f'ALTER TABLE "{key.table}" ADD CONSTRAINT "{key.name}" FOREIGN KEY'


def _place(key: ForeignKey) -> str:
    return f"{key.table}.{key.name}"


GRANT_HOLES = (
    'GRANT TRUNCATE ON "{table}" TO bhi_app',
    'GRANT REFERENCES ON "{table}" TO bhi_app',
    'GRANT TRIGGER ON "{table}" TO bhi_app',
    'GRANT SELECT ON "{table}" TO PUBLIC',
    'GRANT SELECT ON "{table}" TO bhi_maintenance',
    'REVOKE SELECT ON "{table}" FROM bhi_app',
)


@pytest.mark.parametrize("grant", GRANT_HOLES)
def test_a_stray_grant_is_found_on_every_table(scratch, grant):
    with broken(scratch, *[grant.format(table=table) for table in TENANT_TABLES]):
        assert places(scratch) == at("grant", TENANT_TABLES)


def test_a_widened_append_only_table_is_found(scratch):
    with broken(scratch, *[f'GRANT UPDATE ON "{table}" TO bhi_app' for table in NARROW]):
        assert places(scratch) == at("grant", NARROW)
    with broken(scratch, *[f'GRANT DELETE ON "{table}" TO bhi_app' for table in NARROW]):
        assert places(scratch) == at("grant", NARROW)
    with broken(scratch, *[f'GRANT UPDATE (organization_id) ON "{table}" TO bhi_app' for table in NARROW]):
        assert places(scratch) == at("grant", [f"{table}.organization_id" for table in NARROW])


@pytest.mark.parametrize(
    "change", ['DROP TRIGGER "{trigger}" ON "{table}"', 'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"']
)
def test_a_missing_trigger_is_found(scratch, change):
    lacking = {(table, f"lacks {trigger}, or it is switched off") for table, trigger in TRIGGERS}
    with broken(scratch, *[change.format(table=table, trigger=trigger) for table, trigger in TRIGGERS]):
        assert {(finding.where, finding.what) for finding in found(scratch)} == lacking


OTHER_HOLES = {
    "an unlisted table": ("CREATE TABLE stray (id int); ALTER TABLE stray OWNER TO bhi_owner", ("unlisted", "stray")),
    "a table of another schema": (
        "CREATE SCHEMA side CREATE TABLE stray (id int)",
        ("unlisted", "side.stray"),
    ),
    "a missing table": ("DROP TABLE billing_adjustment", ("missing", "billing_adjustment")),
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
    "a table without its organization": (
        "ALTER TABLE audit_event DROP COLUMN organization_id CASCADE",
        ("wall", "audit_event"),
    ),
    "a table of another server": (
        (
            "CREATE FOREIGN DATA WRAPPER stray; CREATE SERVER stray FOREIGN DATA WRAPPER stray; "
            "CREATE FOREIGN TABLE stray (id int) SERVER stray"
        ),
        ("view", "stray"),
    ),
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


def test_a_hole_that_the_administrator_may_not_make_stays_an_error(scratch):
    """The helper itself: a statement that fails is not taken for a hole that was not found."""
    with pytest.raises(psycopg.Error), broken(scratch, "ALTER TABLE no_such_table ADD x int"):
        pass
