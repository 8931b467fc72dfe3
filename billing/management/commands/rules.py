"""Shows, compares and documents the rule books."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing.rules.books import NoBookInForce, RuleBook, book_named
from billing.rules.books.library import library
from billing.rules.handbook import book_text, changes_text, document

UNKNOWN = 2
PAGE = "docs/rules.md"


class Command(BaseCommand):
    help = "Lists the rule books, shows one, says what changed between two, or writes them all to docs/rules.md."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.set_defaults(show=self._list)
        commands = parser.add_subparsers(title="what to do; without it, the books are listed")
        commands.add_parser("list").set_defaults(show=self._list)
        one = commands.add_parser("show", help="everything that one book says")
        one.add_argument("book")
        one.set_defaults(show=self._show)
        two = commands.add_parser("diff", help="what changed from one book to another")
        two.add_argument("before")
        two.add_argument("after")
        two.set_defaults(show=self._diff)
        docs = commands.add_parser("docs", help=f"write {PAGE} anew")
        docs.add_argument("--to", type=Path, default=Path(settings.BASE_DIR) / PAGE)
        docs.set_defaults(show=self._docs)

    def handle(self, *args: Any, **options: Any) -> None:
        options["show"](options)

    def _list(self, options: dict[str, Any]) -> None:
        for family in sorted(library()):
            for book in library()[family]:
                self.stdout.write(f"{book.effective.isoformat()}  {book.id:<24}  {book.title}")

    def _show(self, options: dict[str, Any]) -> None:
        self.stdout.write(book_text(self._book(options["book"])))

    def _diff(self, options: dict[str, Any]) -> None:
        self.stdout.write(changes_text(self._book(options["before"]), self._book(options["after"])))

    def _docs(self, options: dict[str, Any]) -> None:
        options["to"].write_text(document(), encoding="utf-8")

    def _book(self, name: str) -> RuleBook:
        """The book of that name; an unknown one ends the command with status 2 and a sentence."""
        try:
            return book_named(name)
        except NoBookInForce:
            known = ", ".join(book.id for family in sorted(library()) for book in library()[family])
            self.stderr.write(f"There is no rule book {name}. There are: {known}.")
            raise SystemExit(UNKNOWN) from None
