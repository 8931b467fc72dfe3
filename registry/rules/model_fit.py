"""Which model a practice can run with what it has, what is missing for the next, and what that takes and brings.

Sources of the numbers: caseloads per care manager and three hours a week of psychiatric time for each full-time care
manager (AIMS Center, staffing guidance); minutes of work per contact (a time study of collaborative care in primary
care: 51 to 60 for a call that reaches somebody, 75 to 95 for the first assessment, 9 to 11 for one that does not).
Minutes are whole, money is Decimal, and what no source gives stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

FULL_TIME_HOURS = 40
MONTH_HOURS = 160
PRODUCTIVE_TENTHS = 8
REVIEW_HOURS = 3
"""Of psychiatric time a week, and as much of the care manager's, for each full-time care manager."""
REVIEW_MINUTES_A_MONTH = 780
FIRST_MINUTES = 85
CONTACT_MINUTES = 55
ATTEMPT_MINUTES = 10
CONTACTS_TENTHS = 15
"""Contacts that reach an active patient in ten months: one and a half a month."""
PAYERS: Final = ("medicare_ffs", "medicare_advantage", "commercial", "medicaid", "none")
PAYER_WORDS: Final[Mapping[str, str]] = {
    "medicare_ffs": "Medicare",
    "medicare_advantage": "Medicare Advantage",
    "commercial": "Commercial",
    "medicaid": "Medicaid",
    "none": "No insurance",
}
FIRST_CODE: Final[Mapping[str, str]] = {"cocm": "99492", "bhi": "99484"}
NEXT_CODE: Final[Mapping[str, str]] = {"cocm": "99493", "bhi": "99484"}
CENT = Decimal("0.01")
HUNDRED = Decimal(100)


class Can(StrEnum):
    """Whether something is there, can be built, or cannot."""

    YES = "yes"
    BUILD = "build"
    NO = "no"


class Model(StrEnum):
    """What is advised."""

    COCM = "cocm"
    BHI = "bhi"
    BUILD = "build"


MODEL_WORDS: Final[Mapping[Model, str]] = {
    Model.COCM: "Collaborative care",
    Model.BHI: "Begin with General BHI",
    Model.BUILD: "Build toward General BHI first",
}


@dataclass(frozen=True)
class Answers:
    """What a practice has. Hours are a week; `shares` are percent of the expected patients by payer, 100 in all.
    `plans` name the rule book that a payer goes by, where it is known which Medicaid or which commercial plan it is.

    `reached` is the percent of patients' months that reach the minutes of their code: the practice's own assumption.
    """

    care_manager_hours: int
    is_trained: Can
    consultant_hours: Decimal
    review: Can
    registry: Can
    clinician: Can
    billing: Can
    active: int
    new_a_month: int
    shares: Mapping[str, int]
    reached: int = 70
    plans: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Missing:
    """Something that has to be there: for which model, and what to do about it."""

    words: str
    for_model: str
    next_step: str


@dataclass(frozen=True)
class Staffing:
    """What the expected patients take, and what the hours on hand carry.

    `places` is how many active patients the care manager's hours carry by minutes; `low` and `high` how many full-time
    care managers usually carry. Full-time equivalents are in hundredths.
    """

    minutes_needed: int
    minutes_on_hand: int
    places: int
    low: int
    high: int
    care_manager_hundredths: int
    consultant_hours: Decimal
    covered_hundredths: int | None

    @property
    def is_enough(self) -> bool:
        return self.minutes_on_hand >= self.minutes_needed

    @property
    def care_managers(self) -> Decimal:
        """Full-time care managers that the expected patients take."""
        return Decimal(self.care_manager_hundredths) / HUNDRED


@dataclass(frozen=True)
class PayerPart:
    """What one payer's patients bring a month; `amount` is None where no schedule gives it."""

    payer: str
    patients: Decimal
    amount: Decimal | None


@dataclass(frozen=True)
class Revenue:
    """An estimate of a month at the expected size. `amount` is None where nothing of it is known."""

    model: str
    parts: tuple[PayerPart, ...]
    amount: Decimal | None
    unknown_share: int


@dataclass(frozen=True)
class Advice:
    """What is advised and why, what is missing for it and for the next model, what it takes and brings."""

    model: Model
    reasons: tuple[str, ...]
    missing: tuple[Missing, ...]
    staffing: Staffing
    revenues: tuple[Revenue, ...]

    @property
    def words(self) -> str:
        return MODEL_WORDS[self.model]


Rates = Mapping[tuple[str, str], Decimal]


def advise(answers: Answers, rates: Rates) -> Advice:
    """What to run with what there is. `rates` are dollars of one month by payer and code, those that are known."""
    model, reasons = _model(answers)
    programs = ("cocm", "bhi") if model is Model.COCM else ("bhi", "cocm")
    return Advice(
        model=model,
        reasons=reasons,
        missing=_missing(answers),
        staffing=staffing(answers, with_review=model is Model.COCM),
        revenues=tuple(revenue(answers, program, rates) for program in programs),
    )


def _model(answers: Answers) -> tuple[Model, tuple[str, ...]]:
    has_consultant = answers.consultant_hours > 0
    if answers.care_manager_hours <= 0:
        also = " The psychiatric consultant you have is kept for later." if has_consultant else ""
        return Model.BUILD, (f"Both models rest on a care manager, and there is none yet.{also}",)
    if answers.clinician is Can.NO:
        return Model.BUILD, ("No treating clinician directs the service yet, and it is billed in that person's name.",)
    if not has_consultant:
        return Model.BHI, (
            "There is a care manager and no psychiatric consultant: General BHI needs no consultant.",
            "Its patients can move to collaborative care in bulk once there is one.",
        )
    if Can.NO in (answers.registry, answers.review):
        lacking = " and ".join(
            word
            for word, can in (("a registry that is kept", answers.registry), ("a weekly review", answers.review))
            if can is Can.NO
        )
        return Model.BHI, (
            f"There is a psychiatric consultant, but not {lacking}: collaborative care requires both.",
            "Begin with General BHI and build what is missing.",
        )
    return Model.COCM, (
        "There is a care manager, a psychiatric consultant, and a registry with a weekly review, or they can be built.",
        "Collaborative care is the better studied of the two models, and pays more for each patient's month.",
    )


