"""Which of its organization's records a seat may see, set for one transaction and obeyed by Postgres.

A seat may work at some clinics only, and a record may be kept to some seats. Both are row-level policies
(bhi.tenancy.constraints.SeenBySeat, SeenWith), so that lists, counts, searches and raw SQL obey alike. Where nothing is
set everything of the organization shows: jobs and the system see all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from bhi.tenancy.context import swap_settings
from bhi.tenancy.models import Membership
from bhi.tenancy.pool import ALSO, CLINICS, HIDDEN


@dataclass(frozen=True)
class Opened:
    """A record that was opened past its limits, by which access and until when."""

    access_id: UUID
    patient_id: UUID
    until: datetime
    minutes_left: int = 0


@dataclass(frozen=True)
class Sight:
    """The limits of a seat: its clinics (None: all), records seen besides, records not seen although they are there.

    `opened` is what was opened in an emergency; it is in `also` and not in `hidden`.
    """

    clinics: frozenset[UUID] | None = None
    also: frozenset[UUID] = frozenset()
    hidden: frozenset[UUID] = frozenset()
    opened: tuple[Opened, ...] = ()

    @property
    def is_limited(self) -> bool:
        return self.clinics is not None or bool(self.hidden)

    @property
    def settings(self) -> Mapping[str, str]:
        """As the policies read it: arrays of Postgres; empty text is no limit."""
        if not self.is_limited:
            return EVERYTHING
        return {
            CLINICS: "" if self.clinics is None else _array(self.clinics),
            ALSO: _array(self.also),
            HIDDEN: _array(self.hidden),
        }


EVERYTHING: Final[Mapping[str, str]] = {CLINICS: "", ALSO: "", HIDDEN: ""}
SightOf = Callable[[Membership, datetime], Sight]
_sources: dict[str, SightOf] = {}
# Whether limits are set now, so that lifting them costs statements only where there are some.
_is_limited: ContextVar[bool] = ContextVar("is_limited", default=False)
# Whether the limits are of clinics, and not only of single records that are kept to others.
_is_of_clinics: ContextVar[bool] = ContextVar("is_of_clinics", default=False)


def limits_sight(name: str, source: SightOf) -> None:
    """An app above says what a seat may see: the ground knows no patients. Asked within the seat's tenant."""
    _sources[name] = source


@contextmanager
def looking_as(seat: Membership, at: datetime, *, is_nested: bool = False) -> Iterator[Sight]:
    """Within the seat's `tenant()`: until it ends, only what this seat may see is there.

    One statement where it may see everything. `is_nested`: inside of what another seat sees, as when somebody's seats
    of several organizations are looked through; limits of the other one do not hold here.
    """
    with seeing_everything() if is_nested else nullcontext():
        sight = sight_of(seat, at)
        with _seeing(sight.settings) if sight.is_limited else nullcontext():
            yield sight


@contextmanager
def seeing_everything() -> Iterator[None]:
    """For what must be whole whoever asks, such as the close of a month. Costs nothing where nothing is limited."""
    with _seeing(EVERYTHING) if _is_limited.get() else nullcontext():
        yield


def sees_all() -> bool:
    """Whether nothing is kept from who asks: no limits are set, or they are lifted. No statement."""
    return not _is_limited.get()


def sees_every_clinic() -> bool:
    """Whether who asks works at all clinics, single records aside that are kept to others. No statement."""
    return not _is_of_clinics.get()


def sight_of(seat: Membership, at: datetime) -> Sight:
    """The limits of a seat at an instant."""
    for source in _sources.values():
        return source(seat, at)
    return Sight()


@contextmanager
def _seeing(settings: Mapping[str, str]) -> Iterator[None]:
    """In a savepoint, so that on an exception its rollback puts back what was set before."""
    connection = connections[DEFAULT_DB_ALIAS]
    limited = _is_limited.set(settings is not EVERYTHING)
    of_clinics = _is_of_clinics.set(settings[CLINICS] != "")
    try:
        with transaction.atomic():
            before = swap_settings(connection, settings)
            yield
            if not connection.needs_rollback:
                swap_settings(connection, before)
    finally:
        _is_of_clinics.reset(of_clinics)
        _is_limited.reset(limited)


def _array(ids: frozenset[UUID]) -> str:
    return "{" + ",".join(sorted(str(one) for one in ids)) + "}"
