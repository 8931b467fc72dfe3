"""What was billed for a patient's month, beside what the records support of it. It finds; it decides nothing.

Only the codes of behavioral health integration are compared: a month has one base code of one of two families, and
add-ons. Other codes rest on other records than these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing.rules.findings import Considered, Gap, Line
from billing.rules.month_type import COCM_CODES
from billing.rules.reckoning import BHI_CODES
from caseload.rules.clock import last_day, month_index, month_named, month_of

COLLABORATIVE = COCM_CODES
GENERAL = BHI_CODES
OURS = COLLABORATIVE | GENERAL
ADDONS = frozenset({"99494"})
# Codes of health centers and rural clinics that stopped being payable, but by payers whose rules go on with them: CMS,
# RHC and FQHC center pages (S8, S9).
ENDED: Mapping[str, date] = {"G0511": date(2025, 10, 1), "G0512": date(2026, 1, 1)}
# Which of two codes stands for more work, where an amount of either is not known.
_WEIGHT = {
    **dict.fromkeys(("99492", "G0512", "G0568"), 4),
    **dict.fromkeys(("99493", "G0569"), 3),
    "G2214": 2,
}
_GENERAL_WEIGHT = 1

CodeUnits = tuple[tuple[str, int], ...]


class Finding(StrEnum):
    """What comparing a month shows, what asks most for attention first."""

    UNSUPPORTED = "unsupported"
    TWO_FAMILIES = "two_families"
    TWICE = "twice"
    NOT_IN_FORCE = "not_in_force"
    HIGHER = "higher"
    OTHER_CODE = "other_code"
    LOWER = "lower"
    MISSED = "missed"
    MISSED_PAST = "missed_past"
    NO_RULES = "no_rules"
    TAKEN_BACK = "taken_back"
    AS_BILLED = "as_billed"


@dataclass(frozen=True, slots=True)
class Billed:
    """One line that was billed. Negative units or a negative payment take back; `paid` None is not known. `npi` of
    whoever gave the service and `charge` of all units stand there where the file says them.
    """

    on: date
    code: str
    units: int
    paid: Decimal | None
    npi: str = ""
    charge: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """What the records of a patient's month support as of now.

    `prices` holds the national amount of one unit of each code, None where unknown; `codes` those that the payer's
    rules have in the month, None where no rules of the payer hold in it. `claim_on` is the day that a claim would
    carry. `clinic_codes` are those that the payer's rules name for health centers. `is_open` says that somebody could
    be asked to pay and nobody was from here.
    """

    claim_on: date
    lines: tuple[Line, ...] = ()
    gaps: tuple[Gap, ...] = ()
    considered: tuple[Considered, ...] = ()
    minutes: int = 0
    prices: Mapping[str, Decimal | None] | None = None
    codes: frozenset[str] | None = frozenset()
    clinic_codes: frozenset[str] = frozenset()
    is_open: bool = False

    @property
    def ours(self) -> CodeUnits:
        return tuple((line.code, line.units) for line in self.lines if line.code in OURS)


@dataclass(frozen=True, slots=True)
class Compared:
    """One patient's month: the finding, what else is so, and both sides.

    `paid` is what was paid as far as the file says it (None: not known for some line). `difference` is what the
    records support less what was billed, in national amounts (None: not known). `until` is the last day on which a
    missed month or one billed too low can still go to the payer.
    """

    finding: Finding
    also: tuple[Finding, ...]
    billed: CodeUnits
    supported: CodeUnits
    paid: Decimal | None
    difference: Decimal | None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class _Net:
    """One code of a month after what was taken back."""

    units: int
    paid: Decimal | None
    first_on: date


def compare(billed: Sequence[Billed], support: Support, *, filing_months: int, as_of: date) -> Compared | None:
    """What one month shows; None where nothing of ours was billed and nothing is supported that is still to be asked.

    `filing_months` after the day of service a claim can no longer go; `as_of` is the day of looking.
    """
    net = netted(one for one in billed if one.code in OURS)
    standing = tuple(sorted((code, one.units) for code, one in net.items() if one.units > 0))
    until = months_after(support.claim_on, filing_months)
    also = _also(standing, net, support)
    finding = _finding(standing, support, also) if standing else _missed(support, also, is_late=as_of > until)
    if finding is None:
        return None
    return Compared(
        finding=finding,
        also=tuple(one for one in also if one is not finding),
        billed=standing,
        supported=support.ours,
        paid=_sum(one.paid for one in net.values()),
        difference=_difference(standing, support),
        until=until if finding in (Finding.MISSED, Finding.LOWER) and as_of <= until else None,
    )


def netted(billed: Iterable[Billed]) -> dict[str, _Net]:
    """By code, units and payments after reversals.

    A negative payment on a positive line takes its units back where another line of the code was paid just as much;
    else it is money only (a part taken back, or a line of an earlier file). A line that was paid nothing counts only
    where no line of its code was paid: it was denied and asked again.
    """
    by_code: dict[str, list[Billed]] = {}
    for one in billed:
        by_code.setdefault(one.code, []).append(one)
    return {code: _net(lines) for code, lines in sorted(by_code.items())}


def months_after(day: date, count: int) -> date:
    """The same date so many months later; the month's last day where it has no such date."""
    end = last_day(month_named(month_index(month_of(day)) + count))
    return end.replace(day=min(day.day, end.day))


