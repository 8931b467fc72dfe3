"""National payment amounts. What no book knows for the year of service stays unknown."""

from decimal import Decimal

from billing.rules.books import RuleBook
from billing.rules.candidates import is_facility
from billing.rules.facts import MonthFacts


def amount(facts: MonthFacts, book: RuleBook, code: str, units: int) -> Decimal | None:
    """The national amount of so many units in the month's year and place of service, or None where
    unknown.
    """
    payment = book.payment.get((int(facts.month[:4]), code))
    if payment is None:
        return None
    each = payment.facility if is_facility(facts, book) else payment.nonfacility
    return None if each is None else each * units
