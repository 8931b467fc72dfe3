"""When money that was paid by mistake goes back: 42 CFR 401.305 as it stands since 2025-01-01. Pure.

The regulation binds payments of Medicare Parts A and B. Other payers have terms of their own: the same clock is shown
for them as the one to keep until somebody says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing.rules.closing import FrozenLine

# 42 CFR 401.305(b)(1), (b)(3) and (f); the 180 days since the fee schedule rule for 2025.
REPORT_DAYS = 60
INVESTIGATION_DAYS = 180
LOOK_BACK_YEARS = 6
SOURCE = "42 CFR 401.305(b), in force since Jan 1, 2025"
# So long a payer may take to answer a correction or an end: its money comes onto the list only then. Our own choice,
# half of the sixty days; those are counted from the day on which the payer was told, not from its end.
WAITING_DAYS = 30

CodeUnits = tuple[tuple[str, int], ...]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RefundClock:
    """The last day to report and return, and how it came about. `suspended_until` while related claims are looked
    into, at the latest; None where they are not, or not any more.
    """

    due_on: date
    suspended_until: date | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one answer said of a line, or of a claim as a whole. `due` is all that it lets the line bring: what it paid
    and what the patient owes; `agreed` is what it took off because that was agreed. `is_later`: of a payer that pays
    after another one.
    """

    paid: Decimal
    due: Decimal
    is_reversal: bool = False
    is_later: bool = False
    agreed: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line of which something was paid. `paid` is None where nobody said how much of the claim's money is its own;
    `above` is what came above what is due.
    """

    code: str
    units: int
    paid: Decimal | None
    above: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class Closed:
    """How an earlier refund of the same claim ended: why it was on the list, what was owed then, what went back (None:
    nothing), and how much of the claim's money the payer took back since by itself. `seen`: for which other causes,
    and over how much, whoever closed it saw that nothing is owed.
    """

    why: str
    owed: Decimal | None
    amount: Decimal | None
    taken_since: Decimal = _NOTHING
    seen: tuple[tuple[str, Decimal | None], ...] = ()


def refund_clock(
    identified_on: date, investigation_from: date | None = None, investigation_until: date | None = None
) -> RefundClock:
    """Sixty days from the day on which the payment was identified. While related payments of the same cause are
    looked into in good faith the days stand still, until that is done or 180 days after the identification, whichever
    is earlier; then the rest of the sixty runs. An investigation that begins once the sixty days are over suspends
    nothing. `investigation_until` None: it still goes on, and the day is the latest one possible.
    """
    plain = identified_on + timedelta(days=REPORT_DAYS)
    latest = identified_on + timedelta(days=INVESTIGATION_DAYS)
    if investigation_from is None or investigation_from > plain:
        return RefundClock(plain)
    ends = latest if investigation_until is None else min(investigation_until, latest)
    left = REPORT_DAYS - (investigation_from - identified_on).days
    due_on = ends + timedelta(days=left)
    return RefundClock(due_on, suspended_until=ends if investigation_until is None else None)


def is_within_look_back(received_on: date, identified_on: date) -> bool:
    """Whether a payment was identified within six years of the day on which it came (401.305(f)): else it is not to be
    reported and returned under that regulation, whatever a contract says.
    """
    # Feb 29 has no day of its own in most years.
    try:
        last = received_on.replace(year=received_on.year + LOOK_BACK_YEARS)
    except ValueError:
        last = date(received_on.year + LOOK_BACK_YEARS, 2, 28)
    return identified_on <= last


def is_waiting(told_on: date | None, on: date, *, is_answered: bool) -> bool:
    """Whether a payer that was told of a correction or an end still has time to answer it."""
    return told_on is not None and not is_answered and on < told_on + timedelta(days=WAITING_DAYS)


def known_on(on: date, told_on: date | None, received_on: date | None, earlier: Iterable[date] = ()) -> date:
    """Since when a payment is known to be unsupported, which is found `on`: who told the payer of a correction or an
    end knew it then, if the money was there; a refund that was closed because of a correction keeps its day.
    """
    days = [on, *earlier]
    if told_on is not None:
        days.append(max(told_on, received_on or told_on))
    return min(days)


def paid_above(receipts: Sequence[Receipt], charge: Decimal | None) -> Decimal:
    """What came for a line above what is due; 0 where nothing did. `charge` None: not known.

    Answers of one payer each say what is due: a second one adds nothing to the first, unless a reversal took that
    back. A later payer may add all that the first left of the charge, also what that one denied, but for what was
    agreed with it.
    """
    stands = _standing(receipts)
    total = sum((one.paid for one in receipts), _NOTHING)
    if not stands or total <= 0:
        return _NOTHING
    most = charge if charge is not None and charge > 0 else None
    due = _due(stands, most)
    if total <= due:
        return _NOTHING
    if any(one.is_later for one in stands):
        return total - due
    paid = max(one.paid for one in stands)
    return total - (paid if most is None else min(paid, most))


def owed_of(lines: Iterable[PaidLine], without: CodeUnits, total: Decimal) -> Decimal | None:
    """How much of a claim's `total` was paid for codes and units `without` support, and above what is due besides.

    None where that is not known: a payment that names no lines says nothing of a part of them. Of a line's units each
    has the same share.
    """
    left, owed, lines = dict(without), _NOTHING, tuple(lines)
    if all(left.get(line.code, 0) >= line.units for line in lines):
        return total
    for line in lines:
        units = min(left.get(line.code, 0), line.units)
        left[line.code] = left.get(line.code, 0) - units
        if units and line.paid is None:
            return None
        # What came above what is due goes back whatever is supported; of the rest, the units that are not.
        due = line.paid - line.above if line.paid is not None else _NOTHING
        owed += line.above + due * units / line.units
    return min(owed.quantize(Decimal("0.01")), total)


def still_owed(owed: Decimal | None, closed: Iterable[Closed]) -> Decimal | None:
    """What is left to go back of what is owed now; None where that is not known. What the payer took back by itself
    after it was given back is in the payments already.
    """
    if owed is None:
        return None
    given = sum((max(one.amount - one.taken_since, _NOTHING) for one in closed if one.amount is not None), _NOTHING)
    return max(owed - given, _NOTHING)


def is_settled(why: str, owed: Decimal | None, closed: Sequence[Closed]) -> bool:
    """Whether nothing is left to do: all of it went back, or somebody closed the same cause over as much money."""
    if closed and still_owed(owed, closed) == 0:
        return True
    causes = (cause for one in closed for cause in ((one.why, one.owed), *one.seen))
    return any(then is None or owed is None or owed <= then for cause, then in causes if cause == why)


def most_held(paid: Iterable[Decimal]) -> Decimal:
    """The most that a claim ever held at once, from its payments and reversals in their order: no more can go back."""
    held, most = _NOTHING, _NOTHING
    for amount in paid:
        held += amount
        most = max(most, held)
    return most


def support_left(now: Sequence[FrozenLine], paid: CodeUnits) -> tuple[FrozenLine, ...]:
    """What the records still support once one claim's payment rests on them: two payments cannot rest on the same."""
    taken, left = dict(paid), []
    for line in now:
        units = min(max(line.units, 0), taken.get(line.code, 0))
        taken[line.code] = taken.get(line.code, 0) - units
        left.append(FrozenLine(line.code, line.units - units, line.amount))
    return tuple(left)


