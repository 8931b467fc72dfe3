"""The safety plan: what a patient does when it gets dangerous, in the product's own words.

It follows no published form. It belongs to the person and outlives an episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from registry.rules.content import Fault, Part, faults_of, rows, words


@dataclass(frozen=True)
class Somebody:
    """A person, place or service, and how to reach it."""

    name: str = words("Who or where", required="Enter who or where, or clear the row.")
    phone: str = words("Phone", most=60)


@dataclass(frozen=True)
class Safety:
    """One version of the whole, written to the patient."""

    warning_signs: str = words(
        "What I notice when it gets worse",
        is_long=True,
        help="Thoughts, moods, situations, what others notice. One a line.",
    )
    own_steps: str = words("What I can do myself", is_long=True, help="Without anybody's help. One a line.")
    company: tuple[Somebody, ...] = rows(Somebody, "People and places that take my mind off it", one="Person or place")
    helpers: tuple[Somebody, ...] = rows(Somebody, "People I can ask for help", one="Person")
    services: tuple[Somebody, ...] = rows(
        Somebody,
        "Professionals and services",
        one="Service",
        help="988, 911 and the clinic are always printed with these.",
    )
    surroundings: str = words(
        "Making my surroundings safer",
        is_long=True,
        help="What is put away, with whom, by when: firearms, medication, other means.",
    )
    matters: str = words("What matters most to me", is_long=True)


PARTS = (
    Part("warning_signs", "What I notice when it gets worse", ("warning_signs",), is_open=True),
    Part("own_steps", "What I can do myself", ("own_steps",), is_open=True),
    Part("company", "People and places that take my mind off it", ("company",), is_open=True),
    Part("helpers", "People I can ask for help", ("helpers",), is_open=True),
    Part("services", "Professionals and services", ("services",), is_open=True),
    Part("surroundings", "Making my surroundings safer", ("surroundings",), is_open=True),
    Part("matters", "What matters most to me", ("matters",), is_open=True),
)


def faults_of_safety(plan: Safety, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """What the plan cannot be kept for: emptiness and limits."""
    if plan == Safety():
        return (Fault("warning_signs", "The plan is empty. Begin with what the patient notices when it gets worse."),)
    return faults_of(plan, today=today, born_on=born_on)
