"""How much work the program is, and whether its registry is whole."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, judged, valued

SECONDS: Final = 60


def judge_caseload(facts: EpisodeFacts) -> Part:
    """Everybody enrolled on at least one day of the month."""
    return judged(is_met=True) if facts.is_last_in_month else NOT_ASKED


def judge_minutes(facts: EpisodeFacts) -> Part:
    """Seconds of work for a patient in the month, over their clinical contacts."""
    if not facts.seconds and not facts.contacts:
        return NOT_ASKED
    contacts = "1 contact" if facts.contacts == 1 else f"{facts.contacts} contacts"
    return valued(facts.seconds, f"{facts.seconds // SECONDS} minutes, {contacts}", of=facts.contacts)


def judge_complete(facts: EpisodeFacts) -> Part:
    """Whether nothing is lacking in the record of somebody enrolled on the month's last day."""
    if not facts.is_in_month or facts.ended_on is not None:
        return NOT_ASKED
    return judged(not facts.lacks, "Nothing lacks", f"Lacks: {', '.join(_words(one) for one in facts.lacks)}")


def _words(lack: str) -> str:
    return lack.replace("_", " ")


_measure = partial(Measure, subject="episode", family="work")

WORK: Final = (
    _measure(
        key="caseload_per_fte",
        title="Patients per full-time care manager",
        kind=Kind.PER_POST,
        formula="Patients enrolled on at least one day of the month, divided by the full-time posts that care "
        "managers work for the program, as set on the month's last day. Not available unless a share of work is set "
        "for each care manager who carries one of them, nor for some clinics or one program: posts are not set so.",
        source="New York State OMH collaborative care metrics 2025: more than 75 patients for one full-time post",
        unit="per post",
        target=Decimal(75),
        better="up",
        judge=judge_caseload,
    ),
    _measure(
        key="minutes_per_contact",
        title="Minutes per clinical contact",
        kind=Kind.MEAN,
        formula="All minutes of work logged in the month, divided by the clinical contacts of the month. Calls that "
        "reached nobody, reviews and charting are in the minutes.",
        source="The product's own, 2025. A published time study found 51 to 60 minutes for each successful follow-up",
        unit="minutes",
        divisor=SECONDS,
        judge=judge_minutes,
    ),
    _measure(
        key="registry_complete",
        title="Complete records",
        kind=Kind.SHARE,
        formula="Patients in whose record nothing is lacking that care and billing rest on, of all enrolled on the "
        "month's last day.",
        exclusions=("Discharged in the month",),
        target=Decimal(95),
        better="up",
        judge=judge_complete,
    ),
)
