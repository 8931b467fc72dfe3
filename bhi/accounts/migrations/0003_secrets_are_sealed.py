"""The secret of single sign-on is read as text; the secrets of second factors are sealed where they stood open."""

from django.db import migrations

import bhi.sealing
from bhi.accounts.mfa_secrets import opened, sealed


def each(change):
    def run(apps, schema_editor):
        rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
        for row in rows.exclude(type="webauthn").iterator():
            row.data = change(row.data)
            row.save(update_fields=["data"])

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_people_come_and_go"),
        ("mfa", "0003_authenticator_type_uniq"),
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
        migrations.RunPython(each(sealed), each(opened)),
    ]
