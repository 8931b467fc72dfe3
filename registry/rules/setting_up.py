"""What an organization and each of its clinics settle before and after their first patients.

The points follow the thirty days in which programs are usually set up: people, tools and their rhythm, a registry, a
review with its slot, a script for consent, time that is logged, and a pilot of two weeks. Each point is done by what
is on record; only where no row can show it may somebody say so, and only some may be said not to be needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

PILOT_DAYS = 14
TRAINING_DAYS = 365
DRILL_DAYS = 365
COCM, BHI = "cocm", "bhi"


class State(StrEnum):
    """Where a point stands. `LATER`: nothing can be done about it yet."""

    DONE = "done"
    OPEN = "open"
    LATER = "later"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Item:
    """A point of the checklist: what, for whom, and where it is done.

    `where` is the name of the page, `by` the page's seat in words. `is_of_clinic`: asked of every clinic. `needs` is
    the program that needs it, empty for both. `may_be_dropped`: somebody may say that it is not for this clinic.
    `may_be_said`: somebody may say that it is settled, as no row shows it.
    """

    key: str
    words: str
    group: str
    by: str
    where: str
    why: str
    is_of_clinic: bool = False
    needs: str = ""
    may_be_dropped: bool = False
    may_be_said: bool = False


PEOPLE, CLINIC, CARE, SAFETY, MONEY, START = (
    "People", "Clinic", "How care is given", "Safety", "Payers and claims", "First patients",
)  # fmt: skip

ITEMS: Final[tuple[Item, ...]] = (
    Item("clinic", "A clinic", CLINIC, "Admin", "clinic_new", "Its time zone decides what a calendar month is."),
    Item("care_manager", "A care manager", PEOPLE, "Admin", "people", "Somebody who calls, scores and keeps the list."),
    Item("lead", "A clinic lead", PEOPLE, "Admin", "people", "Somebody who looks through the program every month."),
    Item("billing", "Somebody for billing", PEOPLE, "Admin", "people", "Somebody who closes the month.",
         may_be_dropped=True),
    Item("consultant", "A psychiatric consultant", PEOPLE, "Admin", "people",
         "Collaborative care is reviewed with one every week.", needs=COCM),
    Item("clinicians", "Treating clinicians, each with an NPI", PEOPLE, "Admin", "clinicians",
         "They direct the service, and claims name them."),
    Item("trained", "Everybody trained on danger, this year", PEOPLE, "Clinic lead", "trainings",
         "A protocol that one person knows is none."),
    Item("consent", "Consent script", CARE, "Clinic lead", "consent_texts",
         "The words in which patients are asked, with what it may cost them.", may_be_dropped=True),
    Item("templates", "Note templates", CARE, "Clinic lead", "note_templates",
         "What a note begins with, so that nothing required is missed.", may_be_dropped=True),
    Item("payers", "Payers asked whether they cover these services", MONEY, "Billing", "payer_checks",
         "Coverage of these codes differs by payer and state."),
    Item("filing", "Who files claims, and at which charges", MONEY, "Billing", "filing",
         "Needed before the first month is claimed.", may_be_dropped=True),
    Item("import", "Caseload imported", START, "Care manager", "imports",
         "Patients whom you follow already, from your own list.", may_be_dropped=True),
    Item("site", "NPI, kind of site and place of service", CLINIC, "Admin", "clinic_site", "Claims name them.",
         is_of_clinic=True),
    Item("address", "Address", CLINIC, "Admin", "filing_clinic",
         "Claims name it where it is not that of who files them.", is_of_clinic=True, may_be_said=True),
    Item("hours", "Limits and hours", CLINIC, "Clinic lead", "clinic_protocol",
         "When you are open, how soon a referral is called, how many patients one person carries.",
         is_of_clinic=True, may_be_said=True),
    Item("tools", "Questionnaires and their rhythm", CARE, "Clinic lead", "clinic_tools",
         "Which scales are repeated, and how often.", is_of_clinic=True, may_be_said=True),
    Item("slot", "Weekly review slot with a consultant", CARE, "Clinic lead", "review_slots",
         "A time that survives a busy clinic.", is_of_clinic=True, needs=COCM),
    Item("after_hours", "Whom staff call after hours, and the nearest emergency department", SAFETY, "Clinic lead",
         "clinic_risk", "It stands on every page about danger.", is_of_clinic=True),
    Item("duty", "Duty rota for danger", SAFETY, "Clinic lead", "clinic_safety",
         "Who is told at once when a patient answers that they may harm themselves.", is_of_clinic=True),
    Item("drill", "Risk protocol rehearsed", SAFETY, "Care manager", "risk_drills",
         "On a patient who does not exist, before it is real.", is_of_clinic=True),
    Item("first_patient", "First patient enrolled", START, "Care manager", "enrol_now",
         "Begin with fewer than you think you can carry.", is_of_clinic=True),
    Item("pilot", "Two weeks looked back on", START, "Clinic lead", "pilot_review",
         "What works, what does not, and whether more patients are taken on.", is_of_clinic=True, may_be_dropped=True),
)  # fmt: skip

BY_KEY: Final[Mapping[str, Item]] = {item.key: item for item in ITEMS}


@dataclass(frozen=True)
class Found:
    """What is on record about a point. `later`: it cannot be done before something else is, and why."""

    is_done: bool
    detail: str = ""
    later: str = ""


@dataclass(frozen=True)
class Said:
    """What somebody said of a point: settled, or not needed here, and why."""

    is_needed: bool
    on: date
    by: str
    note: str = ""


@dataclass(frozen=True)
class Point:
    """A point as it stands, and in words why."""

    item: Item
    state: State
    detail: str = ""
    said: Said | None = None

    @property
    def is_settled(self) -> bool:
        """Nobody has to do anything about it."""
        return self.state in (State.DONE, State.NOT_NEEDED)


def points(found: Mapping[str, Found], said: Mapping[str, Said], *, of_clinic: bool, programs: Iterable[str]) -> tuple[
    Point, ...
]:  # fmt: skip
    """The points of a clinic, or of the organization, in their order, each with its state.

    `programs` are those that the clinic, or any clinic, runs: what none of them needs is left out. What is on record
    goes before what was said. A point about which nothing was found is open.
    """
    run = set(programs)
    asked = [item for item in ITEMS if item.is_of_clinic == of_clinic and (not item.needs or item.needs in run)]
    return tuple(_point(item, found.get(item.key, Found(is_done=False)), said.get(item.key)) for item in asked)


def _point(item: Item, found: Found, said: Said | None) -> Point:
    if found.is_done:
        return Point(item, State.DONE, found.detail, said)
    if said is not None and not said.is_needed and item.may_be_dropped:
        return Point(item, State.NOT_NEEDED, said.note, said)
    if said is not None and said.is_needed and item.may_be_said:
        return Point(item, State.DONE, said.note, said)
    return Point(item, State.LATER if found.later else State.OPEN, found.later or found.detail, said)


@dataclass(frozen=True)
class Progress:
    """How far a list of points is."""

    settled: int
    total: int

    @property
    def is_whole(self) -> bool:
        return self.settled == self.total


def progress(asked: Iterable[Point]) -> Progress:
    """How many points are settled, of how many."""
    states = [point.is_settled for point in asked]
    return Progress(sum(states), len(states))


def fault_of_saying(key: str, *, of_clinic: bool, is_needed: bool, note: str) -> str:
    """Why a point cannot be said to be settled, or not to be needed; empty where it can."""
    item = BY_KEY.get(key)
    if item is None or item.is_of_clinic != of_clinic:
        return "This point is not on the checklist. Look at it again."
    if is_needed and not item.may_be_said:
        return "This point is done by what is on record. Open its page and do it there."
    if not is_needed and not item.may_be_dropped:
        return "Every clinic needs this point, so it stays on the list."
    return "" if note.strip() else "Say why, in a few words."


def pilot_due_on(first_enrolled_on: date) -> date:
    """When the first two weeks are looked back on."""
    return first_enrolled_on + timedelta(days=PILOT_DAYS)


def pilot_found(first_enrolled_on: date | None, reviewed_on: date | None, today: date) -> Found:
    """Whether the first two weeks were looked back on."""
    if reviewed_on is not None:
        return Found(is_done=True, detail=f"on {_day(reviewed_on)}")
    if first_enrolled_on is None:
        return Found(is_done=False, later="two weeks after the first patient")
    due_on = pilot_due_on(first_enrolled_on)
    if today < due_on:
        return Found(is_done=False, later=f"from {_day(due_on)} on")
    return Found(is_done=False, detail=f"due since {_day(due_on)}")


def drill_found(last_on: date | None, today: date) -> Found:
    """Whether the protocol was rehearsed within a year."""
    if last_on is None:
        return Found(is_done=False, detail="never yet")
    is_fresh = (today - last_on).days < DRILL_DAYS
    return Found(is_fresh, f"{'on' if is_fresh else 'last on'} {_day(last_on)}")


def trained_found(people: Collection[tuple[str, date | None]], today: date) -> Found:
    """Whether everybody who sees patients was trained on danger; `people` are names and until when that holds.

    Two people may have one name: each counts.
    """
    if not people:
        return Found(is_done=False, later="once there are people who see patients")
    missing = sorted(name for name, due_on in people if due_on is None or due_on <= today)
    if not missing:
        return Found(is_done=True, detail=f"all {len(people)}" if len(people) > 1 else "one person")
    return Found(is_done=False, detail=f"missing or over a year ago: {_some(missing)}")


def payers_found(asked: int, payers: int) -> Found:
    """Whether each payer was asked; `asked` are those of `payers` who were, about what is run here."""
    if not payers:
        return Found(is_done=False, later="once a payer is on record, from the import or the first enrolment")
    return Found(asked >= payers, f"{asked} of {payers}")


def training_due_on(on: date) -> date:
    """When a training is due again: after a year."""
    return on + timedelta(days=TRAINING_DAYS)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _day(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"
