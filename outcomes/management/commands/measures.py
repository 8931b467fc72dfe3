"""`manage.py measures`: lists the measures; `measures docs` writes docs/measures.md."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from outcomes.rules.handbook import document
from outcomes.rules.measures import MEASURES

PAGE = "docs/measures.md"


class Command(BaseCommand):
    help = f"Lists the measures, or writes all that is said of them to {PAGE}."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.set_defaults(show=self._list)
        commands = parser.add_subparsers(title="what to do; without it, the measures are listed")
        docs = commands.add_parser("docs", help=f"write {PAGE} anew")
        docs.add_argument("--to", type=Path, default=Path(settings.BASE_DIR) / PAGE)
        docs.set_defaults(show=self._docs)

    def handle(self, *args: Any, **options: Any) -> None:
        options["show"](options)

    def _list(self, options: dict[str, Any]) -> None:
        for one in MEASURES:
            self.stdout.write(f"{one.key:<22}{one.in_force_from:%Y-%m}  {one.title}")

    def _docs(self, options: dict[str, Any]) -> None:
        options["to"].write_text(document(), encoding="utf-8")
