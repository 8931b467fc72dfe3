"""What the database ought to be, from the models and the list of tables that belong to no organization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pgtrigger
from django.apps import apps
from django.db import models

from bhi.tenancy.catalogue import SEEN_BY_SEAT_TEXT, SEEN_WITH_TEXT, ExpectedTable
from bhi.tenancy.constraints import AppMayOnly, SeenBySeat, SeenWith, TenantRLS
from bhi.tenancy.fields import TenantForeignKey

_ALL: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_READ: Final = frozenset({"SELECT"})
_NOTHING: Final[frozenset[str]] = frozenset()

# Every table without an organization, what the application may do with it, and why it belongs to none.
GLOBAL_TABLES: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "tenancy_organization": (_ALL, "the tenants themselves"),
    "tenancy_membership": (_ALL, "seats, read before the tenant is known, only by bhi.accounts.queries"),
    "accounts_user": (_ALL, "people who sign in, in one or several organizations"),
    "account_emailaddress": (_ALL, "allauth: addresses of people who sign in"),
    "account_emailconfirmation": (_ALL, "allauth: links sent to those addresses"),
    "mfa_authenticator": (_ALL, "allauth: second factors of people who sign in"),
    "accounts_signinevent": (_READ | {"INSERT"}, "what happened to people's accounts, before and outside any tenant"),
    "usersessions_usersession": (_ALL, "allauth: where people are signed in"),
    "socialaccount_socialapp": (_ALL, "allauth: identity providers; ours are in accounts_singlesignon, this is empty"),
    "socialaccount_socialaccount": (_ALL, "allauth: who somebody is at an identity provider"),
    "socialaccount_socialtoken": (_ALL, "allauth: tokens of identity providers, which are not kept; empty"),
    "django_session": (_ALL, "sessions, read before the tenant is known; hold no patient data"),
    "django_migrations": (_READ, "which migrations ran"),
    "django_content_type": (_READ, "Django's list of models"),
    "auth_permission": (_READ, "Django's permissions, which nothing here uses"),
    "auth_group": (_READ, "Django's groups, which nothing here uses"),
    "auth_group_permissions": (_READ, "Django's groups, which nothing here uses"),
    "pghistory_context": (_NOTHING, "pghistory's own context table, which nothing here uses"),
}


def expected_tables() -> list[ExpectedTable]:
    """The table of every model, and the listed global tables that have no model."""
    triggers = _triggers()
    tables = {
        model._meta.db_table: _table_of(model, triggers.get(model._meta.db_table, set()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    for name, (may, _) in GLOBAL_TABLES.items():
        tables.setdefault(name, ExpectedTable(name, is_tenant=False, may=may))
    return list(tables.values())


def _table_of(model: type[models.Model], triggers: set[str]) -> ExpectedTable:
    name = model._meta.db_table
    named = frozenset({constraint.name for constraint in _named_constraints(model)} | triggers)
    if name in GLOBAL_TABLES:
        return ExpectedTable(name, is_tenant=False, may=GLOBAL_TABLES[name][0], named=named)
    may, update = _grants_of(model)
    keys = frozenset(
        (field.column, field.related_model._meta.db_table)
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey) and not _is_history(model)
    )
    return ExpectedTable(
        name,
        is_tenant=any(isinstance(constraint, TenantRLS) for constraint in model._meta.constraints),
        may=may,
        update=update,
        keys=keys,
        named=named,
        sight=_sight_of(model),
    )


def _sight_of(model: Any) -> tuple[str, str] | None:
    """The policy that follows who may see a patient, as the catalogue prints its condition."""
    table = model._meta.db_table
    for constraint in model._meta.constraints:
        if isinstance(constraint, SeenBySeat):
            column = model._meta.get_field(constraint.clinic).column
            return constraint.name, SEEN_BY_SEAT_TEXT.format(clinic=column)
        if isinstance(constraint, SeenWith):
            field = model._meta.get_field(constraint.field)
            nothing = f"({field.column} IS NULL) OR " if field.null else ""
            target = field.remote_field.model._meta.db_table
            condition = SEEN_WITH_TEXT.format(table=table, column=field.column, target=target, nothing=nothing)
            return constraint.name, condition
    return None


def _named_constraints(model: type[models.Model]) -> Iterator[models.BaseConstraint]:
    """AppMayOnly is a set of grants and has no name in the database."""
    return (constraint for constraint in model._meta.constraints if not isinstance(constraint, AppMayOnly))


def _grants_of(model: type[models.Model]) -> tuple[frozenset[str], frozenset[str]]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, AppMayOnly):
            columns = constraint.columns(model)
            if columns is None:
                return _ALL - {"DELETE"}, frozenset()
            return _ALL - {"UPDATE", "DELETE"}, frozenset(columns)
    return _ALL, frozenset()


def _is_history(model: Any) -> bool:
    """A version of a row keeps its references as they were, also to what is no longer there."""
    return hasattr(model, "pgh_tracked_model")


def _triggers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for model, trigger in pgtrigger.registered():
        found.setdefault(model._meta.db_table, set()).add(trigger.get_pgid(model))
    return found
