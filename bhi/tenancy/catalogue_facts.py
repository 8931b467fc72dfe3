"""What Postgres' catalogue says, read once and typed. Only catalogue reads, which every role may make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
# Tables of the public schema by their name; any other schema's with it, so that they are nobody's expected table.
_NAME = "CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END"
_IN_OURS = f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_OURS}"


@dataclass(frozen=True)
class Relation:
    """A table (r, p), view (v), materialized view (m), foreign table (f) or sequence (S)."""

    name: str
    kind: str
    owner: str
    has_rls: bool
    forces_rls: bool
    is_security_invoker: bool
    organization_type: str | None
    is_organization_required: bool

    @property
    def is_table(self) -> bool:
        return self.kind in ("r", "p", "f")


@dataclass(frozen=True)
class Policy:
    table: str
    name: str
    is_permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None
    check: str | None


@dataclass(frozen=True)
class ForeignKey:
    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    is_deferrable: bool
    is_validated: bool

    @property
    def is_composite(self) -> bool:
        return len(self.columns) == 2 and self.columns[0] == "organization_id"


@dataclass(frozen=True)
class Index:
    table: str
    name: str
    is_primary: bool
    first_column: str | None


@dataclass(frozen=True)
class Grant:
    """A privilege of somebody who is not the owner. `column` is empty for the whole table."""

    grantee: str
    table: str
    column: str
    privilege: str


@dataclass(frozen=True)
class Role:
    name: str
    is_superuser: bool
    bypasses_rls: bool
    may_make_roles: bool
    may_make_databases: bool
    may_replicate: bool
    member_of: tuple[str, ...]
    settings: tuple[str, ...]
    owns: int


@dataclass(frozen=True)
class Facts:
    """One reading of the catalogue of one database."""

    relations: tuple[Relation, ...]
    policies: tuple[Policy, ...]
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    grants: tuple[Grant, ...]
    named: dict[str, frozenset[str]]
    security_definers: frozenset[str]
    roles: tuple[Role, ...]
    place_grants: frozenset[tuple[str, str, str]]


_RELATIONS = f"""
SELECT {_NAME}, c.relkind::text, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
       coalesce('security_invoker=true' = ANY(c.reloptions) OR 'security_invoker=on' = ANY(c.reloptions), false),
       format_type(a.atttypid, NULL), coalesce(a.attnotnull, false)
{_IN_OURS}
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""
_POLICIES = f"""
SELECT {_NAME}, p.polname, p.polpermissive, p.polcmd::text,
       ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) AS r),
       regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g'),
       regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\\s+', ' ', 'g')
{_IN_OURS} JOIN pg_policy p ON p.polrelid = c.oid
"""  # noqa: S608 -- put together from constants of this module
_COLUMNS = (
    "ARRAY(SELECT a.attname::text FROM unnest({numbers}) WITH ORDINALITY AS o (number, place) "
    "JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = o.number ORDER BY o.place)"
)
_FOREIGN_KEYS = f"""
SELECT {_NAME}, k.conname, {_COLUMNS.format(numbers="k.conkey", table="k.conrelid")}, k.confrelid::regclass::text,
       {_COLUMNS.format(numbers="k.confkey", table="k.confrelid")}, k.confdeltype::text, k.confupdtype::text,
       k.condeferrable, k.convalidated
{_IN_OURS} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'
"""
_INDEXES = f"""
SELECT {_NAME}, i.relname, x.indisprimary, a.attname
{_IN_OURS} JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
"""
_GRANTS = f"""
SELECT CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END, {_NAME}, '', g.privilege_type
{_IN_OURS} CROSS JOIN aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner
UNION ALL
SELECT CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END, {_NAME}, a.attname,
       g.privilege_type
{_IN_OURS} JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN aclexplode(a.attacl) AS g
WHERE g.grantee <> c.relowner
"""
# Constraints, indexes, policies and triggers by name; a trigger only while it fires for everybody.
_NAMED = f"""
SELECT {_NAME}, o.name {_IN_OURS} JOIN (
    SELECT conrelid, conname FROM pg_constraint
    UNION ALL SELECT polrelid, polname FROM pg_policy
    UNION ALL SELECT tgrelid, tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')
    UNION ALL SELECT x.indrelid, i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
) AS o (relation, name) ON o.relation = c.oid
"""  # noqa: S608 -- put together from constants of this module
_DEFINERS = f"""
SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND {_OURS}
"""  # noqa: S608 -- put together from constants of this module
_ROLES = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
       coalesce((SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0), '{}'),
       (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid)
         + (SELECT count(*) FROM pg_proc p WHERE p.proowner = r.oid)
         + (SELECT count(*) FROM pg_namespace n WHERE n.nspowner = r.oid)
         + (SELECT count(*) FROM pg_database d WHERE d.datdba = r.oid AND d.datname = current_database())
FROM pg_roles r WHERE r.rolname IN ('bhi_owner', 'bhi_app', 'bhi_maintenance')
"""
# Who may do what with the schema and the database; a database never granted has Postgres' own default.
_PLACES = """
SELECT 'schema', CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END, g.privilege_type
FROM pg_namespace n CROSS JOIN aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS g
WHERE n.nspname = 'public' AND g.grantee <> n.nspowner
UNION ALL
SELECT 'database', CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END, g.privilege_type
FROM pg_database d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS g
WHERE d.datname = current_database() AND g.grantee <> d.datdba
"""


def read_facts(cursor: Any) -> Facts:
    """Read the catalogue through a cursor of Django or psycopg."""
    named: dict[str, set[str]] = {}
    for table, name in _rows(cursor, _NAMED):
        named.setdefault(table, set()).add(name)
    return Facts(
        relations=tuple(Relation(*row) for row in _rows(cursor, _RELATIONS)),
        policies=tuple(Policy(*row) for row in _rows(cursor, _POLICIES)),
        foreign_keys=tuple(ForeignKey(*row) for row in _rows(cursor, _FOREIGN_KEYS)),
        indexes=tuple(Index(*row) for row in _rows(cursor, _INDEXES)),
        grants=tuple(Grant(*row) for row in _rows(cursor, _GRANTS)),
        named={table: frozenset(names) for table, names in named.items()},
        security_definers=frozenset(name for (name,) in _rows(cursor, _DEFINERS)),
        roles=tuple(Role(*row) for row in _rows(cursor, _ROLES)),
        place_grants=frozenset(_rows(cursor, _PLACES)),
    )


def _rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return [tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in cursor.fetchall()]
