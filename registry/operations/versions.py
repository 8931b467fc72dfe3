"""Keeping the next version of a document, so that of two edits of one version the second is told of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from registry.models import Fact
from registry.operations.plan_errors import EditedMeanwhile
from registry.operations.recording import Stamp, record_facts, refusing, stamped

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Kept(Generic[F]):
    """A version, and whether this save made it: the same form sent twice makes one."""

    row: F
    was_new: bool


def keep_version(
    model: type[F], *, stamp: Stamp, owner: Mapping[str, Any], based_on: int, on: date, constraint: str, **values: Any
) -> Kept[F]:
    """Store the version after `based_on` (0: the first) of what `owner` has; what is there already is not kept again.

    Raises EditedMeanwhile when another version was saved on top of `based_on`, also at the same moment: then
    `constraint`, the unique one over the owner and the number, refuses the row.
    """
    says = {"on": on, **values}
    numbers = _numbers(model, stamp, owner)
    latest = _numbered(model, stamp, owner, numbers.in_force)
    if latest is not None and _is_said(latest, says):
        return Kept(latest, was_new=False)
    if numbers.in_force != based_on:
        raise EditedMeanwhile
    row = stamped(model, stamp, number=numbers.highest + 1, **owner, **says)
    try:
        with refusing({constraint: EditedMeanwhile}):
            record_facts([row])
    except EditedMeanwhile:
        faster = _numbered(model, stamp, owner, numbers.highest + 1)
        if faster is None or not _is_said(faster, says):
            raise
        return Kept(faster, was_new=False)
    return Kept(row, was_new=True)


@dataclass(frozen=True)
class _Numbers:
    """The number in force, and the highest ever given: that of a version taken back is not given again. 0: none."""

    in_force: int
    highest: int


def _numbers(model: type[F], stamp: Stamp, owner: Mapping[str, Any]) -> _Numbers:
    """Both in one statement: what is saved between two would be taken for the version that the edit was based on."""
    every = model.objects.filter(organization_id=stamp.by.organization_id, number__isnull=False, **owner)
    found = list(every.values_list("number", "voided_at"))
    live = [number for number, voided_at in found if voided_at is None]
    return _Numbers(max(live, default=0), max((number for number, _ in found), default=0))


def _numbered(model: type[F], stamp: Stamp, owner: Mapping[str, Any], number: int) -> F | None:
    every = model.objects.live().filter(organization_id=stamp.by.organization_id, number=number, **owner)
    found: F | None = every.first()
    return found


def _is_said(row: Fact, says: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in says.items())
