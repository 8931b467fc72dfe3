"""Who may do what, in one place.

A view states the one permission it needs (`@requires`). A view that states nothing answers 403 to everybody,
and a test walks the URL map for such views. Views of libraries are listed here by URL name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final, TypeVar

from bhi.tenancy.models import Role


class Permission(StrEnum):
    """A thing a seat may do. The value is what the access matrix and the audit print."""

    VIEW_CASELOAD = "view_caseload"
    VIEW_CHART = "view_chart"
    LOG_CONTACT = "log_contact"
    CO_SIGN = "co_sign"  # beside the notes of those whom one supervises
    IMPORT_CASELOAD = "import_caseload"
    EXPORT_CASELOAD = "export_caseload"
    REFER = "refer"
    MANAGE_REFERRALS = "manage_referrals"
    EDIT_PATIENT = "edit_patient"
    MERGE_PATIENTS = "merge_patients"
    ENROL = "enrol"  # consent, visit, diagnoses, program, status, discharge
    EDIT_PLAN = "edit_plan"
    SIGN_PLAN = "sign_plan"
    SEND_QUESTIONNAIRE = "send_questionnaire"
    HANDLE_SAFETY = "handle_safety"
    JOIN_REVIEW = "join_review"  # the queue, sessions and drafts of reviews
    SIGN_REVIEW = "sign_review"  # as the consultant
    SET_SLOTS = "set_slots"  # when reviews take place each week
    FOLLOW_UP_ADVICE = "follow_up_advice"  # send recommendations, record what became of them
    DECIDE_ADVICE = "decide_advice"  # as the treating clinician
    SET_PROTOCOLS = "set_protocols"
    VIEW_TEAM = "view_team"
    VIEW_MONTHS = "view_months"
    MAKE_BATCH = "make_batch"
    CLOSE_MONTH = "close_month"
    DECIDE_MONTH = "decide_month"  # as the coder: hold, release, bill lower, do not bill
    VIEW_MONEY = "view_money"  # amounts and what is at stake
    SET_PAYERS = "set_payers"  # by which rules payers pay, and how high
    SET_RELEASE = "set_release"  # what holds a month back
    RECORD_SERVICES = "record_services"  # other services, and whether coverage was checked
    TAKE_PRACTICE_FILE = "take_practice_file"  # charges and appointments from the practice's own system
    LOOK_BACK = "look_back"  # what was billed before, beside what is supported
    SET_FILING = "set_filing"  # who files claims, by whom, at which charge
    MEND_CLAIM_DATA = "mend_claim_data"  # name, address, insurance and NPI, as claims carry them
    VIEW_CLAIMS = "view_claims"  # what was asked, what came back
    TAKE_ANSWERS = "take_answers"  # acknowledgements and remittances
    WORK_DENIALS = "work_denials"  # denials, corrected claims, refunds
    MAKE_PACKET = "make_packet"  # the evidence of a month, as a PDF
    TRY_RULES = "try_rules"  # what would this bill?
    VIEW_AUDIT = "view_audit"
    MANAGE_PEOPLE = "manage_people"  # invitations, roles, clinics, credentials, leave, end of work
    SET_SIGN_IN = "set_sign_in"  # the organization's own identity provider
    SIGN_ACCESS = "sign_access"  # once a quarter: who may do what
    SET_UP = "set_up"  # the checklist of going live
    CHECK_PROGRAM = "check_program"  # the monthly check, signed
    VIEW_SETTINGS_HISTORY = "view_settings_history"
    OPEN_IN_EMERGENCY = "open_in_emergency"  # past the limits of a record, for an hour, looked at afterwards
    LOOK_AT_EMERGENCIES = "look_at_emergencies"
    RESTRICT_RECORD = "restrict_record"
    MARK_PART_TWO = "mark_part_two"  # 42 CFR part 2: mark, consent, revocation
    RECORD_DISCLOSURE = "record_disclosure"
    EXPORT_RECORD = "export_record"  # a copy for the patient; requests to amend
    VIEW_OUTCOMES = "view_outcomes"  # measures of the whole program, without names
    VIEW_OWN_OUTCOMES = "view_own_outcomes"  # measures of the caseload that one carries
    NAME_OUTCOMES = "name_outcomes"  # the patients behind a number
    SET_OUTCOMES = "set_outcomes"  # targets, what is masked, shares of work, payers' classes
    REPORT_OUTCOMES = "report_outcomes"  # reports for a board, a state or a payer; who is told of them
    TAKE_SCREENING = "take_screening"  # who was seen and screened in the practice
    ASK_EXPERIENCE = "ask_experience"  # send a patient the three questions
    VIEW_CONSULTANT_HOURS = "view_consultant_hours"  # hours and patients of each consultant, as an invoice sheet
    VIEW_JOB = "view_job"
    ENTER = "enter"  # any seat of the organization


_EVERYONE = frozenset({Permission.ENTER, Permission.VIEW_JOB})
_CLINICAL = _EVERYONE | {
    *(Permission.VIEW_CASELOAD, Permission.VIEW_CHART, Permission.HANDLE_SAFETY, Permission.OPEN_IN_EMERGENCY)
}
# What running the registry takes, by whoever runs it.
_REGISTRY = frozenset({
    *(Permission.LOG_CONTACT, Permission.CO_SIGN, Permission.IMPORT_CASELOAD, Permission.EXPORT_CASELOAD),
    *(Permission.REFER, Permission.MANAGE_REFERRALS, Permission.EDIT_PATIENT, Permission.MERGE_PATIENTS),
    *(Permission.ENROL, Permission.EDIT_PLAN, Permission.SIGN_PLAN, Permission.SEND_QUESTIONNAIRE),
    *(Permission.JOIN_REVIEW, Permission.FOLLOW_UP_ADVICE),
    *(Permission.RECORD_SERVICES, Permission.TRY_RULES, Permission.MEND_CLAIM_DATA),
    *(Permission.MARK_PART_TWO, Permission.RECORD_DISCLOSURE, Permission.EXPORT_RECORD),
})  # fmt: skip

# What billing a month takes, by whoever answers for it.
_MONTHS = frozenset({
    *(Permission.VIEW_MONTHS, Permission.CLOSE_MONTH, Permission.DECIDE_MONTH, Permission.VIEW_MONEY),
    *(Permission.SET_PAYERS, Permission.RECORD_SERVICES, Permission.TAKE_PRACTICE_FILE),
    *(Permission.LOOK_BACK, Permission.TRY_RULES, Permission.SET_FILING, Permission.VIEW_CLAIMS),
    *(Permission.TAKE_ANSWERS, Permission.WORK_DENIALS, Permission.MAKE_PACKET, Permission.MEND_CLAIM_DATA),
})  # fmt: skip

# What showing that the program works takes; names are apart.
_OUTCOMES = frozenset({
    *(Permission.VIEW_OUTCOMES, Permission.SET_OUTCOMES, Permission.REPORT_OUTCOMES, Permission.TAKE_SCREENING),
    Permission.VIEW_CONSULTANT_HOURS,
})  # fmt: skip

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.CARE_MANAGER: _CLINICAL
    | _REGISTRY
    | {Permission.VIEW_OWN_OUTCOMES, Permission.NAME_OUTCOMES, Permission.ASK_EXPERIENCE},
    Role.PSYCHIATRIC_CONSULTANT: _CLINICAL
    | {Permission.CO_SIGN, Permission.JOIN_REVIEW, Permission.SIGN_REVIEW, Permission.SET_SLOTS},
    Role.TREATING_CLINICIAN: _CLINICAL | {Permission.REFER, Permission.SIGN_PLAN, Permission.DECIDE_ADVICE},
    # Billing sees minutes, codes and dates, never note text or answers (45 CFR 164.502(b), minimum necessary).
    Role.BILLING: _EVERYONE | _MONTHS | {Permission.MAKE_BATCH, Permission.VIEW_CONSULTANT_HOURS},
    Role.CLINIC_LEAD: _CLINICAL
    | _REGISTRY
    | _MONTHS
    | _OUTCOMES
    | {Permission.NAME_OUTCOMES, Permission.ASK_EXPERIENCE}
    | {Permission.SET_PROTOCOLS, Permission.VIEW_TEAM, Permission.SET_SLOTS, Permission.SET_RELEASE}
    | {Permission.SIGN_ACCESS, Permission.SET_UP, Permission.CHECK_PROGRAM, Permission.VIEW_SETTINGS_HISTORY}
    | {Permission.LOOK_AT_EMERGENCIES, Permission.RESTRICT_RECORD},
    Role.ADMIN: _EVERYONE
    | _OUTCOMES
    | {Permission.IMPORT_CASELOAD, Permission.VIEW_AUDIT, Permission.SET_PROTOCOLS, Permission.SET_SLOTS}
    | {Permission.VIEW_MONEY, Permission.SET_PAYERS, Permission.SET_RELEASE, Permission.TAKE_PRACTICE_FILE}
    | {Permission.LOOK_BACK, Permission.TRY_RULES, Permission.SET_FILING}
    | {Permission.MANAGE_PEOPLE, Permission.SET_SIGN_IN, Permission.SET_UP, Permission.VIEW_SETTINGS_HISTORY},
}

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed_in"
PLATFORM: Final = "platform"  # who makes organizations, and sees none from inside

# Views that are not ours, by URL name. What allauth has besides these is not in the URL map (bhi.accounts.urls).
LIBRARY_VIEWS: Final[dict[str, str]] = {
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_signup": PUBLIC,  # closed by the adapter: says so
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_reauthenticate": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "mfa_authenticate": PUBLIC,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_login_webauthn": PUBLIC,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
}

View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare the permission that a view of an organization needs."""
    return _declare(permission)


def public(view: View) -> View:
    """A view for anybody: sign-in, health."""
    return _declare(PUBLIC)(view)


def signed_in(view: View) -> View:
    """A view of the person, outside any organization."""
    return _declare(SIGNED_IN)(view)


def platform_staff(view: View) -> View:
    """A view of platform staff, outside any organization."""
    return _declare(PLATFORM)(view)


def declared(view: Callable[..., Any], url_name: str | None) -> str | None:
    """What a view declares: a permission, `public`, `signed_in`, `platform`, or None, which nobody passes."""
    own: str | None = getattr(view, "access", None)
    if own is None and view.__module__.startswith("allauth."):
        return LIBRARY_VIEWS.get(url_name or "")
    return own


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Everything that a seat with these roles may do."""
    return frozenset().union(*(GRANTS[Role(role)] for role in roles))


def _declare(access: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark
