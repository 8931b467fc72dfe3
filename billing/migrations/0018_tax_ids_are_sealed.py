"""The tax id of who bills, which may be somebody's social security number, is sealed to its row, in the history too."""

from django.db import migrations

import bhi.sealing
from bhi.resealing import without_triggers

TABLES = ("billing_billingprovider", "billing_billingprovider_history")


def changed(change):
    """The same numbers, otherwise kept: no change of which a history should tell."""

    def run(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            for table, key in zip(TABLES, ("id", "pgh_id"), strict=True):
                without_triggers(cursor, table)
                cursor.execute(f"SELECT {key}, organization_id, id, tax_id FROM {table}")
                for found, organization_id, row_id, content in cursor.fetchall():
                    place = bhi.sealing.place(organization_id, TABLES[0], "tax_id", row_id)
                    kept = change(bytes(content), bound_to=place)
                    cursor.execute(f"UPDATE {table} SET tax_id = %s WHERE {key} = %s", [kept, found])
            cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0017_seen_with_the_patient"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE {table} ALTER COLUMN tax_id TYPE bytea USING convert_to(tax_id, 'UTF8')",
                    f"ALTER TABLE {table} ALTER COLUMN tax_id TYPE varchar(9) USING convert_from(tax_id, 'UTF8')",
                )
                for table in TABLES
            ],
            state_operations=[
                migrations.AlterField(
                    model_name=model,
                    name="tax_id",
                    field=bhi.sealing.SealedTextField(help_text="May be somebody's social security number"),
                )
                for model in ("billingprovider", "billingproviderevent")
            ],
        ),
        migrations.RunPython(changed(bhi.sealing.seal), changed(bhi.sealing.unseal)),
    ]