def _missing(answers: Answers) -> tuple[Missing, ...]:
    both, cocm = "Both models", "Collaborative care"
    found = [
        (answers.care_manager_hours <= 0, "A care manager", both, "Choose somebody and block hours every week."),
        (answers.is_trained is not Can.YES, "Training in behavioral health for the care manager", cocm,
         "Medicare asks for formal education or specialized training. Record it with the person's credentials."),
        (answers.clinician is not Can.YES, "A treating clinician who directs the service", both,
         "Begin with one who wants it; others follow."),
        (answers.consultant_hours <= 0, "A psychiatric consultant", cocm,
         "By contract is usual: a few hours a week, by video."),
        (answers.registry is not Can.YES, "A registry that somebody keeps", cocm,
         "It is kept here by itself, with every note and score; decide who looks at it each morning."),
        (answers.review is not Can.YES, "A weekly review that survives a busy clinic", cocm,
         "Choose a fixed hour for care manager and consultant."),
        (answers.billing is not Can.YES, "Somebody who closes the month and works denials", both,
         "Name one person, or ask the firm that bills for you."),
        (answers.shares.get("medicaid", 0) > 0, "Word from Medicaid that it covers these services", both,
         "It differs by state. Ask, and write down who said so."),
        (answers.shares.get("commercial", 0) > 0, "Word from each commercial plan", both,
         "Some ask for an authorization. Ask, and write down who said so."),
    ]  # fmt: skip
    return tuple(Missing(words, model, step) for is_missing, words, model, step in found if is_missing)


def staffing(answers: Answers, *, with_review: bool) -> Staffing:
    """What the expected patients take a month in minutes, people and psychiatric hours, and what is on hand."""
    hours = max(answers.care_manager_hours, 0)
    on_hand = _minutes(hours, with_review=with_review)
    each_tenths = CONTACTS_TENTHS * CONTACT_MINUTES + 10 * ATTEMPT_MINUTES
    needed = answers.new_a_month * FIRST_MINUTES - (-answers.active * each_tenths // 10)
    full_time = _minutes(FULL_TIME_HOURS, with_review=with_review)
    hundredths = -(-needed * 100 // full_time)
    low, high = (60, 80) if answers.shares.get("medicaid", 0) >= 50 else (90, 120)
    consultant = (Decimal(hundredths * REVIEW_HOURS) / HUNDRED).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Staffing(
        minutes_needed=needed,
        minutes_on_hand=on_hand,
        places=max(0, (on_hand - answers.new_a_month * FIRST_MINUTES) * 10 // each_tenths),
        low=low * hours // FULL_TIME_HOURS,
        high=high * hours // FULL_TIME_HOURS,
        care_manager_hundredths=hundredths,
        consultant_hours=consultant,
        covered_hundredths=int(answers.consultant_hours * HUNDRED / REVIEW_HOURS) if with_review else None,
    )


def _minutes(hours: int, *, with_review: bool) -> int:
    """Productive minutes of a month with so many hours a week, less those of the weekly review."""
    whole = MONTH_HOURS * 60 * PRODUCTIVE_TENTHS // 10
    return hours * (whole - (REVIEW_MINUTES_A_MONTH if with_review else 0)) // FULL_TIME_HOURS


def revenue(answers: Answers, program: str, rates: Rates) -> Revenue:
    """What a month at the expected size brings by national rates, where these are known; an estimate.

    Patients in their first month are paid by its code, the others by that of later months; add-on codes, deductibles
    and what stays unpaid are left out.
    """
    parts = tuple(_part(answers, program, payer, rates) for payer in PAYERS if answers.shares.get(payer, 0))
    known = [part.amount for part in parts if part.amount is not None]
    unknown = sum(answers.shares.get(part.payer, 0) for part in parts if part.amount is None)
    return Revenue(program, parts, sum(known, Decimal(0)) if known else None, unknown)


def _part(answers: Answers, program: str, payer: str, rates: Rates) -> PayerPart:
    share = Decimal(answers.shares[payer]) / HUNDRED
    patients = (answers.active * share).quantize(Decimal("0.1"), ROUND_HALF_UP)
    first, later = rates.get((payer, FIRST_CODE[program])), rates.get((payer, NEXT_CODE[program]))
    if first is None or later is None:
        return PayerPart(payer, patients, None)
    new = min(answers.new_a_month, answers.active)
    whole = new * first + (answers.active - new) * later
    return PayerPart(payer, patients, (whole * share * answers.reached / HUNDRED).quantize(CENT, ROUND_HALF_UP))


def faults_of(answers: Answers) -> dict[str, str]:
    """What cannot be, by the field at which it is said."""
    faults = {}
    if sum(answers.shares.values()) != 100:
        faults["medicare_ffs"] = f"The shares add up to {sum(answers.shares.values())} percent. Make them 100."
    if answers.active <= 0:
        faults["active"] = "Enter how many patients you expect at the same time."
    if answers.new_a_month > answers.active:
        faults["new_a_month"] = "More new patients a month than patients at the same time: correct one of them."
    return faults
