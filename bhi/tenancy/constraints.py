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

from bhi.tenancy.pool import SETTING
from bhi.tenancy.roles import APPLICATION

# What a refusal of VoidOnce is known by.
VOIDED_ROW_SQLSTATE: Final = "BHI02"

# The sub-select makes it one evaluation per query, not one per row, and keeps the index usable.
POLICY = f"organization_id = (SELECT nullif(current_setting('{SETTING}', true), '')::uuid)"


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


def tenant_wall(table: str, *foreign_keys: str) -> list[models.BaseConstraint]:
    """What every tenant table carries: its policy, the key that others refer to, and its composite keys.

    `table` is the table's name, from which constraint names are made; `foreign_keys` are its TenantForeignKeys.
    """
    keys = [TenantFK(field=field, name=f"{table}_{field}_fk") for field in foreign_keys]
    return [
        TenantRLS(name=f"{table}_tenant"),
        models.UniqueConstraint(fields=["organization", "id"], name=f"{table}_of_org"),
        *keys,
    ]
