"""What an enrolment rests on: which parts are there, what each missing one blocks, and what a start must satisfy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

DEFAULT_TARGETS = ("phq9", "gad7")

# Visits that can begin the services (CMS, Behavioral Health Integration Services, MLN909432; the fee schedule's list
# of initiating visits): office visits but for 99211, annual wellness, the welcome visit, transitional care.
VISIT_CODES = (
    *("99202", "99203", "99204", "99205", "99212", "99213", "99214", "99215"),
    *("G0402", "G0438", "G0439", "99495", "99496"),
)
# For psychologists' and social workers' own integration services (G0323).
OWN_SERVICE_VISIT_CODES = ("90791", "90792")


def a_year_before(day: date) -> date:
    """The same date a year earlier; of 29 February, the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 2, 28)


def is_visit_needed(enrolled_on: date, last_seen_on: date | None) -> bool:
    """Whether an initiating visit has to come first: the patient is new, or was not seen within a year before.

    The same date a year before still counts as within it.
    """
    return last_seen_on is None or last_seen_on < a_year_before(enrolled_on)


def baseline_of(scores: Iterable[tuple[date, int]], enrolled_on: date) -> tuple[date, int] | None:
    """The first score on or after enrolment (rule T1); one from before it is never the baseline. Ordered by day."""
    return next(((on, total) for on, total in scores if on >= enrolled_on), None)


class Blocks(StrEnum):
    """What goes wrong without a part, as the checklist says it."""

    MINUTES = "No minutes count before it."
    BILLING = "Nothing bills without it."
    PLAN = "The consultant's page lacks it."
    SAFETY = "Care is not safe without it."
    CLAIM = "A claim cannot be sent without it."
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the checklist. `page` is the page that mends it; `detail` what is on record, or what is wrong."""

    key: str
    label: str
    is_done: bool
    blocks: Blocks
    page: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is known of an enrolment, already in words where words are shown. Empty text means: not on record."""

    consent: str = ""
    consent_is_for: str = ""
    billing_clinician: str = ""
    needs_new_consent: bool = False
    consent_fault: str = ""
    visit: str = ""
    needs_visit: bool = True
    diagnosis: str = ""
    diagnosis_is_behavioral: bool = False
    diagnosis_is_confirmed: bool = False
    program: str = ""
    has_npi: bool = False
    care_manager: str = ""
    insurance: str = ""
    needs_member_id: bool = True
    member_id: str = ""
    baselines: tuple[tuple[str, str], ...] = ()
    missing_baselines: tuple[str, ...] = ()
    initial_assessment: str = ""
    care_plan: str = ""
    care_plan_is_signed: bool = False
    is_safety_plan_needed: bool = False
    safety_plan: str = ""
    is_relapse_plan_needed: bool = False
    relapse_plan: str = ""
    emergency_contact: str = ""
    mrn: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """The parts in the order in which they matter, and how many are done."""

    parts: tuple[Part, ...] = field(default=())

    @property
    def done(self) -> int:
        return sum(part.is_done for part in self.parts)

    @property
    def total(self) -> int:
        return len(self.parts)

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if not part.is_done)


def checklist(known: Enrolment) -> Checklist:
    """Every part of an enrolment: done or missing, what it blocks, and where it is mended."""
    parts: Sequence[Part | None] = (
        _consent(known),
        _visit(known),
        *_diagnosis(known),
        Part("program", "Program", bool(known.program), Blocks.BILLING, "program", known.program),
        *_clinician(known),
        _plain("care_manager", "Care manager", known.care_manager, Blocks.NOTHING, "patient_details"),
        *_insurance(known),
        *_scores(known),
        _plain("initial_assessment", "First assessment", known.initial_assessment, Blocks.PLAN, "initial_assessment"),
        *_plans(known),
        _plain("emergency_contact", "Emergency contact", known.emergency_contact, Blocks.SAFETY, "patient_details"),
        _plain("mrn", "Record number", known.mrn, Blocks.CLAIM, "patient_details"),
    )
    return Checklist(tuple(part for part in parts if part is not None))


