"""Refusing to serve with a database role that could see more than one organization."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from bhi.tenancy.roles import OWNER

_FAULTS = f"""
SELECT r.rolsuper,
       r.rolbypassrls,
       r.rolcreaterole,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND n.nspname = 'public'),
       EXISTS (SELECT 1 FROM pg_roles o WHERE o.rolname = '{OWNER}' AND r.oid <> o.oid
               AND pg_has_role(r.oid, o.oid, 'MEMBER')),
       current_user <> session_user
FROM pg_roles r WHERE r.rolname = current_user
"""  # noqa: S608 -- put together from constants of this module
_SENTENCES = (
    "is a superuser",
    "has BYPASSRLS",
    "may make roles",
    "owns tables",
    f"is a member of {OWNER}",
    "is not the role that signed in",
)


class RoleCouldBypass(RuntimeError):
    """The database role of the application could read past the wall between organizations."""


def role_faults(alias: str = DEFAULT_DB_ALIAS) -> list[str]:
    """How the role of this connection could pass row-level security, each as the end of a sentence; none is right.

    Raises django.db.DatabaseError when Postgres does not answer.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(_FAULTS)
        found = cursor.fetchone()
    return [sentence for sentence, is_so in zip(_SENTENCES, found, strict=True) if is_so]


def refuse_if_role_could_bypass() -> None:
    """For the start of every process that serves. Raises RoleCouldBypass.

    With Postgres away there is nobody to leak to: the process starts, /readyz says so and asks again later.
    Leaves no connection behind, because workers fork after this.
    """
    try:
        faults = role_faults()
    except OperationalError:
        return
    finally:
        connections[DEFAULT_DB_ALIAS].close()
    if faults:
        role = connections[DEFAULT_DB_ALIAS].settings_dict["USER"]
        raise RoleCouldBypass(
            f"The database role {role} {' and '.join(faults)}: it could read every organization. "
            "DATABASE_URL must be the URL of bhi_app; manage.py create_roles makes it."
        )
