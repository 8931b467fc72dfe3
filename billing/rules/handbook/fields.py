"""Fields of rule books, their values and their sources in plain words."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from billing.rules.books import RuleBook
from billing.rules.books.options import OPTION_FIELD
from billing.rules.books.rulebook import CodeRule
from billing.rules.findings import Citation
from billing.rules.payer_options import BY_NAME, said

LABELS: Mapping[str, str] = {
    "requirements.one_family_a_month": "One service a month: CoCM or general BHI",
    "requirements.consent": "Only time after consent counts",
    "requirements.minutes": "Minutes are added up within the calendar month, and nothing carries over",
    "requirements.within_program": "Only time within the program counts",
    "requirements.care_plan": "A care plan by the month's end",
    "requirements.rating_scale": "A rating scale",
    "requirements.case_review": "For CoCM, a psychiatric review since enrolment",
    "requirements.engagement": "Somebody was engaged in the month",
    "requirements.visit_codes": "Visits that start services",
    "requirements.visit_within_years": "Years before enrolment from which such a visit serves",
    "requirements.diagnosis_prefixes": "Diagnoses begin with",
    "requirements.other_biller_codes": "Another practitioner's codes that hold the month",
    "runs.gap_months": "Full months without CoCM after which a first month comes again",
    "places.facility": "Places of service paid at the facility rate",
    "clinics.settings": "Settings with codes of their own",
    "clinics.cocm_code": "CoCM at an FQHC or RHC",
    "clinics.bhi_code": "General BHI at an FQHC or RHC",
    "apcm.base_codes": "APCM base codes",
    "apcm.excludes": "Dropped beside the same practitioner's APCM",
    "apcm.addons_need_base": "The APCM add-ons need the base by the same practitioner",
    "access.bars_participant": "A participant of the ACCESS model bills nothing else for its patients",
    "access.comanagement_code": "Co-management review of the ACCESS model",
    "access.comanagement_limit": "Most co-management reviews",
    "access.comanagement_months": "Within so many months",
    "notes.scope": "Scope",
    "notes.settings": "Settings",
    "notes.billers": "Who bills",
    "notes.attestation": "Attestation",
    "notes.authorization": "Authorization",
    "notes.authorization_after_months": "Months of treatment after which authorization is needed",
    "notes.cost_share": "Cost share",
}
CODE_LABELS: Mapping[str, str] = {
    "since": "in force since",
    "full_minutes": "full time",
    "midpoint_minutes": "enough by the midpoint rule",
    "later_full_minutes": "full time of later months",
}
USUAL = {"clinics.cocm_code": "the usual codes", "clinics.bhi_code": "99484"}


def label(path: str) -> str:
    """What a field outside `codes` and `payment` is called."""
    return BY_NAME[path.removeprefix(OPTION_FIELD)].label if path.startswith(OPTION_FIELD) else LABELS[path]


def value_words(path: str, value: Any) -> str:
    """A value of a field as people say it."""
    if path.startswith(OPTION_FIELD):
        return said(path.removeprefix(OPTION_FIELD), value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ", ".join(value) or "none"
    if isinstance(value, date):
        return value.isoformat()
    if value == "usual":
        return USUAL[path]
    return f"{value} minutes" if path.endswith("_minutes") else str(value)


def code_words(rule: CodeRule) -> str:
    """A code's label and the minutes that it takes."""
    return f"{rule.code} ({rule.label})"


def time_words(rule: CodeRule) -> str:
    """The minutes that a code takes."""
    if rule.full_minutes is None:
        return "no minutes of its own"
    if rule.later_full_minutes is not None:
        return f"{rule.full_minutes} minutes in the first month, {rule.later_full_minutes} in later ones"
    midpoint = f", {rule.midpoint_minutes} by the midpoint rule" if rule.midpoint_minutes else ""
    return f"{rule.full_minutes} minutes{midpoint}"


def sources_words(citations: Iterable[Citation]) -> str:
    """Who says it: the keys of the sources, and how sure it is where it was not read there."""
    cited = list(citations)
    keys = ", ".join(dict.fromkeys(source.key for one in cited for source in one.sources))
    doubts = dict.fromkeys(_evidence(one) for one in cited if one.evidence != "read")
    return "; ".join([keys, *doubts])


def _evidence(citation: Citation) -> str:
    return citation.evidence if citation.confidence is None else f"{citation.evidence}, {citation.confidence}"


def code_citations(book: RuleBook, code: str) -> list[Citation]:
    """All citations of a code's fields."""
    fields = (f"codes.{code}.{field}" for field in CODE_LABELS)
    return [book.cite(field) for field in fields if field in book.citations]


def plain_fields(book: RuleBook) -> list[str]:
    """The field paths of a book outside codes and payment, in the order in which they are told."""
    return [path for path in (*LABELS, *(f"{OPTION_FIELD}{name}" for name in BY_NAME)) if path in book.values]
