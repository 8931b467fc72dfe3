"""National payment amounts. What nobody said of the year and place of service stays unknown."""

from decimal import Decimal

from billing.rules.books import RuleBook
from billing.rules.candidates import is_facility
from billing.rules.facts import MonthFacts
from billing.rules.fees import national_amount
from caseload.rules.clock import last_day


def amount(facts: MonthFacts, book: RuleBook, code: str, units: int) -> Decimal | None:
    """The national amount of so many units in the month's year and place of service, or None where unknown.

    Of a family with a national fee schedule, its units times the factor of the month's last day, where claims are
    dated, as the billing clinician is paid; else what the payer's own book says.
    """
    facility = is_facility(facts, book)
    each = national_amount(book.family, code, last_day(facts.month), facts.conversion, facility=facility)
    if each is None:
        each = _of_the_book(facts, book, code, facility=facility)
    return None if each is None else each * units


def _of_the_book(facts: MonthFacts, book: RuleBook, code: str, *, facility: bool) -> Decimal | None:
    payment = book.payment.get((int(facts.month[:4]), code))
    if payment is None:
        return None
    return payment.facility if facility else payment.nonfacility
