"""The secret of single sign-on is read as text. Those of second factors are sealed in 0006."""

from django.db import migrations

import bhi.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_people_come_and_go"),
    ]

    operations = [
        *(
            operation
            for model in ("singlesignon", "singlesignonevent")
            for operation in (
                migrations.AlterField(
                    model_name=model,
                    name="sealed_secret",
                    field=bhi.sealing.SealedTextField(blank=True, db_column="sealed_secret"),
                ),
                migrations.RenameField(model_name=model, old_name="sealed_secret", new_name="secret"),
            )
        ),
    ]
