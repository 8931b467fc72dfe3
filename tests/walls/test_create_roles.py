"""Roles are made, and put right, whatever was there before; shown on roles of other names."""

import os

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bhi.tenancy import roles
from bhi.tenancy.roles import RoleSpec
from tests import databases

PREFIX = f"bhi_test_role_{os.getpid()}"
OWNER, APP, ADMIN = f"{PREFIX}_owner", f"{PREFIX}_app", f"{PREFIX}_admin"
SPECS = (
    RoleSpec(OWNER, bypasses_rls=False, settings={"lock_timeout": "2s"}),
    RoleSpec(APP, bypasses_rls=False, settings={"statement_timeout": "15s"}),
)


@pytest.fixture
def admin():
    with psycopg.connect(databases.admin_url(), dbname="postgres", autocommit=True) as connection:
        yield connection


@pytest.fixture
def other_names(monkeypatch, admin):
    monkeypatch.setattr(roles, "ROLES", SPECS)
    monkeypatch.setattr(roles, "OWNER", OWNER)
    monkeypatch.setattr(roles, "APPLICATION", APP)
    monkeypatch.setattr(roles, "MAINTENANCE", APP)
    yield
    databases.drop(PREFIX, admin)
    for role in (APP, OWNER, ADMIN):
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def state(admin, role):
    return admin.execute(
        "SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolconfig, "
        "(SELECT array_agg(g.rolname::text) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid "
        "WHERE m.member = r.oid) FROM pg_roles r WHERE rolname = %s",
        [role],
    ).fetchone()


RIGHT = (True, False, False, False, ["statement_timeout=15s"], None)


def test_missing_roles_are_made_with_a_password(admin, other_names):
    roles.create_roles(databases.admin_url(), {APP: "correct horse"})
    assert state(admin, APP) == RIGHT
    (verifier,) = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [APP]).fetchone()
    assert verifier.startswith("SCRAM-SHA-256$")
    assert admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [OWNER]).fetchone() == (None,)


def test_a_role_that_grew_too_strong_is_put_right(admin, other_names):
    roles.create_roles(databases.admin_url(), {})
    names = {"app": sql.Identifier(APP), "owner": sql.Identifier(OWNER)}
    admin.execute(sql.SQL("ALTER ROLE {app} SUPERUSER BYPASSRLS CREATEROLE").format(**names))
    admin.execute(sql.SQL("GRANT {owner} TO {app}").format(**names))
    assert state(admin, APP) == (True, True, True, True, ["statement_timeout=15s"], [OWNER])
    roles.create_roles(databases.admin_url(), {})
    assert state(admin, APP) == RIGHT


def test_an_administrator_who_is_no_superuser_can_do_it(admin, other_names):
    attributes = "LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD 'once'"
    admin.execute(sql.SQL(f"CREATE ROLE {{}} {attributes}").format(sql.Identifier(ADMIN)))
    url = make_conninfo(databases.admin_url(), user=ADMIN, password="once")
    if admin.info.server_version < 160000:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            roles.create_roles(url, {})
        return
    roles.create_roles(url, {})
    roles.create_database(url, PREFIX)
    roles.create_database(url, PREFIX)
    owner = "SELECT pg_get_userbyid(datdba), datname FROM pg_database WHERE datname = %s"
    assert admin.execute(owner, [PREFIX]).fetchone() == (OWNER, PREFIX)
    with psycopg.connect(databases.admin_url(), dbname=PREFIX) as there:
        there.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))
        there.execute("CREATE TABLE thing (id int)")
        privileges = "SELECT has_table_privilege(%s, 'thing', p) FROM unnest(%s::text[]) AS p"
        asked = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
        granted = [row[0] for row in there.execute(privileges, [APP, asked])]
    assert granted == [True, True, True, True, False, False, False]


def test_the_command_makes_what_the_urls_name(db, settings, capsys):
    name = settings.DATABASES["default"]["NAME"]
    call_command("create_roles")
    assert capsys.readouterr().out == f"Roles and database {name} are ready. Next: manage.py migrate\n"


def test_a_refusal_is_said_in_postgres_words(settings):
    nobody = make_conninfo(databases.admin_url(), user="bhi_nobody", password="none")
    settings.ENVIRONMENT = settings.ENVIRONMENT.__class__(
        **{**vars(settings.ENVIRONMENT), "database_admin_url": nobody}
    )
    with pytest.raises(CommandError, match=r"^Postgres refused: "):
        call_command("create_roles")
