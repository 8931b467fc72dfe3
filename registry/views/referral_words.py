"""A referral as a line of a file."""

from __future__ import annotations

from registry.queries.referral_rows import ReferralRow
from registry.rules.csv_text import Cell

FILE_HEADER = (
    *("Last name", "First name", "Record number", "Birth date", "Phone", "Clinic"),
    *("Referred on", "Referred by", "Source", "Urgency", "Warm hand-off", "Why"),
    *("State", "Why it ended", "Ended on", "Eligible", "Due on", "Attempts", "Last attempt on"),
    *("Days to first attempt", "Days to reached", "Days to enrolled"),
    *("PHQ-9", "Item 9", "GAD-7", "Care manager"),
)


def file_row(row: ReferralRow) -> tuple[Cell, ...]:
    """The cells of `FILE_HEADER`."""
    referral, patient, times = row.referral, row.referral.patient, row.times
    scores = {score.seen.instrument: score.seen for score in row.scores}
    phq9, gad7 = scores.get("phq9"), scores.get("gad7")
    clinician = str(referral.treating_clinician) if referral.treating_clinician else ""
    return (
        *(patient.family_name, patient.given_name, patient.mrn, patient.birth_date, patient.phone, row.clinic),
        *(referral.referred_on, clinician, referral.get_source_display(), referral.get_urgency_display()),
        *(referral.is_warm_hand_off, referral.reason),
        *(row.state_words, referral.outcome_reason, referral.ended_on, referral.is_eligible),
        *(referral.due_on, len(row.tries), row.tries[-1].on if row.tries else None),
        *(times.to_first_attempt, times.to_reached, times.to_enrolled),
        *(phq9.total if phq9 else None, phq9.item9 if phq9 else None, gad7.total if gad7 else None, row.assigned),
    )
