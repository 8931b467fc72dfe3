"""The audit's chain: each day's events under one fingerprint that holds the day before's.

A day is that in which an event's id was made, in UTC: ids carry the instant of their making, which nobody passes in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from bhi.audit.models import AuditEvent, AuditSeal

BEGINNING: Final = "0" * 64
_COLUMNS: Final = (
    *("id", "at", "by_id", "action", "patient_id", "object_id", "fields", "count"),
    *("shown", "ip", "session", "request_id"),
)
_CHUNK: Final = 5000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a day's seal says of its events."""

    event_count: int
    last_event: UUID | None
    sha256: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first place where the chain does not hold, and what does not fit there."""

    day: date
    what: str


def fingerprint(previous: str, day: date, rows: Iterable[tuple[Any, ...]]) -> Sealed:
    """The fingerprint of a day's events in the order of their ids, on top of the day before's."""
    digest = hashlib.sha256(f"{previous}|{day.isoformat()}".encode())
    count, last = 0, None
    for row in rows:
        digest.update(_canonical(row))
        count, last = count + 1, row[0]
    return Sealed(count, last, digest.hexdigest())


def events_of(organization_id: UUID, day: date) -> Iterator[tuple[Any, ...]]:
    """A day's events in the order of their ids, as the fingerprint takes them. Reads in chunks by id."""
    after, end = _least_id(day), _least_id(day + timedelta(days=1))
    rows = AuditEvent.objects.filter(organization_id=organization_id, id__lt=end).order_by("id")
    while chunk := list(rows.filter(id__gte=after).values_list(*_COLUMNS)[:_CHUNK]):
        yield from chunk
        after = UUID(int=chunk[-1][0].int + 1)


def first_day(organization_id: UUID) -> date | None:
    """The day of the oldest event."""
    oldest = AuditEvent.objects.filter(organization_id=organization_id).order_by("id").values_list("id", flat=True)
    found = oldest.first()
    return None if found is None else day_of(found)


def day_of(event_id: UUID) -> date:
    """The day in UTC in which an id was made."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC).date()


def chain_fault(organization_id: UUID, *, anchor: tuple[int, str] | None = None) -> ChainFault | None:
    """The first day whose events or seal were changed, or None. `anchor` is a seal's number and fingerprint that was
    kept elsewhere: whoever rewrites the chain cannot rewrite that.
    """
    previous, expected_day = BEGINNING, None
    seals = list(AuditSeal.objects.filter(organization_id=organization_id).order_by("number"))
    for number, seal in enumerate(seals, start=1):
        if seal.number != number or (expected_day is not None and seal.day != expected_day):
            return ChainFault(expected_day or seal.day, "a seal is missing")
        if fault := _fault_of(organization_id, seal, previous):
            return ChainFault(seal.day, fault)
        if anchor is not None and anchor[0] == number and anchor[1] != seal.sha256:
            return ChainFault(seal.day, "the seal is not the one that was kept elsewhere")
        previous, expected_day = seal.sha256, seal.day + timedelta(days=1)
    return _of_the_ends(organization_id, seals, anchor)


def head_of(organization_id: UUID) -> tuple[int, str]:
    """Number and fingerprint of the newest seal, to be kept elsewhere; 0 where there is none yet."""
    newest = AuditSeal.objects.filter(organization_id=organization_id).order_by("number").last()
    return (newest.number, newest.sha256) if newest else (0, BEGINNING)


def _fault_of(organization_id: UUID, seal: AuditSeal, previous: str) -> str:
    found = fingerprint(previous, seal.day, events_of(organization_id, seal.day))
    if found.event_count != seal.event_count:
        return f"{seal.event_count} events were sealed, {found.event_count} are there"
    return "" if found.sha256 == seal.sha256 else "an event, or its order, was changed"


def _of_the_ends(organization_id: UUID, seals: list[AuditSeal], anchor: tuple[int, str] | None) -> ChainFault | None:
    """Events before the first seal, or seals that were cut off at the end."""
    if anchor is not None and anchor[0] > len(seals):
        last = seals[-1].day if seals else date.min
        return ChainFault(last, f"{anchor[0]} days were sealed, {len(seals)} seals are there")
    oldest = first_day(organization_id)
    if seals and oldest is not None and oldest < seals[0].day:
        return ChainFault(oldest, "an event is older than the first seal")
    return None


def _least_id(day: date) -> UUID:
    """Where the ids of a day begin."""
    return UUID(int=int(datetime.combine(day, time(), UTC).timestamp() * 1000) << 80)


def _canonical(row: tuple[Any, ...]) -> bytes:
    return json.dumps([_plain(value) for value in row], separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
