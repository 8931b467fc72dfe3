"""When money that was paid by mistake goes back: 42 CFR 401.305 as it stands since 2025-01-01. Pure.

The regulation binds payments of Medicare Parts A and B. Other payers have terms of their own: the same clock is shown
for them as the one to keep until somebody says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing.rules.closing import FrozenLine

# 42 CFR 401.305(b)(1), (b)(3) and (f); the 180 days since the fee schedule rule for 2025.
REPORT_DAYS = 60
INVESTIGATION_DAYS = 180
LOOK_BACK_YEARS = 6
SOURCE = "42 CFR 401.305(b), in force since Jan 1, 2025"


@dataclass(frozen=True, slots=True)
class RefundClock:
    """The last day to report and return, and how it came about. `suspended_until` while related claims are looked
    into, at the latest; None where they are not, or not any more.
    """

    due_on: date
    suspended_until: date | None = None


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


def paid_without_support(paid: tuple[tuple[str, int], ...], now: tuple[FrozenLine, ...]) -> tuple[tuple[str, int], ...]:
    """Codes and units that were paid and that the records would not ask for any more; empty where all still are.

    What would be asked on top is no matter of a refund.
    """
    supported: dict[str, int] = {}
    for line in now:
        supported[line.code] = supported.get(line.code, 0) + line.units
    more = ((code, units - max(supported.get(code, 0), 0)) for code, units in paid)
    return tuple((code, units) for code, units in more if units > 0)
