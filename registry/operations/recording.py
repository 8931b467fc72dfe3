"""How facts are written: stamped with who, when and by which import, in one statement per table.

An operation makes drafts (`drafts.py`), records them here, audits and announces. An import makes thousands of
drafts, records them in one call, and writes one audit event of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.operations import announce
from bhi.tenancy.models import Membership
from registry.models import Fact
from registry.operations.errors import AlreadyVoided, ReasonMissing
from registry.operations.part_two_scope import cover_new
from registry.rules.months import months_between

F = TypeVar("F", bound=Fact)
BATCH = 1000


@dataclass(frozen=True)
class Stamp:
    """Who records something, when, and which import brings it."""

    by: Membership
    at: datetime
    import_id: UUID | None = None


def stamped(model: type[F], stamp: Stamp, **values: Any) -> F:
    """A fact not yet stored."""
    return model(
        organization_id=stamp.by.organization_id,
        recorded_at=stamp.at,
        recorded_by=stamp.by,
        import_id=stamp.import_id,
        **values,
    )


@transaction.atomic(savepoint=False)
def record_facts(facts: Iterable[Fact]) -> int:
    """Store drafts of any kinds, one statement per table and thousand rows, in the order in which kinds first occur.

    So what is referred to comes first: a patient before its episode. Writes no audit event and announces nothing:
    the caller does, once. Returns how many rows. IntegrityError when Postgres refuses one: nothing is stored then, and
    what the caller did before is lost too, unless it went into `refusing` or a savepoint of its own.
    """
    by_kind: dict[type[Model], list[Fact]] = defaultdict(list)
    for fact in facts:
        by_kind[type(fact)].append(fact)
    cover_new(by_kind)
    for kind, rows in by_kind.items():
        kind._default_manager.bulk_create(rows, batch_size=BATCH)
    return sum(map(len, by_kind.values()))


def keep_fact(
    action: str,
    fact: Fact,
    patient_id: UUID,
    episode_ids: Iterable[UUID],
    *,
    stamp: Stamp,
    since: date,
    fields: Sequence[str],
) -> None:
    """Store one fact, audit it, and tell of it for every episode that rests on it."""
    record_facts([fact])
    record(action, by=stamp.by, at=stamp.at, patient_id=patient_id, object_id=fact.id, fields=fields)
    announce_change(episode_ids, stamp=stamp, since=since)


def void_facts(facts: Iterable[Fact], *, stamp: Stamp, reason: str) -> None:
    """Take facts back, in one statement per table; both they and the reason are kept.

    Raises ReasonMissing, and AlreadyVoided when somebody was faster with any of them.
    """
    if not reason.strip():
        raise ReasonMissing
    by_kind: dict[type[Fact], list[Fact]] = defaultdict(list)
    for fact in facts:
        by_kind[type(fact)].append(fact)
    for kind, rows in by_kind.items():
        found = kind.objects.filter(organization_id=stamp.by.organization_id, id__in=[row.id for row in rows])
        voided = found.live().update(voided_at=stamp.at, voided_by=stamp.by, void_reason=reason.strip()[:300])
        if voided != len(rows):
            raise AlreadyVoided
    for row in (row for rows in by_kind.values() for row in rows):
        row.voided_at, row.voided_by, row.void_reason = stamp.at, stamp.by, reason.strip()[:300]


@transaction.atomic
def take_back(action: str, kind: type[Fact], fact_id: UUID, *, by: Membership, at: datetime, reason: str) -> None:
    """Void one fact that belongs to no patient, and audit it. Raises ReasonMissing, AlreadyVoided, NotFound."""
    fact = kind.objects.filter(organization_id=by.organization_id, id=fact_id).first()
    if fact is None:
        raise NotFound
    void_facts([fact], stamp=Stamp(by, at), reason=reason)
    record(action, by=by, at=at, object_id=fact.id, fields=["voided_at", "void_reason"])


@contextmanager
def refusing(errors: Mapping[str, type[DomainError]]) -> Iterator[None]:
    """Turn the constraint that Postgres found broken into the error that says it in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as fault:
        error = errors.get(broken_constraint(fault))
        if error is None:
            raise
        raise error from None


def broken_constraint(fault: IntegrityError) -> str:
    """The name of the constraint that refused a row."""
    diagnosis = getattr(fault.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def announce_change(episode_ids: Iterable[UUID], *, stamp: Stamp, since: date) -> None:
    """Tell that the months of these episodes from that of `since` on may come out differently."""
    months = months_between(since, stamp.at.date())
    for episode_id in episode_ids:
        announce(
            "episode_changed",
            organization_id=stamp.by.organization_id,
            at=stamp.at,
            episode_id=episode_id,
            months=months,
        )
