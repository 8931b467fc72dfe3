"""Charges listed by the practice's own system, beside what was closed: missing, doubled, changed, unknown there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from billing.rules.look_back import ADDONS, OURS, Billed, CodeUnits, netted


class ListFinding(StrEnum):
    """What a month shows, what asks most for attention first."""

    DOUBLED = "doubled"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    MISSING = "missing"
    AS_CLOSED = "as_closed"


def listed_lines(listed: Sequence[Billed]) -> CodeUnits:
    """The codes of ours that stand in the list of one month once reversals are taken off, with their units.

    A line that was paid nothing stands there too: beside a paid one of its code it is a second charge.
    """
    # What a payer answered with nothing counts here as what it has not answered.
    net = netted(replace(one, paid=one.paid or None) for one in listed if one.code in OURS)
    return tuple((code, one.units) for code, one in net.items() if one.units > 0)


def closed_lines(asked: CodeUnits) -> CodeUnits:
    """What the closed month asks for, in the same order."""
    return tuple(sorted((code, units) for code, units in asked if code in OURS))


def list_finding(listed: Sequence[Billed], asked: CodeUnits, *, is_filed: bool = False) -> ListFinding | None:
    """What one patient's month shows; None where neither side has anything.

    `asked` is what the closed month asks for: nothing where it is not closed, asks for nothing, or is not on record.
    `is_filed` says that it left as 837P: standing in the list as well, the payer is asked twice; and it is not missed
    there.
    """
    standing, closed = listed_lines(listed), closed_lines(asked)
    if is_filed:
        return ListFinding.DOUBLED if standing else None
    if not standing:
        return ListFinding.MISSING if closed else None
    if not closed:
        return ListFinding.UNKNOWN
    if standing == closed:
        return ListFinding.AS_CLOSED
    return ListFinding.DOUBLED if _is_doubled(listed, standing, closed) else ListFinding.CHANGED


def _is_doubled(listed: Sequence[Billed], standing: CodeUnits, closed: CodeUnits) -> bool:
    """Whether a code that was closed stands there more often: a base code with several units, or an add-on that has
    several lines.
    """
    wanted = dict(closed)
    more = [code for code, units in standing if 0 < wanted.get(code, 0) < units]
    lines = [one.code for one in listed if one.units > 0]
    return any(code not in ADDONS or lines.count(code) > 1 for code in more)
