"""Keeping the next version of a document, so that of two edits of one version the second is told of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Max

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
    latest = _latest(model, stamp, owner)
    if _is_said(latest, says):
        return Kept(latest, was_new=False)  # type: ignore[arg-type]
    if (latest.number if latest is not None else 0) != based_on:  # type: ignore[attr-defined]
        raise EditedMeanwhile
    row = stamped(model, stamp, number=_highest(model, stamp, owner) + 1, **owner, **says)
    try:
        with refusing({constraint: EditedMeanwhile}):
            record_facts([row])
    except EditedMeanwhile:
        latest = _latest(model, stamp, owner)
        if not _is_said(latest, says):
            raise
        return Kept(latest, was_new=False)  # type: ignore[arg-type]
    return Kept(row, was_new=True)


def _latest(model: type[F], stamp: Stamp, owner: Mapping[str, Any]) -> F | None:
    """The live version in force, without those that an import brought unnumbered."""
    numbered = model.objects.live().filter(organization_id=stamp.by.organization_id, number__isnull=False, **owner)
    found: F | None = numbered.order_by("-number").first()
    return found


def _highest(model: type[F], stamp: Stamp, owner: Mapping[str, Any]) -> int:
    """The highest number ever given: that of a version that was taken back is not given again."""
    every = model.objects.filter(organization_id=stamp.by.organization_id, **owner)
    return every.aggregate(highest=Max("number"))["highest"] or 0


def _is_said(row: Fact | None, says: Mapping[str, Any]) -> bool:
    return row is not None and all(getattr(row, name) == value for name, value in says.items())
