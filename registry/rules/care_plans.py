"""The care plan: what the patient wants, what is done about it, by whom, and when it is looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from registry.rules.content import Fault, Part, choice, day, faults_of, rows, words

ADHERENCE = (
    ("as_agreed", "As agreed"),
    ("some_missed", "Some doses missed"),
    ("most_missed", "Most doses missed"),
    ("not_taken", "Not taken"),
    ("unknown", "Not known"),
)
INTERVENTIONS = (
    ("behavioral_activation", "Behavioral activation"),
    ("problem_solving", "Problem solving"),
    ("motivational_interviewing", "Motivational interviewing"),
    ("cbt_skills", "CBT skills"),
    ("sleep", "Better sleep"),
    ("mindfulness", "Mindfulness"),
    ("other", "Something else"),
)
SIGNED_IN = "signed_in"
# How the treating clinician may have agreed, as it is said of a sign-off.
SIGN_OFFS = (
    ("verbally", "Said so"),
    ("message", "By message"),
    ("paper", "On paper"),
)


@dataclass(frozen=True)
class Problem:
    """What is worked on, and by what one will know that it is better."""

    problem: str = words("Problem", required="Enter the problem, or clear the row.")
    target: str = words("Target", help="For example: PHQ-9 below 5.")


@dataclass(frozen=True)
class Medication:
    """A drug for this problem; stopped ones stay, so that nobody tries them twice unknowingly."""

    name: str = words("Medication", required="Enter the medication, or clear the row.")
    dose: str = words("Dose", most=100)
    started_on: date | None = day("Started", is_planned=True)  # noqa: RUF009 - declares a field
    adherence: str = choice("Taken", ADHERENCE)
    side_effects: str = words("Side effects")
    stopped_on: date | None = day("Stopped")  # noqa: RUF009 - declares a field


@dataclass(frozen=True)
class Intervention:
    """Something practised with the patient."""

    kind: str = choice("What is practised", INTERVENTIONS, required="Choose what is practised, or clear the row.")
    how: str = words("How")


@dataclass(frozen=True)
class Task:
    """Who does what."""

    who: str = words("Who", most=100, required="Enter who does it, or clear the row.")
    what: str = words("What")
    by_when: str = words("By when", most=100)


@dataclass(frozen=True)
class Plan:
    """One version of the whole."""

    goals: str = words("The patient's own goals", is_long=True, help="In the patient's words, one a line.")
    problems: tuple[Problem, ...] = rows(Problem, "Problems and targets", one="Problem")
    medications: tuple[Medication, ...] = rows(Medication, "Medications", one="Medication")
    interventions: tuple[Intervention, ...] = rows(Intervention, "Brief interventions", one="Intervention")
    tasks: tuple[Task, ...] = rows(Task, "Who does what", one="Task")
    cadence: str = words("How often we talk", help="For example: every two weeks by phone.")
    safety_steps: str = words(
        "Safety steps", is_long=True, help="What was agreed for danger. The safety plan has its own page."
    )
    next_on: date | None = day("Next contact", is_planned=True)  # noqa: RUF009 - declares a field
    next_purpose: str = words("About")
    text: str = words("Anything else", is_long=True, most=20_000)

    @property
    def taken_now(self) -> tuple[Medication, ...]:
        """The medications that were not stopped."""
        return tuple(one for one in self.medications if one.stopped_on is None)

    @property
    def practised(self) -> tuple[tuple[str, str], ...]:
        """What is practised, in words, and how."""
        names = dict(INTERVENTIONS)
        return tuple((names[one.kind], one.how) for one in self.interventions if one.kind in names)


PARTS = (
    Part("goals", "Goals", ("goals",), is_open=True),
    Part("problems", "Problems and targets", ("problems",), is_open=True),
    Part("medications", "Medications", ("medications",), is_open=True),
    Part("interventions", "Brief interventions", ("interventions",), is_open=True),
    Part("tasks", "Who does what", ("tasks",), is_open=True),
    Part("rhythm", "Rhythm and next contact", ("cadence", "next_on", "next_purpose"), is_open=True),
    Part("safety", "Safety steps", ("safety_steps",), is_open=True, is_expected=False),
    Part("text", "Anything else", ("text",), is_open=True, is_expected=False),
)


def faults_of_plan(plan: Plan, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """What the plan cannot be kept for: emptiness, limits, days, and a drug that ended before it began."""
    if plan == Plan():
        return (Fault("goals", "The plan is empty. Begin with what the patient wants to reach."),)
    turned = tuple(
        Fault(
            "medications",
            f"Medication {number + 1}. It stopped before it started. Correct one of the days.",
            number,
            "stopped_on",
        )
        for number, one in enumerate(plan.medications)
        if one.started_on and one.stopped_on and one.stopped_on < one.started_on
    )
    return (*faults_of(plan, today=today, born_on=born_on), *turned)


def sign_off_words(how: str) -> str:
    """How a sign-off came about: `signed in`, `said so`, `by message`, `on paper`."""
    return {SIGNED_IN: "signed in", **{key: word.lower() for key, word in SIGN_OFFS}}.get(how, how)
