"""The ladder of a month: what it would bill with fewer or more minutes, every paper in order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.rules.books import RuleBook
from billing.rules.candidates import COCM
from billing.rules.facts import MonthFacts, Visit
from billing.rules.findings import Line, Verdict
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day
from caseload.rules.minutes import Counted, MonthMinutes

HIGHEST = 200
USUAL_VISIT = "99214"
USUAL_DIAGNOSIS = "F32.1"


@dataclass(frozen=True, slots=True)
class Rung:
    """From one whole minute to another, both included, a month bills the same. `until` None is the end of the ladder.

    `held` says that the code is reached and held back by the payer's option.
    """

    since: int
    until: int | None
    lines: tuple[tuple[str, int], ...]
    amount: Decimal | None
    is_held: bool = False
    is_present: bool = False


def ladder(facts: MonthFacts, book: RuleBook, *, highest: int = HIGHEST) -> tuple[Rung, ...]:
    """What the month bills by whole minutes of its program, from 0 to `highest`, as far as it changes.

    Payer, place, earlier months and others' services are those of the facts; papers are taken to be in order. Other
    behavioral time beside that of CoCM stays as it is. One rung is the present minutes'.
    """
    verdicts = [judge(_with_minutes(facts, minutes), book) for minutes in range(highest + 1)]
    starts = [at for at, one in enumerate(verdicts) if at == 0 or _bills(one) != _bills(verdicts[at - 1])]
    present = present_minutes(facts)
    return tuple(_rungs(verdicts, starts, present))


def present_minutes(facts: MonthFacts) -> int:
    """The whole minutes at which the month stands on its ladder."""
    time = facts.time.counted
    return (time.cocm_seconds if climbs_by_cocm(facts) else time.bhi_seconds) // 60


def climbs_by_cocm(facts: MonthFacts) -> bool:
    """Whether it is CoCM minutes that lead up: in that program, or where some count already."""
    return facts.program == COCM or facts.time.counted.cocm_seconds > 0


def _rungs(verdicts: list[Verdict], starts: list[int], present: int) -> Iterator[Rung]:
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        verdict = verdicts[start]
        until = None if following is None else following - 1
        yield Rung(
            since=start,
            until=until,
            lines=_codes(verdict.lines),
            amount=verdict.amount,
            is_held=_is_held(verdict),
            is_present=start <= present and (until is None or present <= until),
        )


def _bills(verdict: Verdict) -> tuple[tuple[tuple[str, int], ...], bool]:
    return _codes(verdict.lines), _is_held(verdict)


def _codes(lines: tuple[Line, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((line.code, line.units) for line in lines)


def _is_held(verdict: Verdict) -> bool:
    return any(one.outcome == "held" for one in verdict.considered)


def _with_minutes(facts: MonthFacts, minutes: int) -> MonthFacts:
    """The month with so many minutes of its program, consented and engaged, and its papers in order."""
    on = max(facts.enrolled_on, first_day(facts.month))
    seconds, beside = minutes * 60, facts.time.counted.bhi_seconds - facts.time.counted.cocm_seconds
    cocm, bhi = (seconds, seconds + beside) if climbs_by_cocm(facts) else (0, seconds)
    counted = Counted(cocm, bhi, _first_on(facts, on) if bhi else None, engaged=bhi > 0)
    time = MonthMinutes(counted, counted, facts.time.ccm_seconds, bhi, facts.time.ccm_logged_seconds)
    return replace(
        facts,
        time=time,
        visits=(*facts.visits, Visit(facts.enrolled_on, USUAL_VISIT)),
        diagnoses=(*facts.diagnoses, USUAL_DIAGNOSIS),
        care_plans=(*facts.care_plans, min(facts.enrolled_on, last_day(facts.month))),
        scores=(*facts.scores, on),
        reviews=(*facts.reviews, on),
    )


def _first_on(facts: MonthFacts, otherwise: date) -> date:
    return facts.time.counted.first_on or otherwise
