"""The facts that an import will store, gathered by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from registry.models import Fact
from registry.operations.recording import record_facts

Progress = Callable[[int, int], None]
REPLACED = "Replaced by an import"


@dataclass
class Drafts:
    """Facts by kind, in the order in which they can be stored."""

    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, *facts: Fact) -> None:
        self.facts[kind].extend(facts)

    def record(self, progress: Progress) -> None:
        """What is referred to comes first; a held time comes after the one that it overlaps."""
        total, done = sum(map(len, self.facts.values())), 0
        for kind in ("patient", "episode", "dated", "contact", "time", "held", "score", "next"):
            _forget_plans()
            done += record_facts(self.facts[kind])
            progress(done, total)


def allow_minutes() -> None:
    """A long import takes longer than a request may; its transaction gets limits of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', '10min', true), "
            "set_config('idle_in_transaction_session_timeout', '10min', true)"
        )


def _forget_plans() -> None:
    """Let Postgres plan the foreign keys' checks anew for each kind of fact.

    A plan made on this connection while the tables were small reads them from end to end for every row, which
    makes a first large import take hours.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
