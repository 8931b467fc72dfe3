"""A frozen row follows its patient when two records are put together, as a closed month's does; nothing else of it
changes. The triggers on inserting and deleting stay.
"""

from django.db import migrations

TABLES = ("outcomes_measuredepisode", "outcomes_measuredreferral", "outcomes_measuredadvice")

FOLLOWS = """
CREATE FUNCTION outcomes_frozen_rows_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen date;
BEGIN
    SELECT m.month INTO frozen FROM touched t
      JOIN outcomes_measuredmonth m ON m.organization_id = t.organization_id AND m.id = t.measured_id
      LEFT JOIN made n ON n.id = t.id
     WHERE m.frozen_at IS NOT NULL AND (n.id IS NULL OR to_jsonb(n) - 'patient_id' <> to_jsonb(t) - 'patient_id')
     LIMIT 1;
    IF frozen IS NULL THEN
        SELECT m.month INTO frozen FROM made n
          JOIN outcomes_measuredmonth m ON m.organization_id = n.organization_id AND m.id = n.measured_id
          JOIN touched t ON t.id = n.id
         WHERE m.frozen_at IS NOT NULL AND t.measured_id <> n.measured_id LIMIT 1;
    END IF;
    IF frozen IS NOT NULL THEN
        RAISE EXCEPTION 'the measured month % is frozen', to_char(frozen, 'YYYY-MM') USING ERRCODE = 'BHI03';
    END IF;
    RETURN NULL;
END $$
"""


def follow(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"DROP TRIGGER outcomes_frozen_update ON {table}; "
        f"CREATE TRIGGER outcomes_frozen_update AFTER UPDATE ON {table} "
        "REFERENCING OLD TABLE AS touched NEW TABLE AS made "
        "FOR EACH STATEMENT EXECUTE FUNCTION outcomes_frozen_rows_follow()",
        f"DROP TRIGGER outcomes_frozen_update ON {table}; "
        f"CREATE TRIGGER outcomes_frozen_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS touched "
        "FOR EACH STATEMENT EXECUTE FUNCTION outcomes_frozen_rows_stay()",
    )


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0002_frozen_months_stay")]
    operations = [
        migrations.RunSQL(FOLLOWS, "DROP FUNCTION outcomes_frozen_rows_follow()"),
        *map(follow, TABLES),
    ]
