"""How far an open month is from its next better code."""

from decimal import Decimal

from billing.rules.amounts import amount
from billing.rules.books import RuleBook
from billing.rules.candidates import COCM, Candidate
from billing.rules.facts import MonthFacts
from billing.rules.findings import NextStep
from billing.rules.reckoning import Reckoning


def next_step(facts: MonthFacts, book: RuleBook, reckoning: Reckoning) -> NextStep | None:
    """The code that the fewest further minutes would add, before everything else that the month may lack.

    Only codes better than the one that bills are looked at, and CoCM ones only for a patient of that program
    or a month that has CoCM time. None where minutes change nothing: no consent in force, program ended, or
    the top reached.
    """
    if not reckoning.is_open or reckoning.is_held:
        return None
    steps = [*_bases(facts, reckoning), *_further_unit(facts, reckoning)]
    if not steps:
        return None
    minutes, code, units = min(steps, key=lambda step: step[0])
    return NextStep(code, units, minutes, _amount_more(facts, book, reckoning, code))


Step = tuple[int, str, int]


def _bases(facts: MonthFacts, reckoning: Reckoning) -> list[Step]:
    found: list[Step] = []
    for candidate in reckoning.candidates:
        if candidate is reckoning.chosen:
            break
        short = _short(facts, candidate)
        if short > 0 and candidate.is_covered and _is_open_to(facts, candidate):
            found.append((short, candidate.code, 1))
    return found


def _further_unit(facts: MonthFacts, reckoning: Reckoning) -> list[Step]:
    """The next unit of the add-on, unless the payer's cap is reached."""
    if reckoning.chosen is None or reckoning.chosen.addon is None:
        return []
    addon = reckoning.chosen.addon
    minutes = _seconds(facts, reckoning.chosen) // 60
    units = addon.units(minutes)
    if units == addon.cap:
        return []
    return [(addon.first_at + units * addon.step - minutes, addon.code, units + 1)]


def _seconds(facts: MonthFacts, candidate: Candidate) -> int:
    time = facts.time.counted
    return time.cocm_seconds if candidate.time == COCM else time.bhi_seconds


def _short(facts: MonthFacts, candidate: Candidate) -> int:
    """Whole minutes still missing; for a code that any time reaches, one."""
    seconds = _seconds(facts, candidate)
    return int(seconds == 0) if candidate.needs is None else candidate.needs - seconds // 60


def _is_open_to(facts: MonthFacts, candidate: Candidate) -> bool:
    return candidate.time != COCM or facts.program == COCM or facts.time.counted.cocm_seconds > 0


def _amount_more(facts: MonthFacts, book: RuleBook, reckoning: Reckoning, code: str) -> Decimal | None:
    """What the step would add to the month: one more unit, or a base in the place of the present one."""
    gained = amount(facts, book, code, 1)
    is_addon = reckoning.chosen is not None and reckoning.chosen.addon is not None
    lost = Decimal(0) if is_addon or reckoning.chosen is None else amount(facts, book, reckoning.chosen.code, 1)
    return None if gained is None or lost is None else gained - lost
