"""Which family of rule books a payer follows until somebody says otherwise.

A guess from the name, and always shown as one: a verdict under it says that the payer's rules are not
confirmed.
"""

import re
from dataclasses import dataclass

from billing.rules.facts import OptionValue

MEDICARE = "medicare_ffs"
COMMERCIAL = "commercial"


@dataclass(frozen=True, slots=True)
class PayerRules:
    """A family of rule books and where the payer differs from it; `note` says on what that rests, where it is
    no more than a default.
    """

    family: str
    options: tuple[tuple[str, OptionValue], ...] = ()
    note: str = ""


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
