"""The plan against relapse: what keeps a patient well once the goal is reached, and what to do when it slips.

It is written with the patient before the contacts become rarer, and the patient keeps a copy. What the record knows
already is proposed for a first version, so that nothing is typed twice. Source: workflow states 5.1 (a plan is
written before relapse prevention) and rule T16 of the product's clinical rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from registry.rules.business_days import business_days_after, is_business_day
from registry.rules.care_plans import Plan
from registry.rules.content import Fault, Part, day, faults_of, rows, words
from registry.rules.safety_plans import Safety, Somebody

# In relapse prevention somebody looks every two months; after a score that says relapse, within two weeks.
CADENCE_DAYS, RECALL_DAYS = 60, 14


@dataclass(frozen=True)
class KeptMedication:
    """A drug that goes on, and until when at least."""

    name: str = words("Medication", required="Enter the medication, or clear the row.")
    dose: str = words("Dose", most=100)
    until: str = words("Until when", most=100, help="For example: at least until March, then ask the clinician.")


@dataclass(frozen=True)
class ComeBack:
    """A scale, and the number from which the patient comes back."""

    scale: str = words("Scale", most=100, required="Enter the scale, or clear the row.")
    number: str = words("From this number on", most=20)


@dataclass(frozen=True)
class RelapsePrevention:
    """One version of the whole, written to the patient."""

    warning_signs: str = words(
        "Early warning signs", is_long=True, help="What the patient or others would notice first. One a line."
    )
    what_helps: str = words("What helps", is_long=True, help="What made the difference, and is kept up. One a line.")
    medications: tuple[KeptMedication, ...] = rows(KeptMedication, "Medications to keep taking", one="Medication")
    contacts: tuple[Somebody, ...] = rows(
        Somebody,
        "Whom to call",
        one="Contact",
        help="988, 911 and the clinic's own words are always printed with these.",
    )
    come_back: tuple[ComeBack, ...] = rows(ComeBack, "Scores that bring the patient back", one="Scale")
    steps: str = words("What happens then", is_long=True, help="Who calls whom, and how soon.")
    next_on: date | None = day("Next check", is_planned=True)  # noqa: RUF009 - declares a field
    next_purpose: str = words("About")
    text: str = words("Anything else", is_long=True)


PARTS = (
    Part("warning_signs", "Early warning signs", ("warning_signs",), is_open=True),
    Part("what_helps", "What helps", ("what_helps",), is_open=True),
    Part("medications", "Medications to keep taking", ("medications",), is_open=True, is_expected=False),
    Part("contacts", "Whom to call", ("contacts",), is_open=True),
    Part("come_back", "What would bring the patient back", ("come_back", "steps"), is_open=True),
    Part("next", "Next check", ("next_on", "next_purpose"), is_open=True),
    Part("text", "Anything else", ("text",), is_open=True, is_expected=False),
)
BACK = "Back in treatment: what changed, and what is tried next"
RECALL = "Repeat the score: the last one says relapse"
THEN = "Call the clinic and answer the questions again within two weeks. Two such scores: treatment starts again."
CHECK = "How it is going; PHQ-9"


def faults_of_prevention(plan: RelapsePrevention, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """What the plan cannot be kept for: emptiness, limits and days."""
    if plan == RelapsePrevention():
        return (Fault("warning_signs", "The plan is empty. Begin with what the patient would notice first."),)
    return faults_of(plan, today=today, born_on=born_on)


def next_check_on(since: date, *, within: int = CADENCE_DAYS) -> date:
    """The last business day up to `within` days after `since`: usually two months; two weeks for a recall."""
    found = since + timedelta(days=within)
    while not is_business_day(found):
        found -= timedelta(days=1)
    return found


@dataclass(frozen=True, slots=True)
class ToDo:
    """What a score asks for in relapse prevention (T16). `recall_on` is the day by which the patient is called."""

    tone: str
    title: str
    text: str
    recall_on: date | None = None


def to_do(relapse: str, *, scored_on: date | None, today: date) -> ToDo:
    """One score that says relapse: a recall within two weeks of it; two: back to treatment. `relapse` as in Ground."""
    if relapse == "relapse_confirmed":
        return ToDo("danger", "Two scores say relapse", "Take the patient back to active treatment; nothing is lost.")
    if relapse:
        by = next_check_on(scored_on or today, within=RECALL_DAYS)
        recall_on = by if by >= today else business_days_after(today, 0)
        return ToDo(
            "warning",
            "One score says relapse",
            f"Call the patient and repeat the score by {recall_on:%b} {recall_on.day}. A second one confirms it.",
            recall_on,
        )
    return ToDo("good", "No score says relapse", "Somebody looks every two months, with a score.")


def proposed(
    *,
    next_on: date,
    next_purpose: str = "",
    care_plan: Plan | None = None,
    safety: Safety | None = None,
    people: Iterable[tuple[str, str]] = (),
    numbers: Iterable[tuple[str, int]] = (),
) -> RelapsePrevention:
    """A first version from what is on record. `people` are names with phones, `numbers` scales with the score from
    which they say relapse (T16).
    """
    care_plan, safety = care_plan or Plan(), safety or Safety()
    known = [Somebody(name, phone) for name, phone in people if name]
    return RelapsePrevention(
        warning_signs=safety.warning_signs,
        what_helps=_lines([*_practised(care_plan), *safety.own_steps.splitlines()]),
        medications=tuple(KeptMedication(one.name, one.dose) for one in care_plan.taken_now),
        contacts=_each_once([*known, *safety.helpers]),
        come_back=tuple(ComeBack(scale, str(number)) for scale, number in numbers),
        steps=THEN,
        next_on=next_on,
        next_purpose=next_purpose or CHECK,
    )


def way_back(plan: RelapsePrevention) -> str:
    """How a graduate comes back, for the closing note: the scores, what happens then, and whom to call."""
    scores = "; ".join(f"{one.scale} {one.number} or more".strip() for one in plan.come_back if one.number)
    people = "; ".join(" ".join(filter(None, (one.name, one.phone))) for one in plan.contacts)
    said = (scores and f"Comes back with {scores}.", plan.steps.strip(), people and f"To call: {people}.")
    return "\n".join(filter(None, said))


def _practised(plan: Plan) -> Iterable[str]:
    return (f"{word}: {how}" if how else word for word, how in plan.practised)


def _lines(found: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(line.strip() for line in found if line.strip()))


def _each_once(found: Sequence[Somebody]) -> tuple[Somebody, ...]:
    by_name: dict[str, Somebody] = {}
    for one in found:
        by_name.setdefault(one.name.casefold(), one)
    return tuple(by_name.values())
