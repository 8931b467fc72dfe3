"""Invented people on their way into the program: one of every state that the board can show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bhi.tenancy.ids import uuid7
from billing.operations.demonstration.people import ZONE, Staff
from registry.models import TreatingClinician
from registry.operations.assessments import ScoreGiven
from registry.operations.referral_course import end_referral, put_on_waiting_list, record_attempt
from registry.operations.referrals import NewPerson, make_referral
from registry.rules.names import read_person

Attempts = tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Referred:
    """One referral. Days count back from the day of loading; attempts are (days ago, mode, outcome)."""

    name: str
    born: str
    days_ago: int
    source: str
    reason: str
    phq9: int
    gad7: int | None = None
    urgency: str = "routine"
    is_warm: bool = False
    is_eligible: bool | None = True
    eligibility_reason: str = ""
    attempts: Attempts = ()
    waits: bool = False
    outcome: str = ""
    outcome_reason: str = ""
    language: str = "English"


R = Referred
REFERRED: Final = (
    R("Lockwood, Imogen", "1986-05-06", 1, "clinician", "Low since a separation.", 17, 12, is_warm=True),
    R("Mendes, Artur", "1959-11-20", 4, "screen", "Annual visit screen.", 13, language="Portuguese", is_eligible=None),
    R("Sandoval, Luz", "1992-02-14", 0, "clinician", "Postpartum, worse over three weeks.", 19, 16, urgency="urgent"),
    R("Pickering, Neil", "1971-08-03", 6, "clinician", "Stopped sertraline in spring.", 15, 9,
      attempts=((5, "phone", "voicemail"), (3, "phone", "no_answer"))),
    R("Achterberg, Hanna", "1964-01-19", 9, "list", "On last quarter's screening list.", 12, 11,
      attempts=((8, "phone", "no_answer"), (6, "phone", "voicemail"), (2, "phone", "call_back"))),
    R("Yusuf, Idris", "1980-09-27", 12, "clinician", "Panic at work, misses shifts.", 14, 18,
      attempts=((11, "phone", "reached"),)),
    R("Carmody, Ruth", "1947-12-12", 30, "clinician", "Grief after her husband's death.", 16, waits=True,
      attempts=((28, "phone", "reached"),)),
    R("Brandt, Otto", "1990-03-30", 22, "screen", "Blood pressure visit.", 21, 14, urgency="soon", waits=True,
      attempts=((21, "phone", "reached"),)),
    R("Feeney, Clare", "1983-07-01", 40, "clinician", "Referred after a medication check.", 11,
      attempts=((38, "phone", "reached"),), outcome="declined", outcome_reason="Sees a therapist already."),
    R("Ostrowski, Piotr", "1977-10-10", 50, "screen", "Screen at a sick visit.", 12,
      attempts=((48, "phone", "no_answer"), (44, "phone", "voicemail"), (39, "letter", "sent")), outcome="unreachable"),
    R("Gale, Marion", "1955-06-18", 33, "clinician", "Confusion and low mood.", 14, is_eligible=False,
      eligibility_reason="Needs a memory assessment first.", outcome="ineligible",
      outcome_reason="Needs a memory assessment first."),
)  # fmt: skip


def tell_referred(staff: Staff, clinicians: tuple[TreatingClinician, ...], *, at: datetime) -> None:
    """The referrals, each made and worked on as people would have."""
    for number, one in enumerate(REFERRED):
        _tell(one, number, staff, clinicians[number % len(clinicians)], at=at)


def _tell(one: Referred, number: int, staff: Staff, clinician: TreatingClinician, *, at: datetime) -> None:
    by = staff.care_managers[0]
    today = at.astimezone(ZoneInfo(ZONE)).date()
    name = read_person(one.name)
    person = NewPerson(
        name.family,
        name.given,
        date.fromisoformat(one.born),
        phone=f"555-02{number:02d}",
        may_leave_voicemail=number % 3 != 0,
        language=one.language,
    )
    scores = [ScoreGiven("phq9", total=one.phq9, item9=0)]
    scores += [ScoreGiven("gad7", total=one.gad7)] if one.gad7 is not None else []
    referral = make_referral(
        by=by,
        at=at,
        patient=person,
        clinic=staff.clinics[number % 2],
        referred_on=today - timedelta(days=one.days_ago),
        source=one.source,
        client_token=uuid7(),
        reason=one.reason,
        urgency=one.urgency,
        is_warm_hand_off=one.is_warm,
        treating_clinician=clinician,
        is_eligible=one.is_eligible,
        eligibility_reason=one.eligibility_reason,
        assigned_to=by,
        scores=scores,
    ).referral
    for days, mode, outcome in one.attempts:
        tried_at = datetime.combine(today - timedelta(days=days), time(10, 20), ZoneInfo(ZONE))
        record_attempt(
            by=by,
            at=at,
            referral_id=referral.id,
            client_token=uuid7(),
            tried_at=tried_at,
            mode=mode,
            outcome=outcome,
        )
    if one.waits:
        put_on_waiting_list(by=by, at=at, referral_id=referral.id)
    if one.outcome:
        end_referral(by=by, at=at, referral_id=referral.id, outcome=one.outcome, reason=one.outcome_reason)
