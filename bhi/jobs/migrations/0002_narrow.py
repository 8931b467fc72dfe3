"""The re-scan sees which jobs of which organizations wait, and nothing of what they are about."""

from django.db import migrations

COLUMNS = "id, organization_id, kind, state, run_after, lease_until"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"GRANT SELECT ({COLUMNS}) ON jobs_job TO bhi_maintenance",
            f"REVOKE SELECT ({COLUMNS}) ON jobs_job FROM bhi_maintenance",
        ),
    ]
