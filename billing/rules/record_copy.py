"""What a patient's copy of their record holds (45 CFR 164.524): which tables, under which names, and what stays out.

The names are those of the structured file, and stay: a new one is added, none is changed or taken away. A change of
meaning takes a new SCHEMA_VERSION. A test walks the models: each table that says something of a patient is in TABLES
or in LEFT_OUT, with the reason that the copy gives for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

SCHEMA: Final = "bhi-patient-record"
SCHEMA_VERSION: Final = "1.0"
# 45 CFR 164.524(b)(2): the copy is due thirty days after it was asked for.
DAYS_TO_ANSWER: Final = 30


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the record: `name` in the structured file, `title` on paper, `day` the field that a span goes by.

    Rows without a `day` are in every copy. `omit` are fields that say nothing of the patient, or are worked out.
    """

    label: str
    name: str
    title: str
    day: str = ""
    omit: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the copy on paper."""

    key: str
    title: str
    tables: tuple[Table, ...]


def _t(label: str, name: str, title: str, day: str = "", *omit: str) -> Table:
    return Table(label, name, title, day, frozenset(omit))


SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "person",
        "Who",
        (
            _t("registry.Patient", "person", "Person", "", "is_restricted", "sort_name"),
            _t("registry.RecordNumber", "record_numbers", "Other record numbers"),
            _t("registry.RelatedPerson", "related_people", "Related people"),
            _t("registry.Stay", "stays", "Stays in facilities", "from_on"),
            _t("registry.Appointment", "appointments", "Appointments", "on"),
            _t("registry.PatientMerge", "merged_records", "Records put together", "", "moved"),
        ),
    ),
    Section(
        "coverage",
        "Insurance",
        (
            _t("registry.Coverage", "coverage", "Insurance"),
            _t("registry.CoverageCheck", "coverage_checks", "Checks of insurance", "on"),
            _t("registry.PriorAuthorization", "prior_authorizations", "Prior authorizations", "from_on"),
        ),
    ),
    Section(
        "enrollment",
        "Referral and enrollment",
        (
            _t("registry.Referral", "referrals_in", "Referrals to this program", "referred_on"),
            _t("registry.ReferralAttempt", "referral_attempts", "Attempts to reach you", "at"),
            _t("registry.Episode", "enrollments", "Enrollments"),
            _t("registry.ProgramPeriod", "programs", "Programs", "from_on"),
            _t("registry.StatusChange", "status_changes", "Changes of status", "on"),
            _t("registry.HandOff", "hand_offs", "Hand-offs to other care", "sent_on"),
            _t("registry.ClosingNote", "closing_notes", "Closing notes", "on"),
        ),
    ),
    Section(
        "consents",
        "Consents and visits",
        (
            _t("registry.Consent", "consents", "Consents", "given_at"),
            _t("registry.InitiatingVisit", "visits", "Visits that began care", "on"),
            _t("registry.PartTwoMark", "part_two_records", "Records that 42 CFR part 2 covers"),
            _t("registry.PartTwoConsent", "part_two_consents", "Consents under 42 CFR part 2"),
            _t("registry.PartTwoNotice", "part_two_notices", "Notices of 42 CFR part 2 that were given", "given_on"),
        ),
    ),
    Section("diagnoses", "Diagnoses", (_t("registry.Diagnosis", "diagnoses", "Diagnoses"),)),
    Section(
        "scores",
        "Scores and questionnaires",
        (
            _t("registry.Assessment", "scores", "Scores with their answers", "on"),
            _t(
                *("registry.SelfReport", "questionnaires", "Questionnaires sent to you", "recorded_at"),
                *("token_sha256", "session_sha256", "wrong_birth_dates"),
            ),
        ),
    ),
    Section(
        "plans",
        "Assessments and plans",
        (
            _t("registry.InitialAssessment", "first_assessments", "First assessments", "on"),
            _t("registry.CarePlan", "care_plans", "Care plans", "on"),
            _t("registry.PlanSignOff", "care_plan_sign_offs", "Sign-offs of care plans", "on"),
            _t("registry.SafetyPlan", "safety_plans", "Safety plans", "on"),
            _t("registry.RelapsePlan", "relapse_plans", "Plans against relapse", "on"),
            _t("caseload.TreatmentChange", "treatment_changes", "Medication and treatment changes", "on"),
        ),
    ),
    Section(
        "contacts",
        "Contacts and notes",
        (
            _t("caseload.Contact", "contacts", "Contacts", "on"),
            _t("caseload.Addendum", "contact_additions", "Additions to notes", "recorded_at"),
            _t("caseload.CoSignature", "co_signatures", "Signatures beside notes", "recorded_at"),
            _t("caseload.FollowUp", "follow_ups", "What was planned next", "due_on"),
            _t("caseload.HandOver", "hand_overs", "Changes of care manager", "on"),
        ),
    ),
    Section("time", "Time", (_t("caseload.TimeEntry", "time_entries", "Time spent for you", "recorded_at"),)),
    Section(
        "reviews",
        "Psychiatric reviews and recommendations",
        (
            _t("caseload.ReviewQuestion", "review_questions", "Questions for the review", "asked_on"),
            _t("caseload.CaseReview", "reviews", "Reviews", "on"),
            _t("caseload.ReviewAddendum", "review_additions", "Additions to reviews", "recorded_at"),
            _t("caseload.Recommendation", "recommendations", "Recommendations", "recorded_at"),
            _t("caseload.RecommendationStep", "recommendation_steps", "What became of them", "on"),
            _t("caseload.ClinicianRequest", "clinician_questions", "Asked of your clinician", "asked_on"),
        ),
    ),
    Section("letters", "Letters", (_t("caseload.Letter", "letters", "Letters", "on"),)),
    Section(
        "referrals",
        "Referrals to other care",
        (_t("caseload.ExternalReferral", "referrals_out", "Referrals to other care", "sent_on"),),
    ),
    Section(
        "risk",
        "Safety",
        (
            _t("registry.SafetyNotice", "safety_notices", "Safety notices", "raised_at"),
            _t("registry.SafetyStep", "safety_steps", "Who was told", "at"),
            _t("registry.RiskCase", "safety_concerns", "Safety concerns", "opened_at"),
            _t("registry.RiskStep", "safety_concern_steps", "What was found and done", "at"),
        ),
    ),
    Section(
        "money",
        "Claims and payments",
        (
            _t(
                *("billing.Claim", "claims", "Claims", "service_on"),
                *("facts", "facts_sha256", "verdict", "book_sha256", "content"),
            ),
            _t("billing.ClaimLine", "claim_lines", "Lines of claims"),
            _t("billing.ClaimWithdrawal", "claim_withdrawals", "Claims taken back", "at"),
            _t("billing.Acknowledgement", "claim_answers", "Answers to claims", "said_on", "counts"),
            _t("billing.RemittanceClaim", "payments", "Payments"),
            _t("billing.RemittanceLine", "payment_lines", "Lines of payments"),
            _t("billing.Adjustment", "payment_adjustments", "What was not paid, and why"),
            _t("billing.Denial", "denials", "Denials", "found_on"),
            _t("billing.Refund", "refunds", "Refunds", "identified_on"),
            _t(
                *("billing.FrozenMonth", "billed_months", "Months as they were billed", "month"),
                *("facts", "facts_sha256", "verdict", "book_sha256", "supported", "release", "decision"),
            ),
            _t("billing.CoderDecision", "billing_decisions", "Decisions on what is billed", "month", "checks"),
            _t("billing.MonthException", "billing_questions", "Questions before billing", "month"),
            _t("billing.LateChange", "late_changes", "Changes after a month was billed", "at"),
            _t("billing.ChargePosted", "charges_posted", "Charges posted", "on"),
            _t("billing.PriorService", "earlier_services", "Services billed before", "month"),
            _t("billing.OtherService", "other_services", "Other services", "month"),
            _t("billing.AccessAlignment", "medicare_access", "Medicare ACCESS model"),
        ),
    ),
    Section(
        "rights",
        "Your rights in this record",
        (
            _t("registry.Disclosure", "disclosures", "Disclosures recorded", "on"),
            _t("registry.AmendmentRequest", "amendment_requests", "Requests to amend, with statements", ""),
            _t("registry.RecordWithholding", "withheld", "What copies leave out", "decided_on"),
            _t("registry.RecordExport", "copies", "Copies of this record", "asked_on"),
        ),
    ),
)

TABLES: Final[tuple[Table, ...]] = tuple(table for section in SECTIONS for table in section.tables)

_WORKED_OUT = "Worked out from other parts, which are in this copy."
_NOT_SIGNED = "A draft that nobody signed: it is no part of the record."
_HOUSEKEEPING = "Says how work is shared out among staff, and nothing that care or payment rests on."
_FILE = "Rows of a file as the practice uploaded it; what was taken over from it is in this copy."
LEFT_OUT: Final[Mapping[str, str]] = {
    "registry.NotTheSame": "Says that another person's record is not yours.",
    "registry.Restriction": "Says which staff may open the record.",
    "registry.EmergencyAccess": "Says which staff opened the record in an emergency: part of the audit.",
    "caseload.Timer": "A running clock; the time that came of it is in this copy.",
    "caseload.Snooze": _HOUSEKEEPING,
    "caseload.Draft": _NOT_SIGNED,
    "caseload.ReviewDraft": _NOT_SIGNED,
    "caseload.DecisionLink": "Keys of a link to a clinician; what the clinician decided is in this copy.",
    "caseload.SignalBegan": _WORKED_OUT,
    "caseload.AgendaItem": _HOUSEKEEPING,
    "caseload.OpenSpell": _HOUSEKEEPING,
    "caseload.EpisodeStanding": _WORKED_OUT,
    "billing.ServiceMonth": _WORKED_OUT,
    "billing.Packet": "A file made of what is in this copy.",
    "billing.PacketPart": "A file made of what is in this copy.",
    "billing.PracticeRow": _FILE,
    "billing.BilledLine": _FILE,
    **dict.fromkeys(("outcomes.MeasuredEpisode", "outcomes.MeasuredReferral", "outcomes.MeasuredAdvice"), _WORKED_OUT),
    "outcomes.ScreenedVisit": _FILE,
    "outcomes.ExperienceAsked": "What you said about the program is read without your name; no care rests on it.",
    "billing.MatchUndone": "Says how an answer of an insurer was filed; the answer is in this copy.",
}

# Fields that no table gives: who owns the row, keys of forms and links, and which files they are in.
NEVER: Final = frozenset({
    *("organization", "client_token", "import_id", "job_id", "pdf", "structured", "stored_file", "session"),
    *("file", "kept", "merged_into", "voided_by", "control_number_prefix", "practice_file", "client"),
})  # fmt: skip

# What a copy leaves out by law, and what this product does not hold. Both are said on its first page.
NOT_HELD: Final = (
    "Psychotherapy notes (45 CFR 164.501) are not part of this record: this product takes none.",
    (
        "Counseling notes of a substance use disorder program (42 CFR 2.11) are not part of this record: this product "
        "takes none."
    ),
    "Claims in files that were sent to try the way to an insurer are not in this copy: they asked for nothing.",
    "Who looked at the record is kept in the audit of the practice. Ask the practice for it.",
)

_LABELS: Final[Mapping[str, str]] = {
    "id": "Number of this entry",
    "mrn": "Record number",
    "on": "On",
    "at": "At",
    "by": "By",
    "recorded_at": "Recorded",
    "recorded_by": "Recorded by",
    "voided_at": "Taken back",
    "void_reason": "Taken back because",
    "item9": "Question about self-harm",
    "items": "Answers",
    "is_by_patient": "Answered by you",
    "seconds": "Seconds",
    "span": "From and to",
    "parts": "Details",
    "detail": "Details",
    "taken_by": "Taken by",
    "book": "Rules that it rests on",
    "is_part_two": "Covered by 42 CFR part 2",
    "months": "Months",
}


def label_of(name: str) -> str:
    """How a field is called on paper."""
    return _LABELS.get(name) or name.removeprefix("is_").replace("_", " ").capitalize()


def due_on(asked_on: date) -> date:
    """The last day on which the copy is in time (45 CFR 164.524(b)(2)(i))."""
    return asked_on + timedelta(days=DAYS_TO_ANSWER)


def faults_of_request(
    *, asked_on: date, asked_by: str, today: date, from_on: date | None, until_on: date | None
) -> dict[str, str]:
    """What cannot be kept of a request, each under its field's name."""
    found: dict[str, str] = {}
    if not asked_by.strip():
        found["asked_by"] = "Say who asked: the patient, or who asks for them and by what right."
    if asked_on > today:
        found["asked_on"] = "This day is still to come. Enter the day on which it was asked for."
    if from_on and until_on and until_on < from_on:
        found["until_on"] = "The last day is before the first. Change one of them."
    return found
