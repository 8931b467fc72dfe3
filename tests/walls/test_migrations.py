"""Migrations: complete, reversible, in one SQL that Postgres 15 knows, and only as the owner."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from bhi.tenancy import roles
from bhi.tenancy.catalogue import findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.expected import expected_tables
from tests import databases

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenancy", "accounts", "audit", "files", "jobs", "registry", "caseload", "billing", "outcomes")
OWN = sorted(key for key in MigrationLoader(None).disk_migrations if key[0] in APPS)
# What came with Postgres 16, 17 and 18, as it is written in SQL.
NEWER_THAN_15 = re.compile(
    r"\b(any_value|json_table|json_exists|json_query|json_value|is\s+json\b|uuidv7|uuidv4|random_normal"
    r"|array_shuffle|array_sample|without\s+overlaps|merge_action|to_bin|to_oct|casefold|array_reverse|array_sort"
    r"|pg_input_is_valid|returning\s+(old|new)\.|with\s*\(\s*(old|new)\s+as|generated\s+always\s+as\s*\([^)]*\)\s*virtual"
    r"|not\s+enforced|on_error\s+ignore|at\s+local)\b",
    re.IGNORECASE,
)


def test_no_model_has_changed_since_the_last_migration(db):
    printed = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=printed)
    assert printed.getvalue() == "No changes detected\n"


@pytest.mark.parametrize("key", OWN, ids=".".join)
def test_a_migration_can_be_taken_back(key):
    migration = MigrationLoader(None).disk_migrations[key]
    assert [operation for operation in migration.operations if not operation.reversible] == []


def test_the_newest_migrations_go_and_come_back(elsewhere):
    """Those on which nothing stands yet: the same wall is made again. tests/battery takes back all of them."""
    before = facts_of(elsewhere)
    executor = MigrationExecutor(elsewhere)
    graph = executor.loader.graph
    newest = [key for key in OWN if not graph.node_map[key].children]
    executor.migrate(None, plan=[(graph.nodes[key], True) for key in newest])
    assert set(OWN) - MigrationRecorder(elsewhere).applied_migrations().keys() == set(newest) != set()
    call_command("migrate", skip_checks=True, verbosity=0)
    assert findings(facts_of(elsewhere), expected_tables()) == []
    assert lasting(facts_of(elsewhere)) == lasting(before)


def lasting(facts):
    """Names without those that Postgres makes of numbers for foreign keys: a table made again has others."""
    return {
        table: {name for name in names if not name.startswith("RI_ConstraintTrigger")}
        for table, names in facts.named.items()
    }


def facts_of(connection):
    with connection.cursor() as cursor:
        return read_facts(cursor)


def test_roles_can_be_made_again_and_nothing_changes(elsewhere):
    before = facts_of(elsewhere)
    roles.create_roles(databases.admin_url(), {})
    roles.create_database(databases.admin_url(), elsewhere.settings_dict["NAME"])
    after = facts_of(elsewhere)
    assert (after.roles, after.place_grants) == (before.roles, before.place_grants)


def test_migrate_runs_as_the_owner_only(db):
    with pytest.raises(CommandError, match="migrate runs as bhi_owner: set DATABASE_OWNER_URL"):
        call_command("migrate", database="default", skip_checks=True)


def test_without_an_owner_migrate_says_what_to_set(db, monkeypatch):
    monkeypatch.setattr("bhi.tenancy.management.commands.migrate.connections", {"default": None})
    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        call_command("migrate", skip_checks=True)


def test_roles_need_an_administrator(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.__class__(**{**vars(settings.ENVIRONMENT), "database_admin_url": None})
    with pytest.raises(CommandError, match="DATABASE_ADMIN_URL is not set"):
        call_command("create_roles")


def test_passwords_come_from_the_urls():
    urls = {
        "bhi_app": "postgresql://bhi_app:s%40fe@host/bhi",
        "bhi_owner": "postgresql://bhi_owner@host/bhi",
        "x": None,
    }
    assert roles.passwords_of(urls) == {"bhi_app": "s@fe"}


SOURCES = sorted(
    file
    for app in ("bhi", "registry", "caseload", "billing", "outcomes")
    for pattern in ("*.py", "*.sql")
    for file in (ROOT / app).rglob(pattern)
)


def test_postgres_15_knows_all_of_our_sql():
    """The product promises Postgres 15 or newer; the embedded server is newer and would not notice."""
    newer = {
        f"{file.relative_to(ROOT)}: {match[0]}" for file in SOURCES for match in NEWER_THAN_15.finditer(_sql_of(file))
    }
    assert newer == set()
    assert NEWER_THAN_15.search("SELECT any_value(x)") is not None


def _sql_of(file):
    """String literals only: words of the code are not SQL."""
    import ast

    if file.suffix == ".sql":
        return file.read_text()
    tree = ast.parse(file.read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join(text for text in texts if re.search(r"\b(SELECT|INSERT|UPDATE|CREATE|ALTER|MERGE)\b", text))
