"""What danger asks of somebody today: an assessment, or the recheck of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from caseload.rules.clock import short_day
from registry.rules.instruments import INSTRUMENTS

# Days from an assessment of risk to the next, by its tier. Source: clinical-and-product notes, risk protocol.
RECHECK_DAYS = {"high": 7, "moderate": 14, "low": 30}
UNASSESSED, STEPS, RECHECK = "risk_unassessed", "risk_steps", "risk_recheck"
_DEPRESSION = "phq9"
Found = tuple[str, date, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool said about danger on a day: the answer to its question about self-harm, or a tier of risk."""

    on: date
    instrument: str
    value: int | None = None
    tier: str = ""


@dataclass(frozen=True, slots=True)
class RiskOpen:
    """An open risk case: why, and where it stands. A later answer of 0 does not end it.

    `steps`: what the protocol asks for at the tier that stands and nobody did yet, in its order.
    """

    words: str
    opened_on: date
    tier: str = ""
    assessed_on: date | None = None
    recheck_on: date | None = None
    is_risen: bool = False
    steps: tuple[str, ...] = ()

    @property
    def chip(self) -> str:
        """`item 9: 1, assessed low Oct 3, recheck Oct 17`."""
        if self.assessed_on is None:
            return f"{self.words}, not assessed yet"
        tier = "no risk" if self.tier == "none" else self.tier
        is_settled = self.recheck_on is not None and not self.is_risen
        again = f"recheck {short_day(self.recheck_on)}" if self.recheck_on and is_settled else "risen since"
        return f"{self.words}, assessed {tier} {short_day(self.assessed_on)}, {again}"


def risk_task(
    risk: RiskOpen | None, answers: tuple[Answer, ...], *, closed_on: date | None, today: date
) -> Found | None:
    """Kind, since when and words of what is due: of the open case, else of the answers in order.

    A danger that nobody assessed since it was said or since it rose, else the steps that its tier asks for until they
    are done, else its recheck. What was answered up to the day on which the last case was closed is dealt with.
    """
    if risk is not None:
        return _of_case(risk, today)
    return _of_answers(tuple(one for one in answers if closed_on is None or one.on > closed_on), today)


def _of_case(risk: RiskOpen, today: date) -> Found | None:
    words = f"{risk.chip[:1].upper()}{risk.chip[1:]}"
    if risk.assessed_on is None or risk.is_risen:
        return UNASSESSED, risk.recheck_on or risk.opened_on, words
    if risk.recheck_on is not None and risk.recheck_on <= today:
        return RECHECK, risk.recheck_on, words
    if risk.steps:
        tier = "No risk found" if risk.tier == "none" else f"Assessed {risk.tier}"
        count = f"{len(risk.steps)} step{'s' if len(risk.steps) != 1 else ''} to do"
        return STEPS, risk.assessed_on, f"{tier} {short_day(risk.assessed_on)}, {count}, first: {risk.steps[0]}"
    return None


def _of_answers(answers: tuple[Answer, ...], today: date) -> Found | None:
    screen = next((answer for answer in reversed(answers) if answer.tier), None)
    last = {answer.instrument: answer for answer in answers if not answer.tier}.values()
    waiting = [answer for answer in last if _is_unassessed(answer, answers, screen)]
    if waiting:
        first = min(waiting, key=lambda answer: answer.on)
        then = f"risen since the assessment of {_day(screen.on, today)}" if screen else "not yet assessed"
        return UNASSESSED, first.on, f"{_answer_words(first)} on {_day(first.on, today)}, {then}"
    due_on = screen.on + timedelta(days=RECHECK_DAYS[screen.tier]) if screen and screen.tier in RECHECK_DAYS else None
    if screen is None or due_on is None or due_on > today:
        return None
    due = "due today" if due_on == today else f"was due on {_day(due_on, today)}"
    return RECHECK, due_on, f"Assessed as {screen.tier} risk on {_day(screen.on, today)}, recheck {due}"


def _is_unassessed(last: Answer, answers: tuple[Answer, ...], screen: Answer | None) -> bool:
    """Whether an answer above 0 is later than the assessment and higher than the lowest known since."""
    if not last.value:
        return False
    if screen is None:
        return True
    same = [answer for answer in answers if answer.instrument == last.instrument and not answer.tier]
    known = [answer.value or 0 for answer in same if answer.on <= screen.on][-1:]
    since = [answer.value or 0 for answer in same if answer.on > screen.on]
    return bool(since) and last.value > min([*(known or [0]), *since])


def _answer_words(answer: Answer) -> str:
    if answer.instrument == _DEPRESSION:
        return f"Item 9 answered {answer.value}"
    return f"{INSTRUMENTS[answer.instrument].name}: self-harm answered {answer.value}"


def _day(on: date, today: date) -> str:
    return short_day(on) if on.year == today.year else f"{short_day(on)}, {on.year}"
