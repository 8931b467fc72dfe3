"""`manage.py bench`: the product against its budgets."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bench import running


class Command(BaseCommand):
    help = "Measures the product in a database made for it, with the limits measured in the same run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--small", action="store_true", help="a quick run on few rows; its times prove nothing")
        parser.add_argument("--only", choices=running.PARTS, action="append", help="one part; may be repeated")
        parser.add_argument("--entries", type=int, help="how many entries are rolled up, ten for each patient's month")
        parser.add_argument("--database", help="an empty, migrated database to fill instead of making one")
        parser.add_argument("--strict", action="store_true", help="fail when a budget is missed")

    def handle(self, *args: Any, **options: Any) -> None:
        missed: list[str] = []
        for lines in running.run(
            is_small=options["small"],
            parts=options["only"] or running.PARTS,
            database=options["database"],
            at=timezone.now(),
            say=self.stderr.write,
            entries=options["entries"],
        ):
            self.stdout.write("\n".join(running.table(lines)) + "\n")
            self.stdout.flush()
            missed += [line.what for line in lines if line.is_met is False]
        if missed and options["strict"]:
            raise CommandError(f"{len(missed)} missed: {'; '.join(missed)}")
