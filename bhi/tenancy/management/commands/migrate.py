"""Django's `migrate`, as the role that owns the tables."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

OWNER_ALIAS = "owner"


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER_ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] not in connections or options["database"] != OWNER_ALIAS:
            raise CommandError(
                "migrate runs as bhi_owner: set DATABASE_OWNER_URL (and unset BHI_PROCESS=web, which has no owner)."
            )
        super().handle(*args, **options)
