"""Make the database roles and the empty database. Once per server, with an administrator's URL."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bhi.tenancy import roles


class Command(BaseCommand):
    help = "Make the roles bhi_owner, bhi_app and bhi_maintenance and the database (needs DATABASE_ADMIN_URL)."
    # Runs before the application's role exists, so nothing here may use Django's own connections.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        environment = settings.ENVIRONMENT
        if not environment.database_admin_url:
            raise CommandError("DATABASE_ADMIN_URL is not set: the URL of a role that may make roles and databases.")
        database = settings.DATABASES["default"]["NAME"]
        urls = {
            roles.OWNER: environment.database_owner_url,
            roles.APPLICATION: environment.database_url,
            roles.MAINTENANCE: environment.database_maintenance_url,
        }
        try:
            roles.create_roles(environment.database_admin_url, roles.passwords_of(urls))
            roles.create_database(environment.database_admin_url, database)
        except psycopg.Error as error:
            raise CommandError(f"Postgres refused: {error}") from None
        self.stdout.write(f"Roles and database {database} are ready. Next: manage.py migrate")
