"""More minutes never lower a month, under any family's books; and the two cases in which the record makes it so."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules.books import RuleBook
from billing.rules.books.library import library
from billing.rules.facts import MonthFacts, OtherService, Visit
from billing.rules.findings import Verdict
from billing.rules.verdicts import judge
from caseload.rules.minutes import Counted, MonthMinutes
from tests.rules.billing.test_properties import options

BOOKS = tuple(book for books in library().values() for book in books)
LENGTHS = st.sampled_from([1, 15, 16, 19, 20, 29, 30, 31, 35, 36, 59, 60, 61, 70, 71, 75, 76, 86, 90, 105, 106, 130])


@st.composite
def months(draw) -> tuple[RuleBook, MonthFacts]:
    """A month of any book from its first day on, without time yet."""
    book = draw(st.sampled_from(BOOKS))
    first = draw(st.sampled_from(days_of(book)))
    day = first.replace(day=5)
    before = (first - timedelta(days=1)).strftime("%Y-%m")
    is_hospital = draw(st.booleans())
    facts = MonthFacts(
        month=f"{first:%Y-%m}",
        enrolled_on=first - timedelta(days=60),
        program=draw(st.sampled_from(["cocm", "bhi"])),
        payer=book.family,
        options=draw(options),
        setting="hospital_outpatient" if is_hospital else draw(st.sampled_from(["office", "fqhc", "rhc"])),
        place_of_service=draw(st.sampled_from(["19", "22"])) if is_hospital else "11",
        conversion=draw(st.sampled_from(["standard", "qualifying"])),
        visits=draw(st.sampled_from([(Visit(first - timedelta(days=70), "99214"),)] * 3 + [()])),
        diagnoses=draw(st.sampled_from([("F32.1",)] * 3 + [()])),
        care_plans=(day,),
        scores=(day,),
        reviews=draw(st.sampled_from([(day,), (day,), ()])),
        other_services=draw(
            st.lists(
                st.builds(
                    OtherService,
                    code=st.sampled_from(["G0557", "99490", "99495", "99484"]),
                    by=st.sampled_from(["billing", "other"]),
                ),
                max_size=2,
            ).map(tuple)
        ),
        served_before=draw(st.sampled_from([(), (before,)])),
    )
    return book, facts


@cache
def days_of(book: RuleBook) -> tuple[date, ...]:
    """First days of months in which the book holds, one for each year."""
    books = library()[book.family]
    later = [other.effective for other in books if other.effective > book.effective]
    until = min(later, default=date(2027, 1, 1))
    firsts = {book.effective.replace(day=1), *(date(year, 1, 1) for year in range(2020, 2027))}
    return tuple(sorted(day for day in firsts if book.effective <= day < until))


def judged(book: RuleBook, facts: MonthFacts, cocm: int, bhi: int) -> Verdict:
    """The month with so many minutes of CoCM and of BHI besides."""
    day = date.fromisoformat(f"{facts.month}-05") if cocm + bhi else None
    time = Counted(cocm * 60, (cocm + bhi) * 60, day, engaged=bool(cocm + bhi))
    return judge(replace(facts, time=MonthMinutes(time, time, logged_seconds=(cocm + bhi) * 60)), book)


def place(verdict: Verdict) -> int:
    """How far down the order of candidates the one stands that bills; behind the last, where none does."""
    outcomes = [one.outcome for one in verdict.considered]
    return outcomes.index("bills") if "bills" in outcomes else len(outcomes)


def addons(verdict: Verdict) -> int:
    return sum(line.units for line in verdict.lines if line.code == "99494")


@settings(max_examples=150, deadline=None)
@given(months(), st.lists(st.tuples(st.booleans(), LENGTHS), min_size=2, max_size=5))
def test_minutes_on_a_day_that_already_counts_never_lower_a_month(month, worked):
    """By amount where both are known; else by the place among the candidates, and then by further units."""
    book, facts = month
    found, cocm, bhi = [], 0, 0
    for is_cocm, minutes in worked:
        cocm, bhi = cocm + minutes * is_cocm, bhi + minutes * (not is_cocm)
        found.append(judged(book, facts, cocm, bhi))
    for less, more in pairwise(found):
        assert place(more) <= place(less)
        assert place(more) < place(less) or addons(more) >= addons(less)
        if less.amount is not None and more.amount is not None:
            assert more.amount >= less.amount


@settings(max_examples=60, deadline=None)
@given(months(), LENGTHS, LENGTHS)
def test_other_lines_never_depend_on_the_programs_minutes(month, cocm, bhi):
    """CCM, TCM and the APCM base stand whatever the program's minutes are, as long as CCM's own stay."""
    book, facts = month
    beside = {"99490", "99495", "99496", *book.apcm_base_codes}
    none, some = judged(book, facts, 0, 0), judged(book, facts, cocm, bhi)
    assert {line for line in none.lines if line.code in beside} == {line for line in some.lines if line.code in beside}


BOOK = next(book for book in BOOKS if book.id == "medicare_ffs_2026")
ENROLLED = MonthFacts(
    month="2026-03",
    enrolled_on=date(2026, 3, 1),
    visits=(Visit(date(2026, 3, 10), "99214"),),
    diagnoses=("F32.1",),
    care_plans=(date(2026, 3, 1),),
    scores=(date(2026, 3, 1),),
    reviews=(date(2026, 3, 1),),
)


def with_time(facts: MonthFacts, minutes: int, *, first: int, ccm: int = 0) -> MonthFacts:
    time = Counted(minutes * 60, minutes * 60, date(2026, 3, first), engaged=True)
    return replace(
        facts, time=MonthMinutes(time, time, ccm_seconds=ccm * 60, logged_seconds=minutes * 60, ccm_logged_seconds=1200)
    )


def codes(facts: MonthFacts) -> list[str]:
    return [line.code for line in judge(facts, BOOK).lines]


@pytest.mark.parametrize(("minutes", "first", "expected"), [(40, 12, ["99492"]), (50, 5, [])])
def test_the_exception_of_an_earlier_first_day(minutes, first, expected):
    """The initiating visit is to come before the work. Minutes found on a day before the visit say that it did not,
    and take the month with them: the stories read it so (`to the month's first day with time that counts`).
    """
    assert codes(with_time(ENROLLED, minutes, first=first)) == expected


@pytest.mark.parametrize(("minutes", "ccm", "expected"), [(40, 20, ["99492", "99490"]), (45, 15, ["99492"])])
def test_the_exception_of_minutes_taken_from_chronic_care(minutes, ccm, expected):
    """CCM counts less BHI time: BHI minutes at the same clock time as CCM's may cost the other line its 20 minutes.
    One minute is never billed twice.
    """
    facts = replace(ENROLLED, other_services=(OtherService("99490"),), visits=(Visit(date(2026, 2, 10), "99214"),))
    assert codes(with_time(facts, minutes, first=12, ccm=ccm)) == expected
