"""What surrounds every page: where one is, where one may go, and what is delayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest
from django.urls import reverse

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission
from bhi.accounts.queries import seats_of
from bhi.jobs.doorbell import is_silent
from bhi.tenancy.sight import sees_all

# Pages that belong to a place in the navigation without being its first page.
SECTIONS = {
    "single_sign_on": "people",
    "screen_lock": "people",
    "invitation_new": "people",
    "seat": "people",
    "person_sign_in": "people",
    "seat_access": "people",
    "seat_person": "people",
    "seat_credential": "people",
    "seat_credential_void": "people",
    "seat_leave": "people",
    "seat_return": "people",
    "end_work": "people",
    "access_review": "access_reviews",
    "access_review_sign": "access_reviews",
    "audit_seen": "audit",
    "audit_list": "audit",
    "audit_making": "audit",
    "attempt_new": "today",
    "claims_waiting": "today",
    "follow_up": "today",
    "snooze_new": "today",
    "patient_chart": "caseload",
    "letter_new": "caseload",
    "letter": "caseload",
    "letter_templates": "clinic_settings",
    "hand_over": "team",
    "covers": "team",
    "coordination": "caseload",
    "advice": "caseload",
    "inbox_decide": "inbox",
    "inbox_plan": "inbox",
    "advice_step": "caseload",
    "advice_paper": "caseload",
    "advice_link": "caseload",
    "advice_overdue": "team",
    "external_referral_new": "caseload",
    "external_referral": "caseload",
    "clinician_request_new": "caseload",
    "clinician_request": "caseload",
    "caseload_print": "caseload",
    "caseload_view_save": "caseload",
    "episode_status": "caseload",
    "discharge": "caseload",
    "reopen": "caseload",
    "hand_off_new": "caseload",
    "hand_off_seen": "caseload",
    "contact_new": "caseload",
    "contact": "caseload",
    "not_improving": "review_queue",
    "case_summary": "caseload",
    "summary_making": "caseload",
    "review_write": "caseload",
    "review": "caseload",
    "review_addendum": "caseload",
    "review_void": "caseload",
    "addendum_new": "caseload",
    "contact_co_sign": "caseload",
    "contact_void": "caseload",
    "enrolment": "caseload",
    "program": "caseload",
    "welcome_sheet": "caseload",
    "consent_new": "caseload",
    "consent_revoke": "caseload",
    "consent_void": "caseload",
    "visit_new": "caseload",
    "visit_void": "caseload",
    "diagnoses": "caseload",
    "diagnosis_search": "caseload",
    "diagnosis_add": "caseload",
    "diagnosis_confirm": "caseload",
    "diagnosis_end": "caseload",
    "enrol": "enrol_now",
    "enrol_again": "enrol_now",
    "patient_details": "caseload",
    "patient_edit": "caseload",
    **dict.fromkeys(("patient_insurance", "insurance_edit", "insurance_npi"), "current_month"),
    **dict.fromkeys(("authorization", "authorization_new", "authorization_remove"), "current_month"),
    "patient_alike": "duplicates",
    "patient_merge": "duplicates",
    **dict.fromkeys(("record_rights", "record_copy", "record_copy_new", "record_copy_give", "accounting"), "caseload"),
    **dict.fromkeys(("disclosure_new", "part_two_mark", "part_two_consent", "amendment_new"), "caseload"),
    **dict.fromkeys(("part_two_notice_paper", "part_two_notice_given", "part_two_consent_paper"), "caseload"),
    "accounting_making": "caseload",
    "amendment": "amendments",
    "restriction": "caseload",
    "restriction_end": "caseload",
    "emergency_look": "emergencies",
    "initial_assessment": "caseload",
    "initial_assessment_edit": "caseload",
    "initial_assessment_compare": "caseload",
    "care_plan": "caseload",
    "care_plan_edit": "caseload",
    "care_plan_compare": "caseload",
    "care_plan_print": "caseload",
    "care_plan_sign": "caseload",
    "safety_plan": "caseload",
    "safety_plan_edit": "caseload",
    "safety_plan_compare": "caseload",
    "safety_plan_print": "caseload",
    "assessments": "caseload",
    "assessment": "caseload",
    "assessment_new": "caseload",
    "assessment_replace": "caseload",
    "questionnaires": "caseload",
    "questionnaire": "caseload",
    "questionnaire_send": "caseload",
    "safety_notice": "safety_notices",
    "risk_case": "safety_notices",
    "risk_act": "safety_notices",
    "risk_cases": "safety_notices",
    "risk_drills": "safety_notices",
    "risk_drill": "safety_notices",
    "clinic_risk": "clinic_settings",
    "clinic_safety": "clinic_settings",
    "duty_add": "clinic_settings",
    "referral": "referrals",
    "referral_new": "referrals",
    "referral_step": "referrals",
    "waiting_list": "referrals",
    "time_settle": "held_times",
    "time_entry": "caseload",
    "time_new": "caseload",
    "patient_time": "caseload",
    "patient_time_month": "caseload",
    "group_time": "caseload",
    "timer": "caseload",
    "timers": "caseload",
    "timer_start": "caseload",
    "clinic_protocol": "clinic_settings",
    "clinic_site": "clinic_settings",
    "clinicians": "clinic_settings",
    "clinician": "clinic_settings",
    "clinician_new": "clinic_settings",
    "part_two_settings": "clinic_settings",
    "part_two_program_end": "clinic_settings",
    "work_protocol": "clinic_settings",
    "review_protocol": "clinic_settings",
    "signals": "caseload",
    "for_review": "caseload",
    "clinic_tools": "clinic_settings",
    "set_up_say": "set_up",
    "clinic_new": "set_up",
    "clinic_program": "set_up",
    "clinic_move": "set_up",
    "trainings": "set_up",
    "pilot_review": "set_up",
    "monthly_checks": "team",
    "monthly_check": "team",
    "settings_history": "clinic_settings",
    "model_fit": "set_up",
    "model_fit_advice": "set_up",
    "payer_checks": "payers",
    "consent_texts": "clinic_settings",
    "note_templates": "clinic_settings",
    "supervision": "clinic_settings",
    "review_slot": "review_queue",
    "review_slots": "review_queue",
    "session_tasks": "review_queue",
    "session_end": "review_queue",
    "session_live": "review_queue",
    "agenda_defer": "review_queue",
    "review_session_new": "review_queue",
    "review_session": "review_queue",
    "review_sessions": "review_queue",
    "review_patient": "review_queue",
    "month": "current_month",
    "month_row": "current_month",
    "month_close": "current_month",
    "months_close": "current_month",
    "late_changes": "current_month",
    "month_decide": "current_month",
    "month_decision_back": "current_month",
    "months_held": "current_month",
    "coverage_checks": "current_month",
    "current_coverage": "current_month",
    "release_settings": "clinic_settings",
    "patient_services": "caseload",
    "service_void": "caseload",
    "clinician_years": "payers",
    "payer": "payers",
    "payer_rules": "payers",
    "payer_withdraw": "payers",
    "filing_logo": "filing",
    "packet": "packets",
    "packet_verify": "packets",
    "filing_provider": "filing",
    "receiver_new": "filing",
    "receiver": "filing",
    "payer_route": "filing",
    "fees": "filing",
    "fee_back": "filing",
    "payer_fees": "filing",
    "payer_fee_new": "filing",
    "payer_fee_file": "filing",
    "payer_fee_back": "filing",
    "clinician_shares": "filing",
    "share_back": "filing",
    **dict.fromkeys(
        ("charges", "charges_post", "charge_post_back", "charges_print", "cms_sheet", "paper"), "current_charges"
    ),
    "charge_columns": "filing",
    "trial_open": "trial",
    "examples": "trial",
    "example": "trial",
    "practice_file": "practice_files",
    "practice_file_correct": "practice_files",
    "batch_new": "batches",
    "batch": "batches",
    "batch_resend": "batches",
    "filing_new": "batches",
    "claim": "claim_search",
    "claim_correct": "claim_search",
    "claim_void": "claim_search",
    "answer": "answer_files",
    "answers_unmatched": "answer_files",
    "answer_aside": "answer_files",
    "answer_claim_match": "answer_files",
    "answer_match": "answer_files",
    **dict.fromkeys(("denials_work", "denial"), "denials"),
    **dict.fromkeys(("money_left", "claims_lost"), "money"),
    **dict.fromkeys(("refunds", "refund_find", "refund_add", "refund", "refund_close"), "denials"),
    **dict.fromkeys(("look_back", "look_back_choose", "look_back_print"), "look_backs"),
    **dict.fromkeys(("import_run", "import_correct", "import_answer", "import_unenrolled", "import_follow"), "imports"),
    **dict.fromkeys(("import_mapping_save", "import_mappings", "import_mapping_rename"), "imports"),
    **dict.fromkeys(("measures", "measure", "measure_patients", "measure_making"), "outcomes"),
    "own_measure": "own_outcomes",
    "own_remission": "own_outcomes",
    **dict.fromkeys(("remission", "remission_calls"), "outcomes"),
    **dict.fromkeys(("capacity", "caseloads", "equity"), "outcomes"),
    "hours_making": "consultant_hours",
    **dict.fromkeys(("outcome_reports", "outcome_report_new", "report_preview", "outcome_report"), "outcomes"),
    **dict.fromkeys(("report_schedules", "measured_months", "measured_month", "further_edition"), "outcomes"),
    **dict.fromkeys(("outcome_settings", "outcome_targets", "work_shares", "consultant_rates"), "outcomes"),
    **dict.fromkeys(("payer_classes", "outcome_setting_back"), "outcomes"),
    **dict.fromkeys(("experience", "screening", "screening_waiting", "screening_files", "screening_file"), "outcomes"),
}

# Refused to seats that may not see every patient (bhi.web.whole_sight), so not offered to them.
NEEDS_WHOLE_SIGHT = frozenset({"imports", "practice_files"})
# Label, URL name, icon, the permission that shows it. The first four that a seat has are its bottom bar.
NAVIGATION: tuple[tuple[str, str, str, Permission], ...] = (
    ("Safety", "safety_notices", "shield-exclamation", Permission.HANDLE_SAFETY),
    ("Inbox", "inbox", "inbox", Permission.DECIDE_ADVICE),
    ("My patients", "my_patients", "users", Permission.DECIDE_ADVICE),
    ("Today", "today", "sun", Permission.LOG_CONTACT),
    ("Review", "review_queue", "chat-bubble-left-right", Permission.JOIN_REVIEW),
    ("Caseload", "caseload", "users", Permission.VIEW_CASELOAD),
    ("Referrals", "referrals", "inbox-arrow-down", Permission.REFER),
    ("Enrol now", "enrol_now", "user-plus", Permission.ENROL),
    ("Held time", "held_times", "pause-circle", Permission.LOG_CONTACT),
    ("To co-sign", "to_cosign", "pencil-square", Permission.CO_SIGN),
    ("Team", "team", "user-group", Permission.VIEW_TEAM),
    ("Month", "current_month", "calendar-days", Permission.VIEW_MONTHS),
    ("Import", "imports", "arrow-up-tray", Permission.IMPORT_CASELOAD),
    ("Outcomes", "outcomes", "chart-pie", Permission.VIEW_OUTCOMES),
    ("My outcomes", "own_outcomes", "chart-pie", Permission.VIEW_OWN_OUTCOMES),
    ("People", "people", "identification", Permission.MANAGE_PEOPLE),
    ("Audit", "audit", "eye", Permission.VIEW_AUDIT),
    ("Batches", "batches", "paper-airplane", Permission.MAKE_BATCH),
    ("Find a claim", "claim_search", "magnifying-glass", Permission.VIEW_CLAIMS),
    ("Charges", "current_charges", "banknotes", Permission.VIEW_CLAIMS),
    ("Answers", "answer_files", "document-check", Permission.TAKE_ANSWERS),
    ("Denials", "denials", "arrow-uturn-left", Permission.WORK_DENIALS),
    ("Packets", "packets", "finger-print", Permission.MAKE_PACKET),
    ("Money", "money", "currency-dollar", Permission.VIEW_MONEY),
    ("Analysis", "analysis", "chart-bar", Permission.VIEW_MONEY),
    ("Payers", "payers", "building-library", Permission.SET_PAYERS),
    ("Filing", "filing", "clipboard-document-check", Permission.SET_FILING),
    ("What would this bill?", "trial", "calculator", Permission.TRY_RULES),
    ("Practice file", "practice_files", "document-arrow-up", Permission.TAKE_PRACTICE_FILE),
    ("Look back", "look_backs", "scale", Permission.LOOK_BACK),
    ("Consultants’ hours", "consultant_hours", "clock", Permission.VIEW_CONSULTANT_HOURS),
    ("Duplicates", "duplicates", "document-duplicate", Permission.MERGE_PATIENTS),
    ("Requests to amend", "amendments", "document-text", Permission.EXPORT_RECORD),
    ("Emergency access", "emergencies", "exclamation-triangle", Permission.LOOK_AT_EMERGENCIES),
    ("Going live", "set_up", "rocket-launch", Permission.SET_UP),
    ("Settings", "clinic_settings", "cog-6-tooth", Permission.SET_PROTOCOLS),
    ("Access reviews", "access_reviews", "clipboard-document-list", Permission.SIGN_ACCESS),
)

# Entries that stand folded under one, where a seat has at least two of them; they follow one another above.
_CLAIMS, _SET_UP, _TOOLS = ("Claims", "paper-airplane"), ("Set-up", "clipboard-document-check"), ("Tools", "wrench")
GROUPS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("batches", "claim_search", "current_charges", "answer_files", "denials", "packets"), _CLAIMS),
    **dict.fromkeys(("payers", "filing"), _SET_UP),
    **dict.fromkeys(("trial", "practice_files", "look_backs", "consultant_hours"), _TOOLS),
}


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    is_current: bool
    group: str = ""


@dataclass(frozen=True)
class NavSection:
    """What stands folded under one label, or without a label the entries between."""

    label: str
    icon: str
    items: tuple[NavItem, ...]

    @property
    def is_current(self) -> bool:
        return any(item.is_current for item in self.items)


@dataclass(frozen=True)
class Place:
    name: str
    slug: str
    url: str


@dataclass(frozen=True)
class Frame:
    organization: Place | None
    person: str
    credential: str
    navigation: tuple[NavItem, ...]
    organizations: tuple[Place, ...]
    search_url: str
    outage: str

    @property
    def sections(self) -> tuple[NavSection, ...]:
        icons = dict(GROUPS.values())
        found = groupby(self.navigation, key=lambda item: item.group)
        return tuple(NavSection(label, icons.get(label, ""), tuple(items)) for label, items in found)


EMPTY = Frame(None, "", "", (), (), "", "")


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Context processor; one query, for the person's other organizations."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return {"frame": EMPTY}
    slug = membership.organization.slug
    may = permissions_here(membership)
    places = tuple(
        Place(seat.organization_name, seat.slug, reverse("enter", args=[seat.slug]))
        for seat in seats_of(request.user.pk)
    )
    here = (request.resolver_match.url_name if request.resolver_match else None) or ""
    current = SECTIONS.get(here, here)
    return {
        "frame": Frame(
            organization=Place(membership.organization.name, slug, reverse("enter", args=[slug])),
            person=membership.name,
            credential=membership.credential,
            navigation=_navigation(slug, may, current),
            organizations=places,
            search_url=reverse("patient_search", args=[slug]) if Permission.VIEW_CASELOAD in may else "",
            outage="Background work is delayed: the queue cannot be reached. What you save is safe."
            if is_silent()
            else "",
        )
    }


def _navigation(slug: str, may: Collection[Permission], current: str) -> tuple[NavItem, ...]:
    """What the seat may open, in order; a group of one is none."""
    kept: frozenset[str] = frozenset() if sees_all() else NEEDS_WHOLE_SIGHT
    mine = [entry for entry in NAVIGATION if entry[3] in may and entry[1] not in kept]
    sizes = Counter(GROUPS[name][0] for _, name, _, _ in mine if name in GROUPS)
    return tuple(
        NavItem(label, reverse(name, args=[slug]), icon, name == current, _group_of(name, sizes))
        for label, name, icon, _ in mine
    )


def _group_of(name: str, sizes: Mapping[str, int]) -> str:
    label = GROUPS[name][0] if name in GROUPS else ""
    return label if sizes.get(label, 0) > 1 else ""
