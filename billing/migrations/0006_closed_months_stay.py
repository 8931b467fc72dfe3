"""What a closed month rests on stays: time is refused, and its documents are not taken back.

Writers and the closer of a clinic's month meet on one advisory lock: whoever writes time holds it shared until the
transaction ends, the closer alone. So each write lands before the close reads, or is refused (docs/adr/0024).
`app.late_because` is set by billing.operations.late alone, which keeps who wrote what, and why.
"""

from django.db import migrations

TIME_STAYS = """
CREATE FUNCTION billing_closed_time_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place uuid;
    closed date;
BEGIN
    IF coalesce(current_setting('app.late_because', true), '') <> '' THEN
        RETURN NEW;
    END IF;
    SELECT e.clinic_id INTO place FROM registry_episode e
     WHERE e.organization_id = NEW.organization_id AND e.id = NEW.episode_id;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('months of clinic ' || place, 0));
    SELECT m.month INTO closed FROM billing_monthclose m
     WHERE m.organization_id = NEW.organization_id AND m.clinic_id = place AND m.reopened_at IS NULL
       AND CASE WHEN NEW.span IS NULL THEN NEW."on" >= m.month AND NEW."on" < m.month + interval '1 month'
                ELSE NEW.span && tstzrange(m.starts_at, m.ends_at) END
     LIMIT 1;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION '%', to_char(closed, 'YYYY-MM') USING ERRCODE = 'BHI01';
    END IF;
    RETURN NEW;
END $$
"""

# Arguments: the column that dates the document, the column that says whose it is, and whether it serves only the
# month that it lies in (`within`) or every later one as well (`from`).
DOCUMENT_STAYS = """
CREATE FUNCTION billing_closed_document_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    dated text := to_jsonb(OLD) ->> TG_ARGV[0];
    owner uuid := (to_jsonb(OLD) ->> TG_ARGV[1])::uuid;
    place uuid;
    closed date;
BEGIN
    IF coalesce(current_setting('app.late_because', true), '') <> '' THEN
        RETURN NEW;
    END IF;
    FOR place IN SELECT DISTINCT e.clinic_id FROM registry_episode e
                  WHERE e.organization_id = OLD.organization_id AND (e.id = owner OR e.patient_id = owner)
                  ORDER BY e.clinic_id LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('months of clinic ' || place, 0));
    END LOOP;
    SELECT m.month INTO closed
      FROM billing_frozenmonth f
      JOIN billing_monthclose m ON m.organization_id = f.organization_id AND m.id = f.close_id
     WHERE f.organization_id = OLD.organization_id AND (f.episode_id = owner OR f.patient_id = owner)
       AND m.reopened_at IS NULL AND f.lines <> '[]'::jsonb
       AND (dated IS NULL OR dated::timestamptz < m.ends_at + interval '1 day')
       AND (TG_ARGV[2] = 'from' OR dated IS NULL OR dated::date BETWEEN m.month AND m.month + interval '1 month - 1 day')
     ORDER BY m.month LIMIT 1;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION '%', to_char(closed, 'YYYY-MM') USING ERRCODE = 'BHI01';
    END IF;
    RETURN NEW;
END $$
"""

DOCUMENTS = (
    ("registry_assessment", "on", "patient_id", "within"),
    ("caseload_casereview", "on", "episode_id", "from"),
    ("registry_careplan", "on", "episode_id", "from"),
    ("registry_consent", "given_at", "patient_id", "from"),
    ("registry_initiatingvisit", "on", "patient_id", "from"),
    ("registry_diagnosis", "from_on", "episode_id", "from"),
)

TIME_TRIGGERS = """
CREATE TRIGGER billing_closed_time_in BEFORE INSERT ON caseload_timeentry
   FOR EACH ROW EXECUTE FUNCTION billing_closed_time_stays();
CREATE TRIGGER billing_closed_time_changed BEFORE UPDATE ON caseload_timeentry
   FOR EACH ROW WHEN ((OLD.voided_at, OLD.held, OLD.is_facility_stay) IS DISTINCT FROM
                      (NEW.voided_at, NEW.held, NEW.is_facility_stay))
   EXECUTE FUNCTION billing_closed_time_stays();
"""


def document_trigger(table: str, dated: str, owner: str, span: str) -> migrations.RunSQL:
    """A document is not taken back from under a closed month that bills."""
    return migrations.RunSQL(
        f"CREATE TRIGGER billing_closed_document BEFORE UPDATE ON {table} FOR EACH ROW "
        "WHEN (OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL) "
        f"EXECUTE FUNCTION billing_closed_document_stays('{dated}', '{owner}', '{span}')",
        f"DROP TRIGGER billing_closed_document ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_months_close"),
        ("caseload", "0009_reviews_and_their_loops"),
    ]
    operations = [
        migrations.RunSQL(TIME_STAYS, "DROP FUNCTION billing_closed_time_stays()"),
        migrations.RunSQL(DOCUMENT_STAYS, "DROP FUNCTION billing_closed_document_stays()"),
        migrations.RunSQL(
            TIME_TRIGGERS,
            "DROP TRIGGER billing_closed_time_in ON caseload_timeentry; "
            "DROP TRIGGER billing_closed_time_changed ON caseload_timeentry",
        ),
        *(document_trigger(*document) for document in DOCUMENTS),
    ]
