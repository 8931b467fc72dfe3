"""Which part of an episode is collaborative care, and which of a patient's rows is the last of the month.

Rows written before keep their numbers: the program was that of the whole episode, and every row was a patient's last.
"""

from bhi.tenancy.together import Together
from django.db import migrations, models

AS_BEFORE = """
ALTER TABLE outcomes_measuredepisode DISABLE TRIGGER outcomes_frozen_update;
UPDATE outcomes_measuredepisode SET is_last_in_month = is_in_month, is_last_cocm = is_in_month AND program = 'cocm',
       cocm_from = CASE WHEN program = 'cocm' THEN enrolled_on END,
       cocm_until = CASE WHEN program = 'cocm' THEN ended_on END;
ALTER TABLE outcomes_measuredepisode ENABLE TRIGGER outcomes_frozen_update
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outcomes", "0003_frozen_rows_follow_patients"),
    ]

    operations = [
        Together(
            [
                migrations.AddField(
                    model_name="measuredepisode",
                    name="cocm_from",
                    field=models.DateField(blank=True, help_text="Its first day; none: never in it", null=True),
                ),
                migrations.AddField(
                    model_name="measuredepisode",
                    name="cocm_until",
                    field=models.DateField(
                        blank=True, help_text="Its last day; none: still in it at the end", null=True
                    ),
                ),
                migrations.AddField(
                    model_name="measuredepisode",
                    name="is_last_cocm",
                    field=models.BooleanField(
                        db_default=False,
                        help_text="The patient's last one with a day of collaborative care in the month",
                    ),
                ),
                migrations.AddField(
                    model_name="measuredepisode",
                    name="is_last_in_month",
                    field=models.BooleanField(db_default=False, help_text="The patient's last one in the month"),
                ),
                migrations.AlterField(
                    model_name="measuredadvice",
                    name="is_medicaid",
                    field=models.BooleanField(
                        default=False, help_text="Any Medicaid coverage on the first day of the month, first or second"
                    ),
                ),
                migrations.AlterField(
                    model_name="measuredepisode",
                    name="first_review_on",
                    field=models.DateField(
                        blank=True,
                        help_text="With a recommendation, of the last stretch of collaborative care",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="measuredepisode",
                    name="is_medicaid",
                    field=models.BooleanField(
                        default=False, help_text="Any Medicaid coverage on the first day of the month, first or second"
                    ),
                ),
                migrations.AlterField(
                    model_name="measuredepisode",
                    name="positives",
                    field=models.PositiveSmallIntegerField(default=0, help_text="Positive answers of the month"),
                ),
                migrations.AlterField(
                    model_name="measuredreferral",
                    name="is_medicaid",
                    field=models.BooleanField(
                        default=False, help_text="Any Medicaid coverage on the first day of the month, first or second"
                    ),
                ),
            ]
        ),
        migrations.RunSQL(AS_BEFORE, migrations.RunSQL.noop),
    ]
