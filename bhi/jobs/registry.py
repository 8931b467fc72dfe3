"""Which kinds of job there are, what runs them, and which facts queue them. Filled in AppConfig.ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of, system_membership
from bhi.tenancy.sight import looking_as


@dataclass(frozen=True)
class Work:
    """One job to queue: `key` names what it is about, so that it is queued once; `arguments` hold ids and months."""

    key: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What a handler is given. It runs in its tenant's transaction, which also marks the job done.

    `at` is when the run began; `progress(done, total)` tells the owner, and may be called for every row.
    """

    job_id: UUID
    organization_id: UUID
    arguments: Mapping[str, Any]
    owner_id: UUID | None
    at: datetime
    progress: Callable[[int, int], None]


Handler = Callable[[Run], None]
WorkOf = Callable[[Mapping[str, Any]], Iterable[Work]]
PeriodOf = Callable[[datetime], str | None]

_handlers: dict[str, Handler] = {}
_labels: dict[str, str] = {}
_subscriptions: dict[str, list[tuple[str, WorkOf]]] = {}
_periodic: dict[str, PeriodOf] = {}


def handles(kind: str, handler: Handler, *, label: str = "", as_owner: bool = False) -> None:
    """`handler` runs jobs of this kind. It must be idempotent: it may run twice, or late.

    `label` is what its owner reads while it runs, for example "Importing the caseload". `as_owner`: it makes something
    for its owner to read, and so sees only the patients that they may see; any other job sees all.
    """
    _handlers[kind] = _with_the_eyes_of_its_owner(handler) if as_owner else handler
    _labels[kind] = label


def _with_the_eyes_of_its_owner(handler: Handler) -> Handler:
    def handle(run: Run) -> None:
        owner = people_of(run.organization_id)[run.owner_id] if run.owner_id else system_membership(run.organization_id)
        with looking_as(owner, run.at):
            handler(run)

    return handle


def subscribe(fact: str, kind: str, work_of: WorkOf) -> None:
    """When `fact` is announced, queue jobs of `kind`: those that `work_of` makes of the fact's ids."""
    pair = (kind, work_of)
    if pair not in _subscriptions.setdefault(fact, []):
        _subscriptions[fact].append(pair)


def repeats(kind: str, period_of: PeriodOf) -> None:
    """Queue one job of `kind` per organization and period; `period_of` says in which period an instant lies."""
    _periodic[kind] = period_of


def handler_of(kind: str) -> Handler:
    """Raises KeyError for a kind that no app handles: the job fails, and is seen among the dead."""
    return _handlers[kind]


def label_of(kind: str) -> str:
    return _labels.get(kind) or "Background work"


def subscriptions_of(fact: str) -> list[tuple[str, WorkOf]]:
    return _subscriptions.get(fact, [])


def periodic_kinds() -> list[tuple[str, PeriodOf]]:
    return list(_periodic.items())


def nightly(at: datetime) -> str | None:
    """The night that an instant belongs to: from 08:00 UTC, when it is night in every US zone's clinics."""
    return at.date().isoformat() if at.hour >= 8 else None
