"""Plays stories: one patient's months as data, recorded in a throw-away organization and read back."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from billing.operations.stories import play_story
from billing.rules.documents import DocumentInvalid
from billing.rules.story import load_story
from billing.rules.story_outcome import document

DIFFERS, INVALID = 1, 2


class Command(BaseCommand):
    help = "Plays each story and prints what came of it, one JSON object a line; nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--explain", action="store_true", help="add rule book and citations to lines and gaps")

    def handle(self, *, files: list[str], explain: bool, **options: Any) -> None:
        worst = 0
        for name in files:
            worst = max(worst, self._play(name, explain=explain))
        if worst:
            raise SystemExit(worst)

    def _play(self, name: str, *, explain: bool) -> int:
        """Print one file's outcome, or its fault. Returns the exit status that it asks for."""
        try:
            story = load_story(Path(name).read_text(encoding="utf-8"))
            played = document(story, play_story(story), is_explained=explain)
        except DocumentInvalid as invalid:
            self.stderr.write(f"{name}: {invalid.path}: {invalid.fault}")
            return INVALID
        except (OSError, UnicodeDecodeError) as unreadable:
            self.stderr.write(f"{name}: $: the file cannot be read ({type(unreadable).__name__})")
            return INVALID
        self.stdout.write(json.dumps(played))
        return DIFFERS if played["ok"] is False else 0
