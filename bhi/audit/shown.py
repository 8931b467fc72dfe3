"""Whom the page that is being answered shows: what the audit was told, for the notice that stands on lists on paper.

The ground knows no app's tables: an app says of which patients a list must carry a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

AnyCovered = Callable[[UUID, Collection[UUID]], bool]
_questions: dict[str, AnyCovered] = {}
_shown: ContextVar[tuple[UUID, set[UUID]] | None] = ContextVar("bhi_audit_shown", default=None)
_is_counting: ContextVar[bool] = ContextVar("bhi_audit_is_counting", default=False)


def covers_patients(name: str, any_covered: AnyCovered) -> None:
    """Subscribe: `any_covered(organization, patients)` says whether one of them needs the notice."""
    _questions[name] = any_covered


@contextmanager
def noting_whom() -> Iterator[None]:
    """Within this, which is one request, what the audit hears of patients is kept for its page."""
    counting, shown = _is_counting.set(True), _shown.set(None)
    try:
        yield
    finally:
        _shown.reset(shown)
        _is_counting.reset(counting)


def note_shown(organization_id: UUID, patient_ids: Iterable[UUID]) -> None:
    """These stand on the page. Nothing in jobs and commands."""
    if not _is_counting.get():
        return
    before = _shown.get()
    known = before[1] if before is not None and before[0] == organization_id else set()
    _shown.set((organization_id, known | set(patient_ids)))


def is_anybody_covered(*, besides: Iterable[UUID] = ()) -> bool:
    """Whether the page shows somebody who needs the notice, `besides` these. One statement where it shows anybody."""
    organization_id, shown = _shown.get() or (None, set())
    asked = shown - set(besides)
    if organization_id is None or not asked:
        return False
    return any(question(organization_id, asked) for question in _questions.values())
