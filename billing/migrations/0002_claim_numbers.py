from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="payerprofile",
            name="is_default",
            field=models.BooleanField(default=False, help_text="Taken from the payer's name; confirmed by nobody"),
        ),
        migrations.AddField(
            model_name="claim",
            name="number",
            field=models.PositiveIntegerField(default=1, help_text="Counts up within the batch"),
            preserve_default=False,
        ),
        migrations.RemoveIndex(model_name="claim", name="billing_claim_by_batch"),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=("organization", "batch", "number"), name="billing_claim_number"
            ),
        ),
    ]