def paid_without_support(paid: tuple[tuple[str, int], ...], now: tuple[FrozenLine, ...]) -> tuple[tuple[str, int], ...]:
    """Codes and units that were paid and that the records would not ask for any more; empty where all still are.

    What would be asked on top is no matter of a refund.
    """
    supported: dict[str, int] = {}
    for line in now:
        supported[line.code] = supported.get(line.code, 0) + line.units
    more = ((code, units - max(supported.get(code, 0), 0)) for code, units in paid)
    return tuple((code, units) for code, units in more if units > 0)


def _due(stands: Sequence[Receipt], most: Decimal | None) -> Decimal:
    """All that may come for a line. `most` is its charge, None where that is not known."""
    firsts = [one for one in stands if not one.is_later and one.due > 0]
    if most is not None and not firsts and len({one.is_later for one in stands}) > 1:
        return most
    # Of several answers of one payer, the one that lets it bring the most.
    first = max(firsts or stands, key=lambda one: one.due)
    if most is None:
        return first.due
    has_later = any(one.is_later for one in stands)
    return min(max(most - first.agreed, first.due) if firsts and has_later else first.due, most)


def _standing(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Answers that no reversal took back: it takes back the last one of its payer and amount, else so much of its
    payer's last ones. What is due stays as it was said while anything of an answer is left.
    """
    stands: list[Receipt] = []
    for one in receipts:
        if not one.is_reversal:
            stands.append(one)
            continue
        of_payer = [at for at, earlier in enumerate(stands) if earlier.is_later == one.is_later]
        same = [at for at in of_payer if stands[at].paid == -one.paid]
        if same:
            del stands[same[-1]]
        else:
            _lower(stands, of_payer, -one.paid)
    return stands


def _lower(stands: list[Receipt], places: Sequence[int], amount: Decimal) -> None:
    """Take an amount off the last ones first."""
    for at in reversed(places):
        if amount <= 0:
            return
        if stands[at].paid <= amount:
            amount -= max(stands[at].paid, _NOTHING)
            del stands[at]
        else:
            stands[at] = replace(stands[at], paid=stands[at].paid - amount)
            return
