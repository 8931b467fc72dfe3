"""A month is posted or claimed by patient, as everywhere else: whichever enrolment it was asked for with, and by rows
that indexes find (billing_claim_one_live, billing_posted_by_patient). Records are merged only where they keep to it.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION billing_posted_or_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_other boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('billing batch ' || NEW.organization_id, 0));
    IF TG_TABLE_NAME = 'billing_claim' THEN
        SELECT EXISTS (SELECT FROM billing_chargeposted p
                        WHERE p.organization_id = NEW.organization_id AND p.{column} = NEW.{column}
                          AND p.month = NEW.month AND p.voided_at IS NULL) INTO is_other;
    ELSE
        SELECT EXISTS (SELECT FROM billing_claim c
                        WHERE c.organization_id = NEW.organization_id AND c.{column} = NEW.{column}
                          AND c.month = NEW.month AND NOT c.is_superseded) INTO is_other;
    END IF;
    IF is_other THEN
        RAISE EXCEPTION 'a month is posted or claimed, never both'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_posted_or_claimed';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = """
CREATE OR REPLACE TRIGGER billing_posted_or_claimed
   BEFORE INSERT OR UPDATE OF {column}, month, is_superseded ON billing_claim
   FOR EACH ROW WHEN (NOT NEW.is_superseded) EXECUTE FUNCTION billing_posted_or_claimed();
CREATE OR REPLACE TRIGGER billing_posted_or_claimed
   BEFORE INSERT OR UPDATE OF {column}, month, voided_at ON billing_chargeposted
   FOR EACH ROW WHEN (NEW.voided_at IS NULL) EXECUTE FUNCTION billing_posted_or_claimed();
"""


def _by(column: str) -> str:
    return (FUNCTION + ";" + TRIGGERS).format(column=column)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0031_whose_it_was"),
    ]
    operations = [
        migrations.RunSQL(_by("patient_id"), _by("episode_id")),
    ]
