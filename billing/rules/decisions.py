"""What a coder decided about a month, and what is then asked for: never more than the verdict supports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import product

from billing.rules.findings import Considered, Line, Verdict
from billing.rules.month_type import COCM_CODES
from billing.rules.reckoning import BHI_CODES
from billing.rules.release import (
    CHECKS_BY_WORD,
    CodeUnits,
    FailedCheck,
    ReleaseFacts,
    failed_checks,
    mode_of,
    said,
    words,
)
from billing.rules.release import HOLD as HOLDS

HOLD, RELEASE, BILL_LOWER, DO_NOT_BILL = "hold", "release", "bill_lower", "do_not_bill"
ADDON = "99494"
ITS_BASES = frozenset({"99492", "99493"})
APCM_BASES = frozenset({"G0556", "G0557", "G0558"})
APCM_ADDONS = frozenset({"G0568", "G0569", "G0570"})
FAMILY = COCM_CODES | BHI_CODES

Amounts = dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """The lines that a decision leaves to ask for; `remark` says where that is not what was decided."""

    lines: tuple[Line, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A coder's decision that stands: what, why, by whom (an id) and when.

    `checks` are the release checks that a release or a lower bill saw; one that comes up later holds the month again.
    """

    kind: str
    because: str
    look_again_on: date | None = None
    lines: CodeUnits = ()
    checks: tuple[str, ...] = ()
    id: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check that was not passed, whether it holds the month or is noted, and whether a coder released it."""

    word: str
    title: str
    mode: str
    sentence: str
    todo: str
    is_released: bool = False

    @property
    def holds(self) -> bool:
        return self.mode == HOLDS and not self.is_released


@dataclass(frozen=True, slots=True)
class Release:
    """What becomes of a month that bills: the checks, the decision, and what is asked of the payer.

    `supported` are the verdict's lines, `would_ask` those that are left after a decision to bill lower, `asked` those
    of them that nothing holds back. `why` says why a month is held, `remark` what became of a decision, `charged` which
    lines the practice's own system asks for already.
    """

    checks: tuple[ShownCheck, ...]
    decision: Decided | None
    supported: tuple[Line, ...]
    would_ask: tuple[Line, ...]
    asked: tuple[Line, ...]
    is_held: bool
    why: str = ""
    remark: str = ""
    charged: tuple[str, ...] = ()

    @property
    def holding(self) -> tuple[ShownCheck, ...]:
        """The checks that hold the month back."""
        return tuple(check for check in self.checks if check.holds)

    @property
    def amount(self) -> Decimal | None:
        """The national amount of what is or would be asked; None where it is unknown."""
        return Decimal(0) if self.is_not_billed else amount_of(self.would_ask)

    @property
    def is_held_by_coder(self) -> bool:
        return self.decision is not None and self.decision.kind == HOLD

    @property
    def is_not_billed(self) -> bool:
        return self.decision is not None and self.decision.kind == DO_NOT_BILL

    @property
    def chip(self) -> str:
        """What a row says of it: why it is held, or what was decided; empty where nothing was."""
        if self.is_held:
            return f"Held: {self.why[0].lower()}{self.why[1:]}"
        if self.is_not_billed:
            return "Not billed, as decided"
        if self.decision is not None and self.decision.kind == BILL_LOWER:
            return f"Bills lower: {words(code_units(self.asked))}"
        if self.charged and not self.asked:
            return f"Charged already: {', '.join(self.charged)}"
        return ""

    def is_overdue(self, on: date) -> bool:
        """Whether somebody was to look at a hold again before this day."""
        return self.is_held_by_coder and self.decision is not None and (self.decision.look_again_on or on) < on


def settle(
    verdict: Verdict,
    facts: ReleaseFacts,
    modes: Mapping[str, str],
    decision: Decided | None,
    amounts: Amounts,
    charged: frozenset[str] = frozenset(),
) -> Release:
    """What becomes of a month that bills: `facts` with any lines, the organization's modes, and what was decided.
    Codes that are `charged` already by the practice's own system are supported, but not asked for once more.

    Checks look at what would be asked for, so that billing lower can do away with one.
    """
    left = Asked(verdict.lines)
    doubled = tuple(line.code for line in verdict.lines if line.code in charged)
    if decision is not None and decision.kind == BILL_LOWER:
        left = asked_after(decision.lines, verdict, amounts)
    left = replace(left, lines=tuple(line for line in left.lines if line.code not in doubled))
    asked = code_units(left.lines)
    codes = frozenset(code for code, _ in asked)
    seen = decision.checks if decision is not None and decision.kind in (RELEASE, BILL_LOWER) else ()
    checks = tuple(
        _shown(one, mode_of(one.word, modes, codes), seen)
        for one in (failed_checks(replace(facts, asked=asked)) if asked else ())
    )
    why = _why_held(checks, decision, left)
    is_stopped = bool(why) or (decision is not None and decision.kind == DO_NOT_BILL)
    return Release(
        checks=checks,
        decision=decision,
        supported=verdict.lines,
        would_ask=left.lines,
        asked=() if is_stopped else left.lines,
        is_held=bool(why),
        why=why,
        remark=left.remark,
        charged=doubled,
    )


def _shown(failed: FailedCheck, mode: str, seen: tuple[str, ...]) -> ShownCheck:
    title = CHECKS_BY_WORD[failed.word].title
    return ShownCheck(failed.word, title, mode, failed.sentence, failed.todo, failed.word in seen)


def _why_held(checks: tuple[ShownCheck, ...], decision: Decided | None, left: Asked) -> str:
    """Why nothing leaves yet; empty where nothing holds, or where the coder said that nothing is to be billed."""
    if decision is not None and decision.kind == DO_NOT_BILL:
        return ""
    if decision is not None and decision.kind == HOLD:
        until = "" if decision.look_again_on is None else f" until {said(decision.look_again_on)}"
        return f"By the coder{until}"
    if not left.lines and left.remark:
        return "The decision is not supported any more"
    holding = [check.title for check in checks if check.holds]
    more = f", and {len(holding) - 1} more" if len(holding) > 1 else ""
    return f"{holding[0]}{more}" if holding else ""


def code_units(lines: Iterable[Line]) -> CodeUnits:
    """Lines as codes and units."""
    return tuple((line.code, line.units) for line in lines)


def lower_sets(verdict: Verdict, amounts: Amounts) -> tuple[tuple[Line, ...], ...]:
    """What a coder may ask for instead of the verdict's lines: fewer units, fewer lines, or a later code that the month
    reaches too, the most first. `amounts` are the national ones of one unit of those other codes.

    An add-on never stands without its base. A set that would come to more than the verdict is none.
    """
    instead = [_instead(verdict, one, amounts) for one in _also_reached(verdict)]
    sets = [lines for lines in _reduced(verdict.lines) if lines] + instead
    return tuple(lines for lines in sets if not _is_more(lines, verdict.lines))


def asked_after(decided: CodeUnits, verdict: Verdict, amounts: Amounts) -> Asked:
    """The lines of a lower bill while the verdict supports them; where it fell below, as much of them as it supports.

    Nothing is asked where no part of the decision is left to ask for.
    """
    if decided == code_units(verdict.lines):
        return Asked(verdict.lines)
    sets = (verdict.lines, *lower_sets(verdict, amounts))
    for lines in sets:
        if code_units(lines) == decided:
            return Asked(lines)
    limits = dict(decided)
    within = (lines for lines in sets if all(line.units <= limits.get(line.code, 0) for line in lines))
    lines = max(within, key=_size, default=())
    if lines:
        return Asked(lines, "The month supports less by now than was decided, and no more than that is asked.")
    return Asked((), "What was decided is not supported any more. Decide again.")


def _reduced(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """Every choice of fewer units and lines in which each add-on keeps its base, the most units first."""
    choices = [range(line.units, -1, -1) for line in lines]
    made = (_kept(lines, units) for units in product(*choices))
    return sorted((one for one in made if _stands(one) and one != tuple(lines)), key=_size, reverse=True)


def _kept(lines: Sequence[Line], units: Sequence[int]) -> tuple[Line, ...]:
    return tuple(_fewer(line, count) for line, count in zip(lines, units, strict=True) if count)


def _fewer(line: Line, units: int) -> Line:
    if units == line.units:
        return line
    amount = None if line.amount is None else line.amount / line.units * units
    return replace(line, units=units, amount=amount)


def _stands(lines: Sequence[Line]) -> bool:
    codes = {line.code for line in lines}
    if ADDON in codes and codes.isdisjoint(ITS_BASES):
        return False
    return codes.isdisjoint(APCM_ADDONS) or not codes.isdisjoint(APCM_BASES)


def _also_reached(verdict: Verdict) -> list[Considered]:
    """The candidates after the one that bills that hold as well."""
    return [one for one in verdict.considered if one.outcome == "not_needed" and not one.missing]


def _instead(verdict: Verdict, one: Considered, amounts: Amounts) -> tuple[Line, ...]:
    """The lines with another code of the family in the place of the one that bills."""
    because = f"Asked for instead of {verdict.lines[0].code}: the month reaches it too."
    other = Line(one.code, 1, one.label, because, amounts.get(one.code), ())
    kept = [line for line in verdict.lines if line.code not in FAMILY]
    bases = [line for line in kept if line.code in APCM_BASES]
    return (*bases, other, *(line for line in kept if line.code not in APCM_BASES))


def _is_more(lines: Sequence[Line], supported: Sequence[Line]) -> bool:
    here, there = amount_of(lines), amount_of(supported)
    return here is not None and there is not None and here > there


def amount_of(lines: Iterable[Line]) -> Decimal | None:
    """What lines come to; None where the amount of one is unknown."""
    amounts = [line.amount for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _size(lines: Sequence[Line]) -> tuple[int, Decimal]:
    return sum(line.units for line in lines), amount_of(lines) or Decimal(0)
