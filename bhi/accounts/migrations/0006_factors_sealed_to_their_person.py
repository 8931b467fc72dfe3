"""The secrets of second factors are bound to their person; they stood open, or were bound to their table."""

from django.db import migrations

from bhi.accounts.mfa_secrets import place_of
from bhi.sealing import seal_text, unseal_text

OF_THE_TABLE = "mfa_authenticator|data"


def to_the_person(text, user_id):
    return seal_text(unseal_text(text, bound_to=OF_THE_TABLE), bound_to=place_of(user_id))


def to_the_table(text, user_id):
    return seal_text(unseal_text(text, bound_to=place_of(user_id)), bound_to=OF_THE_TABLE)


def each(change):
    def run(apps, schema_editor):
        rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
        for row in rows.exclude(type="webauthn").iterator():
            for name in {"secret", "seed"} & set(row.data):
                row.data[name] = change(row.data[name], row.user_id)
            if row.data.get("migrated_codes"):
                row.data["migrated_codes"] = [change(code, row.user_id) for code in row.data["migrated_codes"]]
            row.save(update_fields=["data"])

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_screen_lock_and_domains"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(each(to_the_person), each(to_the_table))]
