"""The words of gaps and flags, and what they say to people: one plain sentence each, and what
closes a gap.
"""

from collections.abc import Iterable
from functools import lru_cache

from billing.rules.books import RuleBook
from billing.rules.findings import Flag, Gap

GAPS: dict[str, tuple[str, str, str]] = {
    "consent_missing": (
        "requirements.consent",
        "No consent was in force for any of the month's time.",
        "Record the patient's consent with its date and time; only time after it counts.",
    ),
    "initiating_visit_missing": (
        "requirements.visit_within_years",
        "No initiating visit with the billing practitioner from a year before enrolment to the first counted day.",
        "Enter the visit if there was one; otherwise arrange one before further work is billed.",
    ),
    "diagnosis_missing": (
        "requirements.diagnosis_prefixes",
        "No mental or behavioral health diagnosis (ICD-10 chapter F) is on file.",
        "Have the treating clinician record the diagnosis that is being treated.",
    ),
    "care_plan_missing": (
        "requirements.care_plan",
        "No care plan was made by the end of the month.",
        "Write the care plan; it must be dated by the month's last day.",
    ),
    "rating_scale_missing": (
        "requirements.rating_scale",
        "No rating scale was scored in the month.",
        "Give the patient a PHQ-9 or another scale before the month ends.",
    ),
    "case_review_missing": (
        "requirements.case_review",
        "The psychiatric consultant has not reviewed the patient since enrolment.",
        "Put the patient on the next case review and record the recommendation by the month's end.",
    ),
    "minutes_short": (
        "requirements.minutes",
        "The time that counts does not reach any code.",
        "More time that counts within the month; nothing carries over.",
    ),
    "no_engagement": (
        "requirements.engagement",
        "All time is attempts, no-shows or registry work; nobody was engaged.",
        "Reach the patient or a caregiver, or coordinate care, within the month.",
    ),
    "not_covered": (
        "options.covers_g2214",
        "The payer does not cover the code that the minutes reach.",
        "Reach the next code, or correct the payer profile if it is wrong.",
    ),
    "other_biller": (
        "requirements.other_biller_codes",
        "Another practitioner bills a behavioral health code for this month.",
        "Agree with that practitioner who bills the month.",
    ),
    "apcm_base_missing": (
        "apcm.addons_need_base",
        "Another practitioner bills the month's APCM, so its behavioral add-ons are not open to this one.",
        "Nothing, where the other practitioner rightly bills it; otherwise correct who does.",
    ),
    "conflicting_service": (
        "apcm.excludes",
        "A service that cannot stand beside this practitioner's APCM was left out.",
        "Nothing, unless the APCM base is wrong for this month.",
    ),
    "access_participant": (
        "access.bars_participant",
        "The practice is the patient's ACCESS participant, so nothing else may be billed.",
        "Correct the alignment if the patient is no longer in an active care period.",
    ),
    "program_ended": (
        "requirements.within_program",
        "All of the month's time lies after the end of the program.",
        "Enrol the patient again if care goes on, or correct the end date.",
    ),
}

FLAGS: dict[str, tuple[str, str]] = {
    "g2214_under_30": (
        "options.g2214_min",
        "G2214 with under 30 minutes: billed by the midpoint rule, which stricter readings do not accept.",
    ),
    "initial_month_unsettled": (
        "options.initial_month_policy",
        "The first CoCM claim after a month with CoCM time that billed none; sources differ on its being initial.",
    ),
    "episode_restart_unsettled": (
        "runs.gap_months",
        "Enrolled again within six months of earlier CoCM: billed as a later month of the same run.",
    ),
    "addon_units_high": (
        "options.addon_cap",
        "More than two units of 99494; check the payer's limit.",
    ),
    "apcm_route_unsettled": (
        "options.apcm_bh_route",
        "Whether add-ons supplement or replace time-based codes beside APCM is not settled.",
    ),
    "minutes_excluded": (
        "requirements.minutes",
        "Some logged time does not count; the entries say why.",
    ),
}

# What a coder should look at because of how something came on record. Stories state only what is on record, so
# these are not words of theirs.
RECORD_FLAGS: dict[str, tuple[str, str]] = {
    "care_plan_assumed": (
        "requirements.care_plan",
        "The care plan is assumed: the imported file said nothing of plans. Make sure that there is one.",
    ),
    "visit_code_unknown": (
        "requirements.visit_within_years",
        "The initiating visit is recorded without its code. Make sure that it was one that starts services.",
    ),
}


def rests_on_unseen(flags: Iterable[str]) -> bool:
    """Whether a verdict with these flags rests on papers that somebody must see before it is claimed."""
    return not RECORD_FLAGS.keys().isdisjoint(flags)


@lru_cache(maxsize=4096)
def gap(word: str, book: RuleBook, field: str | None = None) -> Gap:
    """The gap, citing the field that it rests on, or the one given."""
    said, sentence, closes = GAPS[word]
    return Gap(word, sentence, closes, book.cite(field or said))


@lru_cache(maxsize=4096)
def flag(word: str, book: RuleBook) -> Flag:
    """The flag, citing the field that it rests on."""
    field, sentence = (FLAGS | RECORD_FLAGS)[word]
    return Flag(word, sentence, book.cite(field))
