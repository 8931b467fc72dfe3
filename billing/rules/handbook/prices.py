"""What the codes of a book pay in the year in which it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.rules.books import RuleBook
from billing.rules.facts import STANDARD
from billing.rules.fees import Conversion, Schedule, schedules
from billing.rules.findings import Citation

NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Price:
    """One unit outside and inside a facility; None where nobody said."""

    nonfacility: Decimal | None
    facility: Decimal | None
    citation: Citation

    @property
    def words(self) -> str:
        """Both amounts in words."""
        return f"{dollars(self.nonfacility)} outside a facility, {dollars(self.facility)} inside"


def dollars(amount: Decimal | None) -> str:
    """An amount, or that it is not known."""
    return NOT_KNOWN if amount is None else f"${amount}"


def schedule_of(book: RuleBook) -> Schedule | None:
    """The national fee schedule of the book's family in the year in which the book begins."""
    year = book.effective.year
    return next((one for one in schedules() if one.year == year and book.family in one.families), None)


def factor_of(book: RuleBook) -> Conversion | None:
    """The conversion factor in force at the end of the book's year."""
    schedule = schedule_of(book)
    return None if schedule is None else schedule.conversions[-1]


def prices(book: RuleBook) -> Mapping[str, Price]:
    """What each code of the book pays in the book's first year, where it is known, by code."""
    year, schedule = book.effective.year, schedule_of(book)
    found = {}
    for code in book.codes:
        price = _of_schedule(schedule, code) or _of_book(book, year, code)
        if price is not None:
            found[code] = price
    return found


def _of_schedule(schedule: Schedule | None, code: str) -> Price | None:
    if schedule is None or code not in schedule.units:
        return None
    day = schedule.conversions[-1].from_on
    return Price(
        schedule.amount(code, day, STANDARD, facility=False),
        schedule.amount(code, day, STANDARD, facility=True),
        schedule.units[code].citation,
    )


def _of_book(book: RuleBook, year: int, code: str) -> Price | None:
    known = book.payment.get((year, code))
    if known is None:
        return None
    return Price(known.nonfacility, known.facility, book.cite(f"payment.{year}.{code}.nonfacility"))
