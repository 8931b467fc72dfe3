"""A signed access review is evidence: not even a slip of ours changes it."""

from django.db import migrations

STAYS = """
CREATE FUNCTION accounts_signed_review_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A signed access review stays as it is' USING ERRCODE = 'check_violation';
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_secrets_are_sealed")]
    operations = [
        migrations.RunSQL(STAYS, "DROP FUNCTION accounts_signed_review_stays()"),
        migrations.RunSQL(
            "CREATE TRIGGER accounts_signed_review_stays BEFORE UPDATE ON accounts_accessreview FOR EACH ROW "
            "WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION accounts_signed_review_stays()",
            "DROP TRIGGER accounts_signed_review_stays ON accounts_accessreview",
        ),
    ]
