"""A month's charge is posted in the practice's own system or asked for in a claim, never both, whoever writes it.

Both kinds of writers meet on the lock of those who make claims (billing.operations.batches.lock_claims), so that of two
at once the second sees the first. Taking it again in a transaction that holds it costs nothing.
"""

from django.db import migrations

NEVER_BOTH = """
CREATE FUNCTION billing_posted_or_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_other boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('billing batch ' || NEW.organization_id, 0));
    IF TG_TABLE_NAME = 'billing_claim' THEN
        SELECT EXISTS (SELECT FROM billing_chargeposted p
                        WHERE p.organization_id = NEW.organization_id AND p.episode_id = NEW.episode_id
                          AND p.month = NEW.month AND p.voided_at IS NULL) INTO is_other;
    ELSE
        SELECT EXISTS (SELECT FROM billing_claim c
                        WHERE c.organization_id = NEW.organization_id AND c.episode_id = NEW.episode_id
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
CREATE TRIGGER billing_posted_or_claimed BEFORE INSERT OR UPDATE OF episode_id, month, is_superseded ON billing_claim
   FOR EACH ROW WHEN (NOT NEW.is_superseded) EXECUTE FUNCTION billing_posted_or_claimed();
CREATE TRIGGER billing_posted_or_claimed BEFORE INSERT OR UPDATE OF episode_id, month, voided_at ON billing_chargeposted
   FOR EACH ROW WHEN (NEW.voided_at IS NULL) EXECUTE FUNCTION billing_posted_or_claimed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0028_what_lists_say_besides"),
    ]
    operations = [
        migrations.RunSQL(NEVER_BOTH, "DROP FUNCTION billing_posted_or_claimed()"),
        migrations.RunSQL(
            TRIGGERS,
            "DROP TRIGGER billing_posted_or_claimed ON billing_claim; "
            "DROP TRIGGER billing_posted_or_claimed ON billing_chargeposted",
        ),
    ]
