"""Is the wall whole? What Postgres' own catalogue says about it, compared with what ought to be.

Reading the catalogue needs no rights, so an operator can ask in production as the application's role. What ought
to be is given (bhi.tenancy.expected makes it from the models); nothing here knows Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bhi.tenancy import catalogue_roles
from bhi.tenancy.catalogue_facts import Facts, ForeignKey, Grant, Policy, Relation
from bhi.tenancy.pool import ALSO, CLINICS, HIDDEN
from bhi.tenancy.roles import APPLICATION, MAINTENANCE, OWNER

# As Postgres prints bhi.tenancy.constraints.POLICY.
POLICY_TEXT = (
    "(organization_id = ( SELECT (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid "
    'AS "nullif"))'
)
_SET_TO = "( SELECT NULLIF(current_setting('{setting}'::text, true), ''::text) AS \"nullif\")"
_CLINICS, _ALSO, _HIDDEN = (_SET_TO.format(setting=setting) for setting in (CLINICS, ALSO, HIDDEN))
# As Postgres prints bhi.tenancy.constraints.SEEN_BY_SEAT and SEEN_WITH.
SEEN_BY_SEAT_TEXT = (
    f"((({_CLINICS} IS NULL) OR ({{clinic}} = ANY (({_CLINICS})::uuid[])) OR (id = ANY (({_ALSO})::uuid[]))) "
    f"AND (({_HIDDEN} IS NULL) OR (id <> ALL (({_HIDDEN})::uuid[]))))"
)
_NO_LIMITS = f"concat(current_setting('{CLINICS}'::text, true), current_setting('{HIDDEN}'::text, true)) = ''::text"
_SEEN_ROW = "((seen.organization_id = {table}.organization_id) AND (seen.id = {table}.{column}))"
SEEN_WITH_TEXT = "".join(
    ("(( SELECT (", _NO_LIMITS, ")) OR {nothing}(EXISTS ( SELECT FROM {target} seen WHERE ", _SEEN_ROW, ")))")
)
SECURITY_DEFINERS_ALLOWED: frozenset[str] = frozenset()
# What the maintenance role may read: all of a table (None), or these columns.
MAINTENANCE_READS: Mapping[str, frozenset[str] | None] = {
    "tenancy_organization": None,
    "jobs_job": frozenset({"id", "organization_id", "kind", "state", "run_after", "lease_until"}),
}


@dataclass(frozen=True)
class Finding:
    """One hole or drift: what kind, in which object, and what is wrong as a sentence."""

    kind: str
    where: str
    what: str


@dataclass(frozen=True)
class ExpectedTable:
    """What one table ought to be. `update` is the columns that the application may change; `sight` the name of the
    policy that shows its rows only to who may see their patient, and its condition.
    """

    name: str
    is_tenant: bool
    may: frozenset[str] = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
    update: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    named: frozenset[str] = frozenset()
    sight: tuple[str, str] | None = None


def findings(facts: Facts, expected: Iterable[ExpectedTable]) -> list[Finding]:
    """Every way in which the database differs from a whole wall, sorted; none is right."""
    tables = {table.name: table for table in expected}
    tenants = {name for name, table in tables.items() if table.is_tenant}
    found = [
        *_coverage(facts, tables),
        *_tenant_tables(facts, tenants),
        *_policies(facts.policies, tables, tenants),
        *_foreign_keys(facts.foreign_keys, tenants),
        *_missing_keys(facts.foreign_keys, tables.values()),
        *_indexes(facts, tenants),
        *_ways_around(facts),
        *_grants(facts.grants, tables),
        *(Finding("role", role, what) for role, what in catalogue_roles.faults(facts)),
    ]
    return sorted(set(found), key=lambda finding: (finding.kind, finding.where, finding.what))


def _coverage(facts: Facts, tables: Mapping[str, ExpectedTable]) -> Iterator[Finding]:
    """No table that nobody declared, none missing, and every declared constraint and trigger in place."""
    present = {relation.name: relation for relation in facts.relations if relation.is_table}
    for name in present.keys() - tables.keys():
        yield Finding("unlisted", name, "is neither a tenant table of a model nor a listed global table")
    for name in tables.keys() - present.keys():
        yield Finding("missing", name, "is expected and does not exist")
    for relation in facts.relations:
        if relation.owner != OWNER:
            yield Finding("owner", relation.name, f"belongs to {relation.owner}, not to {OWNER}")
    for name, table in tables.items():
        for missing in table.named - facts.named.get(name, frozenset()):
            yield Finding("missing", name, f"lacks {missing}, or it is switched off")


def _tenant_tables(facts: Facts, tenants: set[str]) -> Iterator[Finding]:
    for relation in facts.relations:
        if relation.name in tenants:
            for what in _wall_faults(relation):
                yield Finding("wall", relation.name, what)


def _wall_faults(relation: Relation) -> Iterator[str]:
    if relation.organization_type != "uuid":
        yield "has no organization_id of type uuid"
    elif not relation.is_organization_required:
        yield "allows organization_id to be null"
    if not relation.has_rls:
        yield "does not enable row-level security"
    if not relation.forces_rls:
        yield "does not force row-level security on its owner"


def _policies(policies: Iterable[Policy], tables: Mapping[str, ExpectedTable], tenants: set[str]) -> Iterator[Finding]:
    """Exactly the tenant policy, as a second one would let more rows through (policies add up), and that of sight."""
    by_table: dict[str, list[Policy]] = {}
    for policy in policies:
        by_table.setdefault(policy.table, []).append(policy)
    for table in sorted(tenants | by_table.keys()):
        held = by_table.get(table, [])
        expected = tables.get(table)
        of_sight = [one for one in held if expected and one.name == (expected.sight or ("",))[0]]
        others = [one for one in held if one not in of_sight]
        if table in tenants and len(others) != 1:
            yield Finding("policy", table, f"has {len(others)} policies instead of one")
        for policy in others:
            if not _is_ours(policy):
                yield Finding("policy", table, f"has policy {policy.name}, which is not the tenant policy")
        if (
            expected
            and expected.sight
            and [_shown(one) for one in of_sight] != [(False, "*", ("public",), expected.sight[1], "true")]
        ):
            yield Finding("sight", table, "does not show its rows only to who may see their patient")


def _shown(policy: Policy) -> tuple[bool, str, tuple[str, ...], str | None, str | None]:
    return (policy.is_permissive, policy.command, policy.roles, policy.using, policy.check)


def _is_ours(policy: Policy) -> bool:
    return (
        policy.is_permissive
        and policy.command == "*"
        and policy.roles == ("public",)
        and policy.using == POLICY_TEXT
        and policy.check == POLICY_TEXT
    )


def _foreign_keys(keys: Iterable[ForeignKey], tenants: set[str]) -> Iterator[Finding]:
    for key in keys:
        for what in _key_faults(key, tenants):
            yield Finding("foreign key", f"{key.table}.{key.name}", what)


def _key_faults(key: ForeignKey, tenants: set[str]) -> Iterator[str]:
    """Postgres checks keys past row-level security: one without the organization would accept a foreign row."""
    if key.on_delete not in ("a", "r") or key.on_update not in ("a", "r"):
        yield "acts by itself when its target changes (cascade, set null or set default)"
    if key.table not in tenants:
        if key.target in tenants:
            yield f"points from a global table into the tenant table {key.target}"
        return
    if key.target == "tenancy_organization":
        return
    if not (key.is_composite and key.target_columns == ("organization_id", "id")):
        yield f"points to {key.target} without the organization on both sides"
    if key.is_deferrable:
        yield "is deferrable: a fault would show at commit, not where it is made"
    if not key.is_validated:
        yield "is not validated: rows from before it may break it"


def _missing_keys(keys: Iterable[ForeignKey], tables: Iterable[ExpectedTable]) -> Iterator[Finding]:
    present = {(key.table, key.columns[-1], key.target) for key in keys if key.is_composite}
    for table in tables:
        for column, target in table.keys:
            if (table.name, column, target) not in present:
                yield Finding("foreign key", table.name, f"lacks the composite key of {column} to {target}")


def _indexes(facts: Facts, tenants: set[str]) -> Iterator[Finding]:
    """A unique index without the organization would tell that another tenant has the value."""
    for index in facts.indexes:
        if index.table in tenants and not index.is_primary and index.first_column != "organization_id":
            yield Finding("index", f"{index.table}.{index.name}", "does not start with organization_id")


def _ways_around(facts: Facts) -> Iterator[Finding]:
    for relation in facts.relations:
        if relation.kind == "m":
            yield Finding("view", relation.name, "is a materialized view: its rows are nobody's and everybody's")
        if relation.kind == "v" and not relation.is_security_invoker:
            yield Finding("view", relation.name, "is a view that reads as its owner: set security_invoker")
        if relation.kind == "f":
            yield Finding("view", relation.name, "is a foreign table, which no policy guards")
    for function in facts.security_definers - SECURITY_DEFINERS_ALLOWED:
        yield Finding("function", function, "runs with its owner's rights (SECURITY DEFINER)")


def _grants(grants: Iterable[Grant], tables: Mapping[str, ExpectedTable]) -> Iterator[Finding]:
    """Exactly what is expected: more is a hole, less breaks the product."""
    actual = {(grant.grantee, grant.table, grant.column, grant.privilege) for grant in grants}
    wanted = set(_wanted_grants(tables.values()))
    for grantee, table, column, privilege in actual - wanted:
        yield Finding("grant", _place(table, column), f"grants {privilege} to {grantee}, which it should not")
    for grantee, table, column, privilege in wanted - actual:
        yield Finding("grant", _place(table, column), f"does not grant {privilege} to {grantee}")


def _wanted_grants(tables: Iterable[ExpectedTable]) -> Iterator[tuple[str, str, str, str]]:
    for table in tables:
        yield from ((APPLICATION, table.name, "", privilege) for privilege in table.may)
        yield from ((APPLICATION, table.name, column, "UPDATE") for column in table.update)
    for name, columns in MAINTENANCE_READS.items():
        yield from ((MAINTENANCE, name, column, "SELECT") for column in columns or {""})


def _place(table: str, column: str) -> str:
    return f"{table}.{column}" if column else table
