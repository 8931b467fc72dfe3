"""A frozen month stays as it is: neither its head nor a row of it is added, changed or taken away.

Once per statement, over the rows that it touched: a night writes ten thousand of them with one.
"""

from django.db import migrations

HEAD_STAYS = """
CREATE FUNCTION outcomes_frozen_month_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the measured month % is frozen', to_char(OLD.month, 'YYYY-MM') USING ERRCODE = 'BHI03';
END $$;
CREATE TRIGGER outcomes_frozen_month BEFORE UPDATE OR DELETE ON outcomes_measuredmonth FOR EACH ROW
  WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION outcomes_frozen_month_stays();
"""

ROWS_STAY = """
CREATE FUNCTION outcomes_frozen_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen date;
BEGIN
    SELECT m.month INTO frozen FROM touched t
      JOIN outcomes_measuredmonth m ON m.organization_id = t.organization_id AND m.id = t.measured_id
     WHERE m.frozen_at IS NOT NULL LIMIT 1;
    IF frozen IS NOT NULL THEN
        RAISE EXCEPTION 'the measured month % is frozen', to_char(frozen, 'YYYY-MM') USING ERRCODE = 'BHI03';
    END IF;
    RETURN NULL;
END $$
"""

TABLES = ("outcomes_measuredepisode", "outcomes_measuredreferral", "outcomes_measuredadvice")
# With a transition table a trigger is of one kind of statement only.
EVENTS = (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))


def row_trigger(table: str, event: str, rows: str) -> migrations.RunSQL:
    name = f"outcomes_frozen_{event.lower()}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} TABLE AS touched "
        "FOR EACH STATEMENT EXECUTE FUNCTION outcomes_frozen_rows_stay()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0001_months_are_measured")]
    operations = [
        migrations.RunSQL(
            HEAD_STAYS,
            "DROP TRIGGER outcomes_frozen_month ON outcomes_measuredmonth; "
            "DROP FUNCTION outcomes_frozen_month_stays()",
        ),
        migrations.RunSQL(ROWS_STAY, "DROP FUNCTION outcomes_frozen_rows_stay()"),
        *(row_trigger(table, *event) for table in TABLES for event in EVENTS),
    ]
