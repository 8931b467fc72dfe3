"""The rules of the catalogue that concern roles, the schema and the database."""

from __future__ import annotations

from collections.abc import Iterator

from bhi.tenancy.catalogue_facts import Facts, Role
from bhi.tenancy.roles import APPLICATION, MAINTENANCE, OWNER, ROLES

_MAY = {
    ("schema", APPLICATION): {"USAGE"},
    ("schema", MAINTENANCE): {"USAGE"},
    ("database", APPLICATION): {"CONNECT"},
    ("database", MAINTENANCE): {"CONNECT"},
}


def faults(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each as (role, what is wrong with it)."""
    roles = {role.name: role for role in facts.roles}
    for spec in ROLES:
        if spec.name not in roles:
            yield spec.name, "does not exist"
            continue
        role = roles[spec.name]
        for what in _too_strong(role):
            yield role.name, what
        if role.bypasses_rls != spec.bypasses_rls:
            yield role.name, "has BYPASSRLS" if role.bypasses_rls else "lacks BYPASSRLS: its changes would find no rows"
        set_here = {setting.partition("=")[0] for setting in role.settings}
        for setting in spec.settings.keys() - set_here:
            yield role.name, f"has no {setting}"
    yield from _places(facts)


def _too_strong(role: Role) -> Iterator[str]:
    if role.is_superuser:
        yield "is a superuser"
    if role.may_make_roles or role.may_make_databases or role.may_replicate:
        yield "may make roles or databases, or replicate"
    if role.member_of:
        yield f"is a member of {', '.join(sorted(role.member_of))}"
    if role.owns and role.name != OWNER:
        yield f"owns {role.owns} objects"


def _places(facts: Facts) -> Iterator[tuple[str, str]]:
    for place, grantee, privilege in facts.place_grants:
        if privilege not in _MAY.get((place, grantee), set()):
            yield grantee, f"has {privilege} on the {place}"
