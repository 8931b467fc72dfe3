"""Migrations that the version before can live with: it keeps serving while they run, and after.

What docs/operate.md asks for ("Update without stopping") is checked by django-migration-linter and by one rule of ours:
no column without a default in the database, nothing renamed or dropped that is still read, no index built and no
constraint validated while writers wait.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from tests.walls.test_migrations import APPS, OWN

# Up to these, each app's migrations were written before anybody ran the product: no older code had to live with them,
# and no table had rows. From the next number on nothing is exempt.
BEFORE_THE_FIRST_RELEASE = {
    "tenancy": 7,
    "accounts": 4,
    "audit": 5,
    "files": 1,
    "jobs": 2,
    "registry": 15,
    "caseload": 11,
    "billing": 21,
    "outcomes": 4,
}
# Later ones that may break the rule after all: migration -> (what the linter says, why it is safe).
EXEMPT: dict[str, tuple[set[str], str]] = {}
CONSTRAINT = re.compile(r'ALTER TABLE "(?P<table>\w+)" ADD CONSTRAINT .*\b(CHECK|FOREIGN KEY|EXCLUDE)\b', re.DOTALL)
CREATED = re.compile(r'CREATE TABLE "(?P<table>\w+)"')


def codes_of(statements: list[str]) -> set[str]:
    """What is wrong with the statements of one migration, as the linter's codes and VALIDATES."""
    errors, _, warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    found = {issue.code for issue in (*errors, *warnings)}
    created = {match["table"] for line in statements if (match := CREATED.search(line))}
    if any(
        (match := CONSTRAINT.search(line)) and match["table"] not in created and "NOT VALID" not in line
        for line in statements
    ):
        found.add("VALIDATES")
    return found


@pytest.fixture
def statements(elsewhere) -> dict[str, list[str]]:
    """The SQL of every migration that is not exempt, collected in one walk: sqlmigrate would begin anew for each."""
    return dict(_walk(elsewhere))


def _walk(owner: Any) -> Iterator[tuple[str, list[str]]]:
    executor = MigrationExecutor(owner)
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True):
        key = f"{migration.app_label}.{migration.name}"
        if migration.app_label not in APPS or is_old(key):
            state = migration.mutate_state(state, preserve=False)
            continue
        with owner.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        begun = ["BEGIN;"] if migration.atomic else []
        yield key, [*begun, *editor.collected_sql]


def is_old(key: str) -> bool:
    app, name = key.split(".")
    return int(name[:4]) <= BEFORE_THE_FIRST_RELEASE[app]


def test_the_version_before_lives_with_every_migration(statements):
    found = {key: codes for key, lines in statements.items() if (codes := codes_of(lines))}
    assert found == {key: codes for key, (codes, _) in EXEMPT.items()}, (
        "The version before would fail or wait while this migrates. Give the column a db_default, build the index "
        "concurrently, add the constraint NOT VALID and validate it in the next migration, drop a version later: "
        "docs/operate.md, Update without stopping."
    )


def test_no_migration_is_exempt_before_it_is_written():
    """The numbers end where each app's migrations were when they were set, or before."""
    newest = {app: max(int(name[:4]) for of, name in OWN if of == app) for app in APPS}
    assert set(BEFORE_THE_FIRST_RELEASE) == set(APPS)
    assert [app for app, number in BEFORE_THE_FIRST_RELEASE.items() if number > newest[app]] == []
    assert [key for key, (_, why) in EXEMPT.items() if not why] == []


def test_the_walk_collects_what_a_new_migration_would_do(elsewhere, monkeypatch):
    """Were the last of the ground's migrations new, it would be refused for what it does."""
    monkeypatch.setitem(BEFORE_THE_FIRST_RELEASE, "tenancy", 3)
    found = {key: codes_of(lines) for key, lines in _walk(elsewhere)}
    assert found["tenancy.0004_clinics_have_addresses"] == {"NOT_NULL"}


TABLE = "registry_patient"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([f'ALTER TABLE "{TABLE}" ADD COLUMN "x" text NOT NULL;'], "NOT_NULL"),
        (
            [
                f'ALTER TABLE "{TABLE}" ADD COLUMN "x" text DEFAULT \'\' NOT NULL;',
                f'ALTER TABLE "{TABLE}" ALTER COLUMN "x" DROP DEFAULT;',
            ],
            "NOT_NULL",
        ),
        ([f'ALTER TABLE "{TABLE}" DROP COLUMN "x";'], "DROP_COLUMN"),
        (['DROP TABLE "registry_patient";'], "DROP_TABLE"),
        ([f'ALTER TABLE "{TABLE}" RENAME COLUMN "x" TO "y";'], "RENAME_COLUMN"),
        ([f'ALTER TABLE "{TABLE}" RENAME TO "y";'], "RENAME_TABLE"),
        ([f'ALTER TABLE "{TABLE}" ALTER COLUMN "x" TYPE integer;'], "ALTER_COLUMN"),
        ([f'CREATE INDEX "i" ON "{TABLE}" ("x");'], "CREATE_INDEX"),
        ([f'ALTER TABLE "{TABLE}" ADD CONSTRAINT "c" CHECK ("x" > 0);'], "VALIDATES"),
        ([f'ALTER TABLE "{TABLE}" ADD CONSTRAINT "c" FOREIGN KEY ("x") REFERENCES "y" ("id");'], "VALIDATES"),
    ],
)
def test_what_would_stop_the_version_before_is_found(lines, code):
    assert code in codes_of(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [f'ALTER TABLE "{TABLE}" ADD COLUMN "x" text NULL;'],
        [f'ALTER TABLE "{TABLE}" ADD COLUMN "x" text DEFAULT \'\' NOT NULL;'],
        [f'CREATE INDEX CONCURRENTLY "i" ON "{TABLE}" ("x");'],
        [f'ALTER TABLE "{TABLE}" ADD CONSTRAINT "c" CHECK ("x" > 0) NOT VALID;'],
        [f'ALTER TABLE "{TABLE}" VALIDATE CONSTRAINT "c";'],
        ['CREATE TABLE "new" ("x" int NOT NULL);', 'ALTER TABLE "new" ADD CONSTRAINT "c" CHECK ("x" > 0);'],
    ],
)
def test_what_it_can_live_with_passes(lines):
    assert codes_of(lines) == set()


def test_a_migration_waits_two_seconds_for_a_lock_and_no_longer(elsewhere):
    """Readers would queue behind it: it gives up, and is run again in a quieter minute."""
    with elsewhere.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("2s",)
