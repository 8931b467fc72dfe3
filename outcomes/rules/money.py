"""What patients' months earn, in dollars. Only months that their clinic closed count; what is not known stays so."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, judged, left_out, valued

NOTHING: Final = Decimal(0)
NOT_CLOSED: Final = "The clinic's month is not closed"


def judge_billed(facts: EpisodeFacts) -> Part:
    """Whether the closed month asks something of a payer."""
    return _closed(facts) or judged(bool(facts.is_billed), "Billed", "Not billed")


def _closed(facts: EpisodeFacts) -> Part | None:
    if not facts.is_in_month:
        return NOT_ASKED
    return left_out(NOT_CLOSED) if facts.is_billed is None else None


def _earned(amount: Callable[[EpisodeFacts], Decimal | None]) -> Callable[[EpisodeFacts], Part]:
    def judge(facts: EpisodeFacts) -> Part:
        if out := _closed(facts):
            return out
        earned = amount(facts)
        if earned is None and facts.is_billed:
            return left_out("Not known")
        # A month that asks nothing of anybody earns nothing.
        return valued(NOTHING if earned is None else earned, "Not billed" if earned is None else f"${earned:,.2f}")

    return judge


_measure = partial(Measure, subject="episode", family="money", is_money=True)

MONEY: Final = (
    _measure(
        key="billed_share",
        title="Months that bill",
        kind=Kind.SHARE,
        formula="Patients whose month asks something of a payer, of all enrolled on at least one day of a month that "
        "their clinic has closed.",
        exclusions=(NOT_CLOSED,),
        better="up",
        judge=judge_billed,
    ),
    _measure(
        key="expected_mean",
        title="Expected per enrolled patient",
        kind=Kind.MEAN,
        formula="What is expected for the month, an estimate where national amounts stand in for a payer's own, "
        "divided by the patients enrolled on at least one day of it whose clinic has closed it. A month that bills "
        "nothing counts as 0.",
        exclusions=(NOT_CLOSED, "Months of which the amount is not known"),
        unit="dollars",
        places=2,
        better="up",
        judge=_earned(lambda facts: facts.expected),
    ),
    _measure(
        key="paid_mean",
        title="Paid per enrolled patient",
        kind=Kind.MEAN,
        formula="What has been paid for the month, divided by the patients enrolled on at least one day of it whose "
        "clinic has closed it. A month that bills nothing counts as 0.",
        exclusions=(NOT_CLOSED, "Months that no payer answered yet"),
        unit="dollars",
        places=2,
        better="up",
        judge=_earned(lambda facts: facts.paid),
    ),
)
