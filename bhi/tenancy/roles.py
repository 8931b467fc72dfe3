"""The three database roles, and what a database looks like before the first migration.

The application's role owns nothing and cannot bypass row-level security; the owner's role migrates and may
read everything; the maintenance role finds work across organizations and sees little else. Migrations narrow
what the application may do to single tables (bhi.tenancy.constraints.AppMayOnly).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

OWNER = "bhi_owner"
APPLICATION = "bhi_app"
MAINTENANCE = "bhi_maintenance"
# Where the administrator connects while the product's database may not exist yet; every server has it.
FIRST_DATABASE = "postgres"


@dataclass(frozen=True)
class RoleSpec:
    """A role that may log in, whether it passes through row-level security, and its session settings."""

    name: str
    bypasses_rls: bool
    settings: Mapping[str, str] = field(default_factory=dict)


# A migration gives up on a lock rather than let every reader queue behind it. A request that hangs or forgets its
# transaction must not hold locks for long; jobs raise their own statement_timeout.
ROLES = (
    RoleSpec(OWNER, bypasses_rls=True, settings={"lock_timeout": "2s"}),
    RoleSpec(
        APPLICATION,
        bypasses_rls=False,
        settings={"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s"},
    ),
    RoleSpec(
        MAINTENANCE,
        bypasses_rls=True,
        settings={"statement_timeout": "5min", "idle_in_transaction_session_timeout": "30s"},
    ),
)


def create_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Make the three roles, or put right what differs. Safe to repeat. Passwords are given by role name.

    Raises psycopg.Error when the administrator may not do it: before Postgres 16 only a superuser may give BYPASSRLS,
    since then also a role that has CREATEROLE and BYPASSRLS itself.
    """
    with psycopg.connect(admin_url, dbname=FIRST_DATABASE, autocommit=True) as admin:
        for spec in ROLES:
            _make_role(admin, spec, passwords.get(spec.name))
        for spec in ROLES:
            _leave_groups(admin, spec.name)
        _join_owner(admin)


def create_database(admin_url: str, name: str) -> None:
    """Make the database when it is missing, give it to the owner, and set what new tables grant. Safe to repeat."""
    with psycopg.connect(admin_url, dbname=FIRST_DATABASE, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            _run(admin, "CREATE DATABASE {name} OWNER {owner}", name=name, owner=OWNER)
        _run(admin, "ALTER DATABASE {name} OWNER TO {owner}", name=name, owner=OWNER)
        _run(admin, "REVOKE ALL ON DATABASE {name} FROM PUBLIC", name=name)
        for role in (APPLICATION, MAINTENANCE):
            _run(admin, "GRANT CONNECT ON DATABASE {name} TO {role}", name=name, role=role)
    with psycopg.connect(admin_url, dbname=name, autocommit=True) as admin:
        _set_privileges(admin)


def passwords_of(urls: Mapping[str, str | None]) -> dict[str, str]:
    """The passwords that the URLs of the roles carry, by role. A URL without one sets none."""
    found = {role: unquote(urlsplit(url or "").password or "") for role, url in urls.items()}
    return {role: password for role, password in found.items() if password}


def _make_role(admin: psycopg.Connection, spec: RoleSpec, password: str | None) -> None:
    query = "SELECT rolsuper FROM pg_roles WHERE rolname = %s"
    found = admin.execute(query, [spec.name]).fetchone()
    if found is None:
        _run(admin, "CREATE ROLE {role} LOGIN", role=spec.name)
    elif found[0]:
        _run(admin, "ALTER ROLE {role} NOSUPERUSER", role=spec.name)
    bypass = "BYPASSRLS" if spec.bypasses_rls else "NOBYPASSRLS"
    _run(admin, f"ALTER ROLE {{role}} LOGIN NOCREATEDB NOCREATEROLE {bypass}", role=spec.name)
    for setting, value in spec.settings.items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        admin.execute(statement.format(sql.Identifier(spec.name), sql.Identifier(setting), sql.Literal(value)))
    if password:
        _set_password(admin, spec.name, password)


def _set_password(admin: psycopg.Connection, role: str, password: str) -> None:
    """Hashed here, so that no server log can hold the password itself."""
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _leave_groups(admin: psycopg.Connection, role: str) -> None:
    """A role of ours is a member of nothing: membership would lend it another role's rights."""
    groups = admin.execute(
        "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid "
        "JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s",
        [role],
    ).fetchall()
    for (group,) in groups:
        _run(admin, "REVOKE {group} FROM {role}", group=group, role=role)


def _join_owner(admin: psycopg.Connection) -> None:
    """An administrator who is no superuser (a managed server's) may act for the owner only as its member."""
    row = admin.execute("SELECT rolsuper, rolname FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is not None and not row[0]:
        _run(admin, "GRANT {owner} TO {administrator}", owner=OWNER, administrator=row[1])


def _set_privileges(admin: psycopg.Connection) -> None:
    """Only named roles enter the schema; tables made by the owner from now on may be read and written."""
    _run(admin, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    _run(admin, "GRANT USAGE ON SCHEMA public TO {app}, {maintenance}", app=APPLICATION, maintenance=MAINTENANCE)
    _run(
        admin,
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        owner=OWNER,
        app=APPLICATION,
    )


def _run(admin: psycopg.Connection, statement: str, **identifiers: str) -> None:
    names = {key: sql.Identifier(value) for key, value in identifiers.items()}
    admin.execute(sql.SQL(statement).format(**names))
