"""The constraint classes: their SQL both ways, and that migrations can tell one from another."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.writer import MigrationWriter

from bhi.tenancy.constraints import (
    POLICY,
    SEEN_BY_SEAT,
    SEES_ALL,
    AppMayOnly,
    SeenBySeat,
    SeenWith,
    TenantFK,
    TenantRLS,
    VoidOnce,
)
from bhi.tenancy.together import Together
from registry.models import CarePlan, Consent, Coverage, Patient

FK = 'FOREIGN KEY (organization_id, "patient_id") REFERENCES "registry_patient" (organization_id, id)'
SQL = [
    (
        TenantRLS(name="wall"),
        Coverage,
        (
            'ALTER TABLE "registry_coverage" ENABLE ROW LEVEL SECURITY; '
            'ALTER TABLE "registry_coverage" FORCE ROW LEVEL SECURITY; '
            f'CREATE POLICY "wall" ON "registry_coverage" USING ({POLICY}) WITH CHECK ({POLICY});'
        ),
        'DROP POLICY IF EXISTS "wall" ON "registry_coverage";',
    ),
    (
        TenantFK(field="patient", name="key"),
        Coverage,
        f'ALTER TABLE "registry_coverage" ADD CONSTRAINT "key" {FK};',
        'ALTER TABLE "registry_coverage" DROP CONSTRAINT "key";',
    ),
    (
        AppMayOnly(name="app"),
        CarePlan,
        'REVOKE UPDATE, DELETE ON "registry_careplan" FROM bhi_app;',
        'REVOKE UPDATE ON "registry_careplan" FROM bhi_app; GRANT UPDATE, DELETE ON "registry_careplan" TO bhi_app;',
    ),
    (
        AppMayOnly(name="app", update=("revoked_on", "voided_by")),
        Consent,
        (
            'REVOKE UPDATE, DELETE ON "registry_consent" FROM bhi_app; '
            'GRANT UPDATE ("revoked_on", "voided_by_id") ON "registry_consent" TO bhi_app;'
        ),
        'REVOKE UPDATE ON "registry_consent" FROM bhi_app; GRANT UPDATE, DELETE ON "registry_consent" TO bhi_app;',
    ),
    (
        AppMayOnly(name="app", update=None),
        Patient,
        'REVOKE DELETE ON "registry_patient" FROM bhi_app;',
        'REVOKE UPDATE ON "registry_patient" FROM bhi_app; GRANT UPDATE, DELETE ON "registry_patient" TO bhi_app;',
    ),
    (
        SeenBySeat(clinic="clinic", name="seen"),
        Patient,
        (
            'CREATE POLICY "seen" ON "registry_patient" AS RESTRICTIVE '
            f"USING ({SEEN_BY_SEAT.format(clinic=chr(34) + 'clinic_id' + chr(34))}) WITH CHECK (true);"
        ),
        'DROP POLICY IF EXISTS "seen" ON "registry_patient";',
    ),
    (
        SeenWith(field="patient", name="seen"),
        Coverage,
        (
            'CREATE POLICY "seen" ON "registry_coverage" AS RESTRICTIVE '
            f'USING ({SEES_ALL} OR EXISTS (SELECT FROM "registry_patient" AS seen WHERE '
            'seen.organization_id = "registry_coverage".organization_id AND '
            'seen.id = "registry_coverage"."patient_id")) WITH CHECK (true);'
        ),
        'DROP POLICY IF EXISTS "seen" ON "registry_coverage";',
    ),
    (
        VoidOnce(name="once"),
        Patient,
        (
            'CREATE TRIGGER "once" BEFORE UPDATE ON "registry_patient" FOR EACH ROW '
            "WHEN (OLD.voided_at IS NOT NULL) EXECUTE FUNCTION tenancy_voided_stays();"
        ),
        'DROP TRIGGER "once" ON "registry_patient";',
    ),
]
ALL = [constraint for constraint, *_ in SQL]


def collected(act):
    """What a migration would run, deferred statements last."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        act(editor)
    return [statement for statement in editor.collected_sql if not statement.startswith("--")]


@pytest.mark.parametrize(("constraint", "model", "added", "removed"), SQL)
def test_sql_of_adding_and_removing(constraint, model, added, removed):
    assert collected(lambda editor: editor.add_constraint(model, constraint)) == [added]
    assert collected(lambda editor: editor.remove_constraint(model, constraint)) == [removed]


@pytest.mark.parametrize(("constraint", "model", "added", "removed"), SQL)
def test_in_create_table_it_waits_for_the_table(constraint, model, added, removed):
    def create(editor):
        assert constraint.constraint_sql(model, editor) is None

    assert collected(create) == [added]


@pytest.mark.parametrize("constraint", ALL)
def test_migrations_tell_one_from_another(constraint):
    assert constraint == constraint.clone()
    assert hash(constraint) == hash(constraint.clone())
    assert [one for one in ALL if one == constraint] == [constraint]
    assert constraint != models.CheckConstraint(condition=models.Q(id=1), name=constraint.name)


def test_forms_are_not_asked():
    assert TenantRLS(name="wall").validate(Patient, Patient()) is None


def test_operations_together_are_written_and_described():
    together = Together([migrations.AddConstraint("patient", TenantRLS(name="wall"))])
    assert together.describe() == "1 constraints, indexes and triggers"
    assert together.deconstruct() == ("Together", [together.operations], {})
    written = MigrationWriter(
        type("Migration", (migrations.Migration,), {"operations": [together]})("x", "y")
    ).as_string()
    assert "bhi.tenancy.together.Together(" in written
    assert "TenantRLS(name='wall')" in written
