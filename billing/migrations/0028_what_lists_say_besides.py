"""What a list of charges says besides codes and units: who gave the service, and what was charged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0027_refunds_by_hand"),
    ]
    operations = [
        migrations.AddField(
            model_name="billedline",
            name="charge",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Of all its units, where the file says it",
                max_digits=10,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="billedline",
            name="npi",
            field=models.CharField(blank=True, db_default="", help_text="Of whoever gave the service", max_length=10),
        ),
    ]
