"""Tell an operator whether the wall between organizations is whole."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from bhi.tenancy.catalogue import findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.expected import expected_tables


class Command(BaseCommand):
    help = "Compare the database with the wall that the models ask for. Exits with 1 on any finding."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            found = findings(read_facts(cursor), expected_tables())
        if options["json"]:
            self.stdout.write(json.dumps({"findings": [asdict(finding) for finding in found]}, indent=2))
        else:
            for finding in found:
                self.stdout.write(f"{finding.kind}: {finding.where} {finding.what}")
            self.stdout.write("The wall is whole." if not found else f"{len(found)} findings.")
        if found:
            sys.exit(1)
