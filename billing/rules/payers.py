"""Which family of rule books a payer follows until somebody says otherwise.

A guess from the name, and always shown as one: a verdict under it says that the payer's rules are not
confirmed.
"""

import re
from dataclasses import dataclass
from datetime import date

from billing.rules.facts import OptionValue
from caseload.rules.clock import month_index, month_of

MEDICARE = "medicare_ffs"
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


def default_rules(payer_name: str) -> PayerRules:
    """The rules assumed of a payer of which only the name is known.

    Original Medicare follows its own books. Medicare Advantage covers what Medicare covers but may differ in
    edits and prior authorization; everyone else gets the careful commercial book (billing-rules, section 6).
    """
    name = payer_name.upper()
    if re.search(r"\bMEDICARE\b", name) and not re.search(r"\b(ADVANTAGE|MA|HMO|PPO)\b", name):
        return PayerRules(MEDICARE, note="Medicare rules, taken from the payer's name.")
    if re.search(r"\bMEDICARE\b", name):
        return PayerRules(MEDICARE, note="Medicare rules assumed for this plan; its own edits are not confirmed.")
    return PayerRules(COMMERCIAL, note="Generic rules assumed; this payer's own rules are not confirmed.")


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
