"""Charges listed by the practice's own system, beside what was closed: missing, doubled, changed, unknown there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from billing.rules.look_back import ADDONS, OURS, Billed, CodeUnits, netted

V = TypeVar("V", date, str)


class ListFinding(StrEnum):
    """What a month shows, what asks most for attention first."""

    DOUBLED = "doubled"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    MISSING = "missing"
    AS_CLOSED = "as_closed"


class What(StrEnum):
    """What a listed charge has other than the closed month, where its codes and units are the same or not."""

    CODES = "codes"
    DAY = "day"
    CLINICIAN = "clinician"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closed month asks for, and how its charge is keyed.

    It is dated within `days`, its first and last possible one; `npi` is the rendering clinician's and `charge` that of
    all lines. None or empty is not known, and nothing is compared with it.
    """

    lines: CodeUnits = ()
    days: tuple[date, date] | None = None
    npi: str = ""
    charge: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """One thing that differs: all that the list has of it. `CODES` needs no values, both sides being shown."""

    what: What
    listed: tuple[date | str | Decimal, ...] = ()


def differences(listed: Sequence[Billed], closed: Closed) -> tuple[Differs, ...]:
    """What the standing charges of a list have other than was closed, as far as the list says it."""
    found = [Differs(What.CODES)] if listed_lines(listed) != closed_lines(closed.lines) else []
    days = closed.days
    if days is not None:
        found += _other(What.DAY, _wrong(listed, _day, lambda day: days[0] <= day <= days[1]))
    if closed.npi:
        found += _other(What.CLINICIAN, _wrong(listed, _npi, lambda npi: npi in ("", closed.npi)))
    charged = _charged(listed)
    if charged is not None and closed.charge is not None and charged != closed.charge:
        found.append(Differs(What.CHARGE, (charged,)))
    return tuple(found)


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


def list_finding(listed: Sequence[Billed], asked: Closed, *, is_filed: bool = False) -> ListFinding | None:
    """What one patient's month shows; None where neither side has anything.

    `asked` has no lines where the month is not closed, asks for nothing, or is not on record. `is_filed` says that it
    left as 837P: standing in the list as well, the payer is asked twice; and it is not missed there.
    """
    standing, closed = listed_lines(listed), closed_lines(asked.lines)
    if is_filed:
        return ListFinding.DOUBLED if standing else None
    if not standing:
        return ListFinding.MISSING if closed else None
    if not closed:
        return ListFinding.UNKNOWN
    if _is_doubled(listed, standing, closed):
        return ListFinding.DOUBLED
    return ListFinding.CHANGED if differences(listed, asked) else ListFinding.AS_CLOSED


def _is_doubled(listed: Sequence[Billed], standing: CodeUnits, closed: CodeUnits) -> bool:
    """Whether a code that was closed stands there more often: a base code with several units, or an add-on that has
    several lines.
    """
    wanted = dict(closed)
    more = [code for code, units in standing if 0 < wanted.get(code, 0) < units]
    lines = [one.code for one in listed if one.units > 0]
    return any(code not in ADDONS or lines.count(code) > 1 for code in more)


def _wrong(listed: Sequence[Billed], value: Callable[[Billed], V], is_right: Callable[[V], bool]) -> list[V]:
    """The values other than closed under which a code of ours stands once reversals are taken off."""
    by_code: dict[str, list[Billed]] = {}
    for one in listed:
        by_code.setdefault(one.code, []).append(one)
    return sorted({key for lines in by_code.values() for key in _wrong_of_code(lines, value, is_right)})


def _wrong_of_code(lines: Sequence[Billed], value: Callable[[Billed], V], is_right: Callable[[V], bool]) -> Iterator[V]:
    """The same of one code. A reversal takes off a charge of its own day or clinician; one that has none there, because
    it is dated when it was keyed, takes off what is wrong before what is right.
    """
    groups: dict[V, list[Billed]] = {}
    for one in lines:
        groups.setdefault(value(one), []).append(one)
    standing = {key: _units(group) for key, group in groups.items()}
    to_take = sum(standing.values()) - _units(lines)
    for key in sorted(key for key in standing if not is_right(key)):
        if standing[key] > to_take:
            yield key
        to_take = max(to_take - standing[key], 0)


def _units(lines: Sequence[Billed]) -> int:
    """How many units of ours stand there."""
    return sum(units for _, units in listed_lines(lines))


def _day(one: Billed) -> date:
    return one.on


def _npi(one: Billed) -> str:
    return one.npi


def _charged(listed: Sequence[Billed]) -> Decimal | None:
    """What the standing lines charge together; None where one does not say it, or a payment was taken back: what is
    then charged cannot be told.
    """
    ours = [one for one in listed if one.code in OURS]
    amounts = [one.charge for one in ours if one.charge is not None and not (one.paid is not None and one.paid < 0)]
    if not ours or len(amounts) < len(ours):
        return None
    signs = [-1 if one.units < 0 else 1 for one in ours]
    return sum((sign * abs(amount) for sign, amount in zip(signs, amounts, strict=True)), Decimal(0))


def _other(what: What, values: Iterable[date | str | Decimal]) -> list[Differs]:
    listed = tuple(values)
    return [Differs(what, listed)] if listed else []
