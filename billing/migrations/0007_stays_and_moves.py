"""Closed months once more: who says why something comes late waits for the closer too, and entries may change hands.

What was let pass because of its reason took no lock: written in the moment in which a month was closed, it was in
neither the close nor the list of what changed since. And while two records become one patient's, their entries are
held for a moment (caseload.operations.together): that changes no month, so it is let pass, and nothing besides.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("billing.migrations.0006_closed_months_stay")

TIME_STAYS = """
CREATE OR REPLACE FUNCTION billing_closed_time_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place uuid;
    closed date;
BEGIN
    SELECT e.clinic_id INTO place FROM registry_episode e
     WHERE e.organization_id = NEW.organization_id AND e.id = NEW.episode_id;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('months of clinic ' || place, 0));
    IF coalesce(current_setting('app.late_because', true), '') <> '' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('app.moving_time', true), '') <> '' THEN
        IF (OLD.voided_at, OLD.is_facility_stay) IS NOT DISTINCT FROM (NEW.voided_at, NEW.is_facility_stay) THEN
            RETURN NEW;
        END IF;
    END IF;
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


def replacing(statement: str) -> str:
    return statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_closed_months_stay")]
    operations = [migrations.RunSQL(TIME_STAYS, replacing(BEFORE.TIME_STAYS))]
