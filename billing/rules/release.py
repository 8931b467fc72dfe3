"""What somebody should see before a month is claimed that bills already: the release checks.

They stand beside gaps and flags: a gap says that a line is not supported, a check that a supported one would not stand
a reviewer's look. Each organization holds a month back for a check or only notes it. Days and numbers that no source
gives are our own choice, and each check says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from billing.rules.credential_gaps import CredentialGap, gaps_said
from billing.rules.month_type import COCM_CODES

HOLD, NOTE = "hold", "note"
MODES = ((HOLD, "Hold the month"), (NOTE, "Only note it"))
REVIEW_DAYS = 60
PLAN_DAYS = 90
LATE_DAYS = 7
MOST_UNITS = 2
FULL_G2214 = 30
ADDONS_TO_APCM = frozenset({"G0568", "G0569", "G0570"})

CodeUnits = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LateEntries:
    """Entries of the month made more than a week after the work: how many, and the longest such wait."""

    count: int
    worked_on: date
    made_on: date


@dataclass(frozen=True, slots=True)
class CoverageAsked:
    """The last answer to whether the paying coverage is in force."""

    on: date
    source: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class ConsentNamed:
    """The last consent that was given by the month's end: whose care it names, and whether its time is known.

    `clinician` is who treats now; `is_of_another` that the consent names somebody else and none since names them.
    """

    given_on: date
    names: str = ""
    clinician: str = ""
    is_of_another: bool = False
    is_time_known: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the checks look at in one month that bills.

    `asked` are the lines that would be asked for, `without_facility` those that the month supports without the minutes
    of facility stays (None: no such minutes). `reviewed_on`, `consulted_on`, `treated_on` and `planned_on` are the
    latest days by the month's end, or in the month; `is_plan_assumed` that an import knew no day of the plan.
    `confirmed` are diagnoses that bill and were confirmed, `unconfirmed` the others that bill.
    """

    first_on: date
    last_on: date
    asked: CodeUnits
    minutes: int
    reviewed_on: date | None = None
    consulted_on: date | None = None
    treated_on: date | None = None
    planned_on: date | None = None
    is_plan_assumed: bool = False
    confirmed: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    unsigned: int = 0
    unsigned_on: date | None = None
    late: LateEntries | None = None
    without_facility: CodeUnits | None = None
    coverage: CoverageAsked | None = None
    consent: ConsentNamed | None = None
    credential_gaps: tuple[CredentialGap, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(code for code, _ in self.asked)

    @property
    def has_cocm(self) -> bool:
        return not self.codes.isdisjoint(COCM_CODES)


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that a month did not pass: what is so, with days and numbers, and what to do next."""

    word: str
    sentence: str
    todo: str


@dataclass(frozen=True, slots=True)
class Check:
    """A release check as settings explain it."""

    word: str
    title: str
    asks: str
    source: str
    todo: str
    default: str = HOLD


Finding = Callable[[ReleaseFacts], str]


def failed_checks(facts: ReleaseFacts) -> tuple[FailedCheck, ...]:
    """The checks that the month does not pass, in the order in which settings list them."""
    said = ((check, FINDINGS[check.word](facts)) for check in CHECKS)
    return tuple(FailedCheck(check.word, sentence, check.todo) for check, sentence in said if sentence)


def mode_of(word: str, modes: Mapping[str, str], codes: frozenset[str]) -> str:
    """Whether a failed check holds a month with these codes, or is noted: as the organization chose, else by default.

    A month with an add-on to APCM and no session with the patient is always held: those codes have no minutes to show.
    """
    if word == "no_treatment_contact" and not codes.isdisjoint(ADDONS_TO_APCM):
        return HOLD
    return modes.get(word, CHECKS_BY_WORD[word].default)


def _review_old(facts: ReleaseFacts) -> str:
    if not facts.has_cocm:
        return ""
    since = facts.last_on - timedelta(days=REVIEW_DAYS - 1)
    if facts.reviewed_on is None:
        return f"No psychiatric review is on record by {said(facts.last_on)}."
    if facts.reviewed_on < since:
        return f"The last psychiatric review was on {said(facts.reviewed_on)}, before {said(since)}."
    return ""


def _no_consultation(facts: ReleaseFacts) -> str:
    if not facts.has_cocm or facts.consulted_on is not None:
        return ""
    return f"No caseload consultation of the team is on record in {facts.first_on:%B %Y}."


def _no_treatment_contact(facts: ReleaseFacts) -> str:
    return (
        "" if facts.treated_on is not None else f"No session with the patient is on record in {facts.first_on:%B %Y}."
    )


def _plan_old(facts: ReleaseFacts) -> str:
    since = facts.last_on - timedelta(days=PLAN_DAYS - 1)
    if facts.planned_on is not None:
        return "" if facts.planned_on >= since else f"The plan was last revised on {said(facts.planned_on)}."
    if facts.is_plan_assumed:
        return "The import knew no day of the plan, so its last revision is not known."
    return "No plan is on record."


def _diagnosis_unconfirmed(facts: ReleaseFacts) -> str:
    if facts.confirmed:
        return ""
    if not facts.unconfirmed:
        return "No diagnosis that can be billed is on record."
    return f"Not confirmed by the treating clinician on record: {', '.join(facts.unconfirmed)}."


def _note_unsigned(facts: ReleaseFacts) -> str:
    if not facts.unsigned or facts.unsigned_on is None:
        return ""
    waits = "1 note waits" if facts.unsigned == 1 else f"{facts.unsigned} notes wait"
    return f"{waits} for a signature, the oldest of {said(facts.unsigned_on)}."


def _entry_late(facts: ReleaseFacts) -> str:
    late = facts.late
    if late is None:
        return ""
    were = "1 entry was" if late.count == 1 else f"{late.count} entries were"
    days = (late.made_on - late.worked_on).days
    return f"{were} made more than {LATE_DAYS} days after the work: {said(late.worked_on)}, entered {days} days later."


def _facility_minutes_needed(facts: ReleaseFacts) -> str:
    """Other or fewer lines, of those that are asked for: a coder who asks for less may need no such minutes."""
    if facts.without_facility is None:
        return ""
    left = dict(facts.without_facility)
    if all(left.get(code, 0) >= units for code, units in facts.asked):
        return ""
    without = words(facts.without_facility) or "nothing"
    return f"Without the minutes during a facility stay the month supports {without}, not {words(facts.asked)}."


def _addon_units_high(facts: ReleaseFacts) -> str:
    units = dict(facts.asked).get("99494", 0)
    return f"99494 × {units} is asked for." if units > MOST_UNITS else ""


def _g2214_short(facts: ReleaseFacts) -> str:
    if "G2214" not in facts.codes or facts.minutes >= FULL_G2214:
        return ""
    return f"G2214 rests on {facts.minutes} minutes."


def _coverage_unchecked(facts: ReleaseFacts) -> str:
    if facts.coverage is not None:
        return ""
    return f"Nobody has asked since {said(facts.first_on)} whether the coverage is in force."


def _coverage_ended(facts: ReleaseFacts) -> str:
    asked = facts.coverage
    if asked is None or asked.is_in_force:
        return ""
    return f"Not in force: so said on {said(asked.on)} ({asked.source})."


def _clinician_changed(facts: ReleaseFacts) -> str:
    consent = facts.consent
    if consent is None or not consent.is_of_another:
        return ""
    return f"The consent of {said(consent.given_on)} names {consent.names}; {consent.clinician} treats now."


def _consent_untimed(facts: ReleaseFacts) -> str:
    consent = facts.consent
    if consent is None or consent.is_time_known:
        return ""
    return f"Of the consent of {said(consent.given_on)} only the day is known."


def _credential_gap(facts: ReleaseFacts) -> str:
    return gaps_said(facts.credential_gaps)


def said(on: date) -> str:
    """`Oct 12, 2026`."""
    return f"{on:%b} {on.day}, {on.year}"


def words(lines: CodeUnits) -> str:
    """`99493 + 99494 × 2`."""
    return " + ".join(code if units == 1 else f"{code} × {units}" for code, units in lines)


_CMS_2017 = "CMS-1654-F (Medicare physician fee schedule for 2017) describes the service"
_OIG = "What OIG found in audits of chronic care management"
_OWN = "the number of days is our own choice"

CHECKS: tuple[Check, ...] = (
    Check(
        "review_old",
        "No psychiatric review in 60 days",
        "A month with a collaborative care line has a review of the patient in the 60 days that end on its last day.",
        f"{_CMS_2017} with regular review by the consultant; {_OWN}.",
        "Record the review if there was one, or put the patient on the next agenda.",
    ),
    Check(
        "no_consultation",
        "No caseload consultation in the month",
        "In the month of a collaborative care line the clinic held a review session, or a review was signed for some "
        "patient of the same clinic or care manager.",
        f"{_CMS_2017} with weekly caseload consultation; that one in the month is enough is our own choice.",
        "Record the session or the review that took place.",
    ),
    Check(
        "no_treatment_contact",
        "No session with the patient in the month",
        "The month has a session with the patient. Months with an add-on to APCM are always held for it: those codes "
        "have no minutes that could show the work.",
        "Our own reading: minutes of coordination alone can reach a code, and reviewers ask what was done for the "
        "patient.",
        "Record the session if there was one; otherwise decide whether the month is to be billed.",
    ),
    Check(
        "plan_old",
        "Plan not revised in 90 days",
        "The care plan has a version of the 90 days that end on the month's last day.",
        f"{_CMS_2017} with revision of the plan for patients who do not improve; {_OWN}.",
        "Look at the plan with the team and record the version that holds.",
    ),
    Check(
        "diagnosis_unconfirmed",
        "Diagnosis not confirmed",
        "The treating clinician has confirmed at least one diagnosis that bills.",
        "The diagnosis on a claim is the billing practitioner's. An imported one was confirmed by nobody that we know.",
        "Have the treating clinician confirm it, and record that.",
    ),
    Check(
        "note_unsigned",
        "Note not signed",
        "Every note of the month is signed, and co-signed where its writer is supervised. Notes that an import brought "
        "are signed elsewhere and are not asked about.",
        f"{_OIG}: services without documentation.",
        "Have the note signed.",
    ),
    Check(
        "entry_late",
        "Entered more than 7 days after the work",
        "Minutes were entered within 7 days of the work, by the clinic's calendar. Imported ones are not asked about: "
        "the tracker had them before.",
        f"Notes made at the time of the work carry weight with auditors; {_OWN}.",
        "Make sure that the minutes can be shown, and write where.",
    ),
    Check(
        "facility_minutes_needed",
        "Needs minutes of a facility stay",
        "The lines stand without the minutes during a hospital stay.",
        "CMS-1654-F lets them count; the CPT text leaves them out.",
        "Bill lower, or release it with the payer's word on such minutes.",
    ),
    Check(
        "addon_units_high",
        "More than 2 units of 99494",
        "At most two further units are asked for.",
        "Payers limit the units; NC Medicaid names 4 a month, Medicare's limit was not obtained.",
        "Look at the entries and at the payer's limit; bill lower where it is less.",
    ),
    Check(
        "g2214_short",
        "G2214 under 30 minutes",
        "G2214 rests on 30 minutes or more.",
        "The midpoint rule opens it at 16; stricter readings ask for 30.",
        "Release it if the payer takes the midpoint rule.",
    ),
    Check(
        "coverage_unchecked",
        "Coverage not checked",
        "Somebody asked on or after the month's first day whether the paying coverage is in force.",
        "Claims for days without coverage come back unpaid (CARC 27).",
        "Ask the payer, and record the answer.",
    ),
    Check(
        "coverage_ended",
        "Coverage not in force",
        "The last answer about the paying coverage says that it is in force.",
        "Claims for days without coverage come back unpaid (CARC 27).",
        "Find out who pays, and correct the coverage.",
    ),
    Check(
        "clinician_changed",
        "Clinician changed since the consent",
        "The consent names nobody other than who treats now. Where it names nobody, nothing is asked.",
        "The consent is to the service of one billing practitioner.",
        "Ask for consent again, or correct the treating clinician.",
    ),
    Check(
        "consent_untimed",
        "Consent without a time of day",
        "The consent has its time of day, so that it can be seen to come before the first minutes.",
        "CMS-1654-F asks for consent before the service; the time of day is our own choice.",
        "Add the time if it is known.",
        default=NOTE,
    ),
    Check(
        "credential_gap",
        "License or training not on record",
        "Whoever worked in the month held, on each day, a license that had not ended, and the care manager training in "
        "behavioral health. Nothing is asked while the organization records no credentials.",
        "CPT describes the care manager as trained in behavioral health; that it stands on record is our own choice.",
        "Record what was held then under People, or look at whose minutes these are.",
        default=NOTE,
    ),
)
CHECKS_BY_WORD = {check.word: check for check in CHECKS}

FINDINGS: dict[str, Finding] = {
    "review_old": _review_old,
    "no_consultation": _no_consultation,
    "no_treatment_contact": _no_treatment_contact,
    "plan_old": _plan_old,
    "diagnosis_unconfirmed": _diagnosis_unconfirmed,
    "note_unsigned": _note_unsigned,
    "entry_late": _entry_late,
    "facility_minutes_needed": _facility_minutes_needed,
    "addon_units_high": _addon_units_high,
    "g2214_short": _g2214_short,
    "coverage_unchecked": _coverage_unchecked,
    "coverage_ended": _coverage_ended,
    "clinician_changed": _clinician_changed,
    "consent_untimed": _consent_untimed,
    "credential_gap": _credential_gap,
}
