"""The tax id inside what claims keep is sealed as well."""

from django.db import migrations

from bhi.resealing import reseal_json


def seal(apps, schema_editor):
    reseal_json("billing_claim", "content", ("head", "biller", "tax_id"), alias=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0018_tax_ids_are_sealed"),
    ]

    # Going back leaves them sealed: whatever reads them opens both.
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