def _net(lines: Sequence[Billed]) -> _Net:
    payments = [one.paid for one in lines if one.units > 0 and one.paid is not None and one.paid > 0]
    units = 0
    for one in lines:
        units += _counting_units(one, payments, is_paid=any(_may_be_paid(other) for other in lines))
    return _Net(units, _sum(one.paid for one in lines), min(one.on for one in lines))


def _counting_units(one: Billed, payments: list[Decimal], *, is_paid: bool) -> int:
    """The units of one line in its code's sum; a payment that is taken back is struck from `payments`."""
    if one.units > 0 and one.paid is not None and one.paid < 0:
        if -one.paid not in payments:
            return 0
        payments.remove(-one.paid)
        return -one.units
    if one.units > 0 and one.paid == 0 and is_paid:
        return 0
    return one.units


def _may_be_paid(one: Billed) -> bool:
    return one.units > 0 and (one.paid is None or one.paid > 0)


def _missed(support: Support, also: Sequence[Finding], *, is_late: bool) -> Finding | None:
    """Of a month for which nothing stands: whether something could be asked, else only that it was taken back."""
    if support.ours and support.is_open:
        return Finding.MISSED_PAST if is_late else Finding.MISSED
    return also[0] if also else None


def _finding(standing: CodeUnits, support: Support, also: Sequence[Finding]) -> Finding:
    if support.codes is None:
        return Finding.NO_RULES
    if not support.ours:
        return Finding.UNSUPPORTED
    if also:
        return also[0]
    if standing == tuple(sorted(support.ours)):
        return Finding.AS_BILLED
    return _by_worth(standing, support)


def _also(standing: CodeUnits, net: Mapping[str, _Net], support: Support) -> tuple[Finding, ...]:
    """What is so of the billed lines alone, in the order of Finding."""
    bases = [(code, units) for code, units in standing if code not in ADDONS]
    collaborative = sum(units for code, units in bases if code in COLLABORATIVE)
    general = sum(units for code, units in bases if code in GENERAL)
    is_so = {
        Finding.TWO_FAMILIES: collaborative > 0 and general > 0,
        Finding.TWICE: collaborative > 1 or general > 1,
        Finding.NOT_IN_FORCE: any(not is_in_force(code, net[code].first_on, support) for code, _ in standing),
        Finding.TAKEN_BACK: bool(net) and not standing,
    }
    return tuple(finding for finding, is_true in is_so.items() if is_true)


def is_in_force(code: str, on: date, support: Support) -> bool:
    """Whether a payer could be asked for the code for a service on that day; unknown rules refuse nothing."""
    if support.codes is None or code in support.clinic_codes:
        return True
    return code in support.codes and not (code in ENDED and on >= ENDED[code])


def _by_worth(standing: CodeUnits, support: Support) -> Finding:
    """Which side is more: by national amounts where all are known, else by the base code and then the add-ons."""
    billed, supported = _worth(standing, support), _worth(support.ours, support)
    if billed is None or supported is None:
        more = (_weight(standing) > _weight(support.ours)) - (_weight(standing) < _weight(support.ours))
    else:
        more = (billed > supported) - (billed < supported)
    return {1: Finding.HIGHER, 0: Finding.OTHER_CODE, -1: Finding.LOWER}[more]


def _weight(lines: CodeUnits) -> tuple[int, int]:
    bases = [_WEIGHT.get(code, _GENERAL_WEIGHT) for code, _ in lines if code not in ADDONS]
    return max(bases, default=0), sum(units for code, units in lines if code in ADDONS)


def _worth(lines: CodeUnits, support: Support) -> Decimal | None:
    prices = support.prices or {}
    return _sum(_times(prices.get(code), units) for code, units in lines)


def _difference(standing: CodeUnits, support: Support) -> Decimal | None:
    """What is supported less what was billed; what both have needs no amount."""
    prices, billed, supported = support.prices or {}, dict(standing), dict(support.ours)
    more = {code: supported.get(code, 0) - billed.get(code, 0) for code in {*billed, *supported}}
    return _sum(_times(prices.get(code), units) for code, units in sorted(more.items()) if units)


def _times(price: Decimal | None, units: int) -> Decimal | None:
    return None if price is None else price * units


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None as soon as one is unknown."""
    listed = list(amounts)
    known = [amount for amount in listed if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(listed) else None