def _plain(key: str, label: str, said: str, blocks: Blocks, page: str) -> Part:
    return Part(key, label, bool(said), blocks, page, said)


def _consent(known: Enrolment) -> Part:
    detail = known.consent
    is_done = bool(known.consent) and not known.consent_fault
    if known.consent_fault:
        detail = known.consent_fault
    elif known.needs_new_consent:
        is_done = False
        detail = f"{known.consent}. {known.billing_clinician} bills now: ask again."
    return Part("consent", "Consent", is_done, Blocks.MINUTES, "consent_new", detail)


def _visit(known: Enrolment) -> Part:
    is_done = not known.needs_visit
    detail = known.visit or ("" if known.needs_visit else "Not needed: seen within a year")
    if known.visit and known.needs_visit:
        detail = f"{known.visit}: more than a year before enrolment"
    return Part("visit", "Initiating visit", is_done, Blocks.BILLING, "visit_new", detail)


def _diagnosis(known: Enrolment) -> Iterable[Part]:
    detail = known.diagnosis
    if known.diagnosis and not known.diagnosis_is_behavioral:
        detail = f"{known.diagnosis}: the first one is not a behavioral one (F01 to F99)"
    is_done = bool(known.diagnosis) and known.diagnosis_is_behavioral
    yield Part("diagnosis", "Diagnosis", is_done, Blocks.BILLING, "diagnoses", detail)
    if known.diagnosis:
        said = "" if known.diagnosis_is_confirmed else "By the treating clinician"
        yield Part("confirmed", "Diagnosis confirmed", known.diagnosis_is_confirmed, Blocks.NOTHING, "diagnoses", said)


def _clinician(known: Enrolment) -> Iterable[Part]:
    who = known.billing_clinician
    yield _plain("clinician", "Treating clinician", who, Blocks.BILLING, "patient_details")
    if who:
        said = "" if known.has_npi else f"Of {who}"
        yield Part("npi", "NPI of the treating clinician", known.has_npi, Blocks.CLAIM, "patient_details", said)


def _insurance(known: Enrolment) -> Iterable[Part]:
    yield _plain("insurance", "Insurance", known.insurance, Blocks.BILLING, "patient_details")
    if known.insurance and known.needs_member_id:
        # The number itself is on the patient's page; here it is enough that it is there.
        yield Part("member_id", "Member id", bool(known.member_id), Blocks.CLAIM, "patient_details")


def _scores(known: Enrolment) -> Iterable[Part]:
    for name, said in known.baselines:
        yield _plain("baseline", f"Baseline {name}", said, Blocks.BILLING, "assessment_new")
    # Bills rest on one rating scale; a second one is for the treatment.
    blocks = Blocks.NOTHING if known.baselines else Blocks.BILLING
    for name in known.missing_baselines:
        said = "The first score on or after enrolment becomes it"
        yield Part("baseline", f"Baseline {name}", is_done=False, blocks=blocks, page="assessment_new", detail=said)


def _plans(known: Enrolment) -> Iterable[Part]:
    yield _plain("care_plan", "Care plan", known.care_plan, Blocks.BILLING, "care_plan")
    if known.care_plan:
        said = "" if known.care_plan_is_signed else "By the treating clinician"
        yield Part("signed", "Care plan signed off", known.care_plan_is_signed, Blocks.NOTHING, "care_plan", said)
    if known.is_safety_plan_needed or known.safety_plan:
        said = known.safety_plan or "The last answer about self-harm was above 0"
        yield Part("safety_plan", "Safety plan", bool(known.safety_plan), Blocks.SAFETY, "safety_plan", said)
    if known.is_relapse_plan_needed or known.relapse_plan:
        said = known.relapse_plan or "Written before the contacts become rarer"
        yield Part("relapse_plan", "Relapse plan", bool(known.relapse_plan), Blocks.SAFETY, "relapse_plan", said)
