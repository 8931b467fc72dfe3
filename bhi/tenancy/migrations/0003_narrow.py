"""Takes back what the default privileges gave on global tables that the application only reads, or never sees."""

from django.db import migrations

READ_ONLY = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions")
NEVER = ("pghistory_context",)


def revoke(tables: tuple[str, ...], privileges: str) -> list[migrations.RunSQL]:
    return [
        migrations.RunSQL(f"REVOKE {privileges} ON {table} FROM bhi_app", f"GRANT {privileges} ON {table} TO bhi_app")
        for table in tables
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0002_ground"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]
    operations = [
        *revoke(READ_ONLY, "INSERT, UPDATE, DELETE"),
        *revoke(NEVER, "SELECT, INSERT, UPDATE, DELETE"),
        # The re-scan finds jobs of every organization, and names the organization.
        migrations.RunSQL(
            "GRANT SELECT ON tenancy_organization TO bhi_maintenance",
            "REVOKE SELECT ON tenancy_organization FROM bhi_maintenance",
        ),
    ]
