"""What pages tell of release checks and decisions: months that wait, what was decided before, how checks are set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership
from billing.models import CoderDecision, MonthClose, ReleaseMode
from billing.queries.month_page import month_rows, words_of
from billing.queries.month_row import MonthRow
from billing.rules.release import CHECKS, Check, mode_of
from caseload.rules.clock import first_day

PAGE_ROWS = 100
BY_CODER = "by_coder"
NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class DecisionShown:
    """A decision as its month's page tells of it; `ended` says what became of one that does not stand."""

    kind: str
    label: str
    because: str
    look_again_on: date | None
    lines: str
    who: str
    at: datetime
    ended: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None


def decisions_of(
    organization_id: UUID, episode_id: UUID, month: str, people: Mapping[UUID, Membership]
) -> tuple[DecisionShown, ...]:
    """Every decision about a patient's month, the newest first."""
    rows = CoderDecision.objects.filter(
        organization_id=organization_id, episode_id=episode_id, month=first_day(month)
    ).order_by("-recorded_at", "-id")
    return tuple(_decision(row, people) for row in rows)


def closed_clinics(organization_id: UUID, month: str) -> set[UUID]:
    """The clinics that have closed the month."""
    closes = MonthClose.objects.filter(
        organization_id=organization_id, month=first_day(month), reopened_at__isnull=True
    )
    return set(closes.values_list("clinic_id", flat=True))


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """How many months one check holds back, or the coder."""

    word: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class HeldMonths:
    """The months that are held back, overdue holds first: all, or those that one check holds; cut to a page."""

    groups: tuple[HeldGroup, ...]
    chosen: HeldGroup | None
    rows: tuple[MonthRow, ...]
    total: int
    held: int
    closed: int  # held back when their clinic closed the month: nothing is decided about them any more
    overdue: int
    first_row: int
    previous: int | None
    next: int | None


def held_months(organization_id: UUID, month: str, *, on: date, word: str = "", start: int = 0) -> HeldMonths:
    """Months that a coder can still decide, the overdue holds first, then by name. Those of clinics that have closed
    the month are on the page of their close.
    """
    all_held = [row for row in month_rows(organization_id, month) if row.is_held_back]
    held = [row for row in all_held if row.closed is None]
    groups = tuple(_groups(held))
    chosen = next((group for group in groups if group.word == word), None)
    matching = sorted(
        (row for row in held if chosen is None or chosen.word in _words(row)), key=lambda row: not _is_overdue(row, on)
    )
    start = start if start < len(matching) else 0
    return HeldMonths(
        groups=groups,
        chosen=chosen,
        rows=tuple(matching[start : start + PAGE_ROWS]),
        total=len(matching),
        held=len(held),
        closed=len(all_held) - len(held),
        overdue=sum(_is_overdue(row, on) for row in held),
        first_row=start + 1,
        previous=max(0, start - PAGE_ROWS) if start else None,
        next=start + PAGE_ROWS if start + PAGE_ROWS < len(matching) else None,
    )


@dataclass(frozen=True, slots=True)
class CheckSet:
    """A check as the organization set it, and who did."""

    check: Check
    mode: str
    changed_by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModeBefore:
    """How a check was set before, until when, and by whom it had been set so."""

    title: str
    mode: str
    who: str
    at: datetime


def checks_set(organization_id: UUID) -> tuple[CheckSet, ...]:
    """Every check with its mode, in order."""
    rows = {row.check_name: row for row in _modes(organization_id)}
    modes = {word: row.mode for word, row in rows.items()}
    return tuple(_check_set(check, mode_of(check.word, modes, frozenset()), rows.get(check.word)) for check in CHECKS)


def modes_before(organization_id: UUID) -> tuple[ModeBefore, ...]:
    """How checks were set before they were set as they are, the newest first."""
    titles = {check.word: check.title for check in CHECKS}
    people = people_of(organization_id)
    history = ReleaseMode.pgh_event_model.objects.filter(organization_id=organization_id)  # type: ignore[attr-defined]
    return tuple(
        ModeBefore(titles.get(row.check_name, row.check_name), row.mode, str(people[row.changed_by_id]), row.changed_at)
        for row in history.order_by("-changed_at", "-pgh_id")[:PAGE_ROWS]
    )


def _decision(row: CoderDecision, people: Mapping[UUID, Membership]) -> DecisionShown:
    ended_by = str(people[row.voided_by_id]) if row.voided_by_id else ""
    return DecisionShown(
        kind=row.kind,
        label=row.get_kind_display(),
        because=row.because,
        look_again_on=row.look_again_on,
        lines=words_of((code, units) for code, units in row.lines),
        who=str(people[row.recorded_by_id]),
        at=row.recorded_at,
        ended=row.void_reason,
        ended_by=ended_by,
        ended_at=row.voided_at,
    )


def _groups(held: Sequence[MonthRow]) -> Iterable[HeldGroup]:
    counts: dict[str, int] = {}
    for row in held:
        for word in _words(row):
            counts[word] = counts.get(word, 0) + 1
    titles = [(BY_CODER, "By the coder"), (NOT_SUPPORTED, "Decide again")]
    for word, title in (*titles, *((check.word, check.title) for check in CHECKS)):
        if word in counts:
            yield HeldGroup(word, title, counts[word])


def _words(row: MonthRow) -> tuple[str, ...]:
    """What holds a month: the coder, or checks."""
    release = row.release
    assert release is not None
    if release.is_held_by_coder:
        return (BY_CODER,)
    return tuple(check.word for check in release.holding) or (NOT_SUPPORTED,)


def _is_overdue(row: MonthRow, on: date) -> bool:
    return row.release is not None and row.release.is_overdue(on)


def _modes(organization_id: UUID) -> Iterable[ReleaseMode]:
    rows: Iterable[ReleaseMode] = ReleaseMode.objects.filter(organization_id=organization_id).select_related(
        "changed_by"
    )
    return rows


def _check_set(check: Check, mode: str, row: ReleaseMode | None) -> CheckSet:
    if row is None:
        return CheckSet(check, mode)
    return CheckSet(check, mode, str(row.changed_by), row.changed_at)
