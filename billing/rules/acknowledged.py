"""Which of several acknowledgements of a file or claim counts: pure.

A file of claims is answered on three levels, each by its own kind: its envelope (TA1), its syntax (999), and its
claims (277CA). One says nothing of the others: what one level refused, no other level takes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Heard:
    """One acknowledgement. `on` is the payer's own day, or that of its reading where it said none; `order` counts the
    files in the order in which they were read.
    """

    kind: str
    is_accepted: bool
    on: date
    order: int
    codes: tuple[str, ...] = ()
    payer_claim_number: str = ""
    said_on: date | None = None


def counts(heard: Iterable[Heard]) -> Heard | None:
    """The one that counts. Of each kind the latest by the payer's own day, whenever it was read: a refusal stands
    until a later acceptance of its kind. Of the kinds a refusal before an acceptance, then the latest.
    """
    last: dict[str, Heard] = {}
    for one in heard:
        if one.kind not in last or _age(last[one.kind]) <= _age(one):
            last[one.kind] = one
    return max(last.values(), key=lambda one: (not one.is_accepted, _age(one)), default=None)


def _age(one: Heard) -> tuple[date, int, bool]:
    """Within one file, what is refused counts before what is taken."""
    return one.on, one.order, not one.is_accepted
