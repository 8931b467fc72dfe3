"""Sums of what was expected, paid and owed: dollars, what is not known counted beside the sum. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

NOTHING = Decimal("0.00")
WHOLE = ""


@dataclass(frozen=True, slots=True)
class LineMoney:
    """One code of one claim: what was expected (None: not known), what came, what the patient owes, and whether any
    payer answered it yet. `claim` is the first of those that replaced each other: they count as one. The money of one
    that was replaced `is_waiting` until the claim in its place is answered: what is missing or too much shows then.
    """

    month: str
    payer: str
    code: str
    claim: object
    expected: Decimal | None
    is_estimate: bool
    paid: Decimal
    owed: Decimal
    is_answered: bool
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class MoneySum:
    """A group of lines. `open` is what is expected of lines that nobody answered yet; `difference` compares only
    lines that were answered, do not wait, and of which something is known to be expected: what came and what patients
    owe, less it. A claim counts as answered where a line of it was, other than of one that was replaced and waits.
    """

    name: str
    claims: int
    answered: int
    expected: Decimal
    unknown: int
    is_estimate: bool
    paid: Decimal
    owed: Decimal
    open: Decimal
    difference: Decimal | None


@dataclass(frozen=True, slots=True)
class DaysToPay:
    """From the day on which a batch left to the first payment: the middle of all, the longest, and of how many."""

    middle: int
    longest: int
    of: int


def money_sum(name: str, lines: Sequence[LineMoney]) -> MoneySum:
    """What a group of lines comes to."""
    compared = [line for line in lines if line.is_answered and not line.is_waiting and line.expected is not None]
    came = sum((line.paid + line.owed - _known(line) for line in compared), NOTHING)
    return MoneySum(
        name=name,
        claims=len({line.claim for line in lines}),
        answered=len({line.claim for line in lines if line.is_answered and not line.is_waiting}),
        expected=sum((_known(line) for line in lines), NOTHING),
        unknown=sum(line.expected is None for line in lines),
        is_estimate=any(line.is_estimate for line in lines),
        paid=sum((line.paid for line in lines), NOTHING),
        owed=sum((line.owed for line in lines), NOTHING),
        open=sum((_known(line) for line in lines if not line.is_answered), NOTHING),
        difference=came if compared else None,
    )


def money_by(lines: Iterable[LineMoney], group: str) -> tuple[MoneySum, ...]:
    """The same by `month`, `payer` or `code`, in order of their names."""
    found: dict[str, list[LineMoney]] = {}
    for line in lines:
        found.setdefault(getattr(line, group), []).append(line)
    return tuple(money_sum(name, found[name]) for name in sorted(found))


def days_to_pay(spans: Iterable[tuple[date, date]]) -> DaysToPay | None:
    """Of pairs of days, sent and first paid; None where nothing was paid yet. Of an even number the earlier middle."""
    days = sorted((paid - sent).days for sent, paid in spans)
    return DaysToPay(days[(len(days) - 1) // 2], days[-1], len(days)) if days else None


def chains_of(claims: Iterable[tuple[UUID, UUID | None]]) -> dict[UUID, list[UUID]]:
    """Of each claim all that took each other's place with it, from the first on. Given in the order in which they
    were made, each with the one before it, if any; one that is not given itself counts as none.
    """
    chains: dict[UUID, list[UUID]] = {}
    for claim, before in claims:
        chain = chains.get(before, []) if before is not None else []
        chain.append(claim)
        chains[claim] = chain
    return chains


def lost_of(
    expected: Mapping[str, Decimal | None], lost: Collection[str], got: Mapping[str, Decimal], came: Decimal
) -> Decimal | None:
    """What lines that were lost would still have brought: `expected` is by line, `lost` and `got` likewise, the claim
    as a whole under an empty name, `came` all that came of the claim and those before it. Never below nothing, nor
    more than what is missing of all. None where it rests on an amount that is not known.
    """
    keys = set(expected) if WHOLE in lost else set(lost)
    amounts = {key: expected[key] for key in keys}
    known = {key: amount for key, amount in amounts.items() if amount is not None}
    if len(known) < len(amounts):
        return None
    of_lines = sum((max(amount - got.get(key, NOTHING), NOTHING) for key, amount in known.items()), NOTHING)
    everything = [amount for amount in expected.values() if amount is not None]
    if len(everything) < len(expected):
        return of_lines
    return min(of_lines, max(sum(everything, NOTHING) - came, NOTHING))


def _known(line: LineMoney) -> Decimal:
    return line.expected if line.expected is not None else NOTHING
