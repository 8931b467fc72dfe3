"""What later tables stand on: the index type of the overlap constraint, and the function of VoidOnce."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

VOIDED_STAYS = """
CREATE FUNCTION tenancy_voided_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a voided row of % is never changed again', TG_TABLE_NAME USING ERRCODE = 'BHI02';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    run_before = [("caseload", "0001_initial")]
    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(VOIDED_STAYS, "DROP FUNCTION tenancy_voided_stays()"),
    ]
