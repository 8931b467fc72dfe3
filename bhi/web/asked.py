"""What every view of an organization reads from its request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.http import HttpRequest

from bhi.tenancy.models import Membership

_MOST_DIGITS = 6
_Row = TypeVar("_Row")


def seat(request: HttpRequest) -> Membership:
    """The seat that asks; the middleware found it."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    return by


def own_clinics(request: HttpRequest) -> frozenset[UUID] | None:
    """The clinics that the seat works at; None: all of them."""
    clinics: frozenset[UUID] | None = request.sight.clinics  # type: ignore[attr-defined]
    return clinics


def page_number(request: HttpRequest) -> int:
    """Which page of a list is asked for; the first where the address names none."""
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) <= _MOST_DIGITS else 1


@dataclass(frozen=True)
class Cut(Generic[_Row]):
    """One page of a list that is read whole: its rows, which of all they are, and the ways on."""

    rows: Sequence[_Row]
    number: int
    total: int
    size: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def shown(self) -> str:
        """`51 to 100`."""
        start = (self.number - 1) * self.size
        return f"{start + 1} to {start + len(self.rows)}" if self.rows else ""

    @property
    def previous_url(self) -> str:
        return f"?page={self.number - 1}" if self.number > 1 else ""

    @property
    def next_url(self) -> str:
        return f"?page={self.number + 1}" if self.number < self.last else ""


def cut(rows: Sequence[_Row], number: int, size: int) -> Cut[_Row]:
    """The page of this number; the last one where there are not so many."""
    number = min(number, max(1, -(-len(rows) // size)))
    return Cut(rows[(number - 1) * size : number * size], number, len(rows), size)
