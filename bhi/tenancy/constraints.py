"""The constraint classes that make Postgres, not our queries, keep organizations apart and records as they were.

All are Django constraints, so that `makemigrations` sees them and a table cannot be made without its wall
unless the catalogue tests fail (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement

from bhi.tenancy.pool import ALSO, CLINICS, HIDDEN, SETTING
from bhi.tenancy.roles import APPLICATION

# What a refusal of VoidOnce is known by.
VOIDED_ROW_SQLSTATE: Final = "BHI02"

# The sub-select makes it one evaluation per query, not one per row, and keeps the index usable.
POLICY = f"organization_id = (SELECT nullif(current_setting('{SETTING}', true), '')::uuid)"

_SET_TO = "(SELECT nullif(current_setting('{setting}', true), ''))"
_CLINICS, _ALSO, _HIDDEN = (_SET_TO.format(setting=setting) for setting in (CLINICS, ALSO, HIDDEN))
# Without limits, which is nearly always, each row costs one look at a value that is worked out once per query.
SEEN_BY_SEAT = (
    f"({_CLINICS} IS NULL OR {{clinic}} = ANY ({_CLINICS}::uuid[]) OR id = ANY ({_ALSO}::uuid[])) "
    f"AND ({_HIDDEN} IS NULL OR id <> ALL ({_HIDDEN}::uuid[]))"
)
SEES_ALL = f"(SELECT concat(current_setting('{CLINICS}', true), current_setting('{HIDDEN}', true)) = '')"
SEEN_WITH = (
    f"{SEES_ALL} OR {{nothing}}EXISTS (SELECT FROM {{target}} AS seen "
    "WHERE seen.organization_id = {table}.organization_id AND seen.id = {table}.{column})"
)


class _WallConstraint(models.BaseConstraint):
    """Shared by all: nothing to validate in Python, and never part of CREATE TABLE itself."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Postgres decides; a form cannot know another tenant's rows."""

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        """Called inside CREATE TABLE: put the statement after it, when referenced tables exist too."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class TenantRLS(_WallConstraint):
    """Row-level security, enabled and forced, with one policy: rows of the organization that is set, or none."""

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return Statement(
            "ALTER TABLE %(table)s ENABLE ROW LEVEL SECURITY; "
            "ALTER TABLE %(table)s FORCE ROW LEVEL SECURITY; "
            "CREATE POLICY %(name)s ON %(table)s USING (%(policy)s) WITH CHECK (%(policy)s)",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
            policy=POLICY,
        )

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        """Drops the policy and leaves security forced: a table without a policy shows nothing to anybody."""
        return Statement(
            "DROP POLICY IF EXISTS %(name)s ON %(table)s",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )


class TenantFK(_WallConstraint):
    """A foreign key over (organization_id, x_id): a row can only point at a row of its own organization.

    Postgres checks plain foreign keys without row-level security, so they would accept another tenant's id.
    Not deferrable: the fault shows at the statement that makes it. No cascade.
    """

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        """Added when the migration ends: makemigrations may put it before the key of the table that it points at."""
        schema_editor.deferred_sql.append(self._add(model, schema_editor))

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        self.create_sql(model, schema_editor)

    def _add(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:
        field: Any = model._meta.get_field(self.field)
        return Statement(
            "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (organization_id, %(column)s) "
            "REFERENCES %(target)s (organization_id, id)",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
            column=schema_editor.quote_name(field.column),
            target=schema_editor.quote_name(field.remote_field.model._meta.db_table),
        )

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )


class SeenBySeat(_WallConstraint):
    """A record shows at the clinics of the seat that looks, and not where it is kept to others (bhi.tenancy.sight).

    Restrictive, so that it takes from what the tenant policy shows. It is about rows that are there, to read, change or
    delete; which new ones are written is decided by operations.
    """

    def __init__(self, *, clinic: str, name: str) -> None:
        super().__init__(name=name)
        self.clinic = clinic

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "clinic": self.clinic}

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        field: Any = model._meta.get_field(self.clinic)
        column = schema_editor.quote_name(field.column)
        return _sight_policy(self.name, model, schema_editor, SEEN_BY_SEAT.format(clinic=column))

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return _without_policy(self.name, model, schema_editor)


class SeenWith(_WallConstraint):
    """A row shows where the row that `field` points at shows; one that points at none always does."""

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        """Added when the migration ends, as the table that it asks may be made later in it."""
        field: Any = model._meta.get_field(self.field)
        table, column = (schema_editor.quote_name(name) for name in (model._meta.db_table, field.column))
        condition = SEEN_WITH.format(
            table=table,
            column=column,
            target=schema_editor.quote_name(field.remote_field.model._meta.db_table),
            nothing=f"{column} IS NULL OR " if field.null else "",
        )
        schema_editor.deferred_sql.append(_sight_policy(self.name, model, schema_editor, condition))

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        self.create_sql(model, schema_editor)

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return _without_policy(self.name, model, schema_editor)


def _sight_policy(
    name: str, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, condition: str
) -> Statement:
    return Statement(
        "CREATE POLICY %(name)s ON %(table)s AS RESTRICTIVE USING (%(condition)s) WITH CHECK (true)",
        table=schema_editor.quote_name(model._meta.db_table),
        name=schema_editor.quote_name(name),
        condition=condition,
    )


def _without_policy(name: str, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:
    return Statement(
        "DROP POLICY IF EXISTS %(name)s ON %(table)s",
        table=schema_editor.quote_name(model._meta.db_table),
        name=schema_editor.quote_name(name),
    )


class AppMayOnly(_WallConstraint):
    """What the application's role may do with rows that are there: never delete them, and change only `update`.

    `update` is None for any column, or the fields that may change; the application may always insert and read.
    """

    def __init__(self, *, name: str, update: Sequence[str] | None = ()) -> None:
        super().__init__(name=name)
        self.update = None if update is None else tuple(update)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "update": self.update}

    def columns(self, model: type[models.Model]) -> tuple[str, ...] | None:
        """The columns that may change; None for any."""
        if self.update is None:
            return None
        fields: list[Any] = [model._meta.get_field(name) for name in self.update]
        return tuple(field.column for field in fields)

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        columns = self.columns(model)
        taken = "DELETE" if columns is None else "UPDATE, DELETE"
        statement = f"REVOKE {taken} ON %(table)s FROM {APPLICATION}"
        if columns:
            statement += f"; GRANT UPDATE (%(columns)s) ON %(table)s TO {APPLICATION}"
        return Statement(
            statement,
            table=schema_editor.quote_name(model._meta.db_table),
            columns=", ".join(schema_editor.quote_name(column) for column in columns or ()),
        )

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        """Revoking from the table takes the grants on its columns too."""
        return Statement(
            f"REVOKE UPDATE ON %(table)s FROM {APPLICATION}; GRANT UPDATE, DELETE ON %(table)s TO {APPLICATION}",
            table=schema_editor.quote_name(model._meta.db_table),
        )


class VoidOnce(_WallConstraint):
    """A voided row stays as it is: a trigger refuses every later change, with VOIDED_ROW_SQLSTATE.

    Its function, tenancy_voided_stays(), is made by a migration of bhi.tenancy.
    """

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return Statement(
            "CREATE TRIGGER %(name)s BEFORE UPDATE ON %(table)s FOR EACH ROW "
            "WHEN (OLD.voided_at IS NOT NULL) EXECUTE FUNCTION tenancy_voided_stays()",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return Statement(
            "DROP TRIGGER %(name)s ON %(table)s",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )


# What a row shows with, the first of these that it has.
_SEEN_WITH: Final = ("patient", "episode", "claim", "remittance_claim")


def tenant_wall(table: str, *foreign_keys: str, is_always_seen: bool = False) -> list[models.BaseConstraint]:
    """What every tenant table carries: its policy, the key that others refer to, its composite keys, and, where it is
    about a patient, an enrolment or a claim, that it shows only where that does.

    `table` is the table's name, from which constraint names are made; `foreign_keys` are its TenantForeignKeys.
    `is_always_seen`: it says who may see a patient, and so shows to everybody.
    """
    keys = [TenantFK(field=field, name=f"{table}_{field}_fk") for field in foreign_keys]
    about = [] if is_always_seen else [field for field in _SEEN_WITH if field in foreign_keys]
    return [
        TenantRLS(name=f"{table}_tenant"),
        models.UniqueConstraint(fields=["organization", "id"], name=f"{table}_of_org"),
        *keys,
        *(SeenWith(field=field, name=f"{table}_seen") for field in about[:1]),
    ]
