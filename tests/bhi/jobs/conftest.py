"""Kinds of job for tests, in a registry that is put back afterwards, and a doorbell that only remembers.

Read before Django is set up, so what needs Django is imported inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from uuid import UUID

    from bhi.jobs.registry import Run


@dataclass
class Kinds:
    """Registers handlers; `runs` holds every run that a `noted` handler was given."""

    runs: list[Run] = field(default_factory=list)

    def noted(self, kind: str, then: Callable[[Run], None] | None = None, **options: Any) -> None:
        from bhi.jobs import registry

        def handler(run: Run) -> None:
            self.runs.append(run)
            if then:
                then(run)

        registry.handles(kind, handler, **options)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    from bhi.jobs import registry

    for name in ("_handlers", "_labels", "_subscriptions", "_periodic"):
        monkeypatch.setattr(registry, name, {})
    return Kinds()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The ids that were rung, in order."""
    from bhi.jobs import operations

    heard: list[UUID] = []

    def ring(*, organization_id: UUID, job_id: UUID, expires: int | None = None) -> bool:
        heard.append(job_id)
        return True

    monkeypatch.setattr(operations, "ring", ring)
    return heard
