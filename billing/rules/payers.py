"""Which family of rule books a payer follows until somebody says otherwise.

A guess from the name, and always shown as one: a verdict under it says that the payer's rules are not
confirmed.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from billing.rules.books import book_in_force, has_book
from billing.rules.facts import OptionValue
from caseload.rules.clock import month_index, month_of

MEDICARE = "medicare_ffs"
ADVANTAGE = "medicare_advantage"
COMMERCIAL = "commercial"


@dataclass(frozen=True, slots=True)
class PayerRules:
    """A family of rule books and where the payer differs from it; `note` says on what that rests, where it is
    no more than a default.

    `attestation`, `authorization` and `cost_share` are what somebody wrote down of the payer; no verdict rests on
    them. `authorization_after_months` None: nothing is known to be authorized.
    """

    family: str
    options: tuple[tuple[str, OptionValue], ...] = ()
    note: str = ""
    attestation: str = ""
    authorization: str = ""
    authorization_after_months: int | None = None
    cost_share: str = ""


STATES = (
    ("nc_medicaid", r"(NC|NORTH CAROLINA)"),
    ("tx_medicaid", r"(TX|TEXAS)"),
    ("wi_medicaid", r"(WI|WISCONSIN)"),
    ("co_medicaid", r"COLORADO"),
)
NAMES = (
    *((family, rf"\b{state}\b.*\bMEDICAID\b|\bMEDICAID\b.*\b{state}\b") for family, state in STATES),
    ("wi_medicaid", r"\bFORWARD ?HEALTH\b"),
    ("co_medicaid", r"\bCO MEDICAID\b|\bHEALTH FIRST COLORADO\b"),
    (COMMERCIAL, r"\bMEDICAID\b"),
    ("bcbs_nd", r"\b(BCBS ?|BLUE CROSS\b.*\b)(ND|NORTH DAKOTA)\b"),
    ("michigan", r"\b(BCBSM|BCN|BLUE CARE NETWORK|PRIORITY HEALTH|HAP|HEALTH ALLIANCE PLAN)\b"),
    ("michigan", r"\b(BCBS|BLUE CROSS)\b.*\b(MI|MICHIGAN)\b"),
    ("horizon", r"\bHORIZON (BCBS|BLUE)"),
    ("regence", r"\bREGENCE\b"),
)
"""Which words of a payer's name point to which family, tried in order."""
PLANS = (
    r"\b(ADVANTAGE|MA|HMO|PPO|POS|PFFS|SNP|DSNP|DUAL|COMPLETE|PLUS|GOLD|AARP|AETNA|ANTHEM|BCBS\w*|BLUE|CIGNA|HUMANA|"
    r"KAISER|UHC|UNITED\w*|WELLCARE)\b"
)
"""Words beside "Medicare" that name a private plan: its prices and edits are not those of Original Medicare."""


@lru_cache(maxsize=4096)
def default_rules(payer_name: str, on: date = date.max) -> PayerRules:
    """The rules assumed on a day of a payer of which only the name is known; each note says that they are assumed.

    Original Medicare follows its own books, a Medicare Advantage plan the books made of them, a payer known by name
    its own. Everyone else, and whoever has no book yet on the day, gets the careful commercial one (billing-rules,
    section 6).
    """
    name = payer_name.upper()
    if re.search(r"\bMEDICARE\b", name) and not re.search(PLANS, name):
        return PayerRules(MEDICARE, note="Medicare rules, taken from the payer's name.")
    if re.search(r"\bMEDICARE\b", name):
        note = "Medicare rules assumed for this plan; its own edits are not confirmed."
        return _assumed(ADVANTAGE, on, note)
    family = next((family for family, words in NAMES if re.search(words, name)), COMMERCIAL)
    if family == COMMERCIAL or not has_book(family, on):
        return PayerRules(COMMERCIAL, note="Generic rules assumed; this payer's own rules are not confirmed.")
    return _assumed(family, on, "Rules assumed from the payer's name; nobody has confirmed them.")


def _assumed(family: str, on: date, note: str) -> PayerRules:
    """The family's rules, with what its book tells people."""
    book = book_in_force(family, on)
    return PayerRules(
        family,
        note=note,
        attestation=book.notes.get("attestation", ""),
        authorization=book.notes.get("authorization", ""),
        authorization_after_months=book.authorization_after_months,
        cost_share=book.notes.get("cost_share", ""),
    )


@lru_cache(maxsize=4096)
def with_book_notes(rules: PayerRules, on: date) -> PayerRules:
    """Rules that somebody set, with what their book of the day tells people where nobody wrote anything down."""
    if not has_book(rules.family, on):
        return rules
    book = book_in_force(rules.family, on)
    after = rules.authorization_after_months
    return replace(
        rules,
        attestation=rules.attestation or book.notes.get("attestation", ""),
        authorization=rules.authorization or book.notes.get("authorization", ""),
        authorization_after_months=book.authorization_after_months if after is None else after,
        cost_share=rules.cost_share or book.notes.get("cost_share", ""),
    )


def authorization_note(rules: PayerRules, enrolled_on: date, month: str) -> str:
    """What to say of a month that lies so long after enrolment that the payer wants to authorize it; else nothing.

    Months are calendar months from the one of enrolment, which is the first: after 12 months is from the 13th on.
    """
    after = rules.authorization_after_months
    treated = month_index(month) - month_index(month_of(enrolled_on))
    if after is None or treated < after:
        return ""
    said = f" {rules.authorization}" if rules.authorization else ""
    return f"Authorization is needed after {_months(after)}; enrolled {_months(treated)} ago.{said}"


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
