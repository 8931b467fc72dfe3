"""Lines beside the BHI family: the APCM base, CCM, TCM, and the co-management review of the ACCESS model.

None of them needs what a line of the BHI family needs.
"""

from billing.rules.amounts import amount
from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from billing.rules.findings import Line
from caseload.rules.clock import month_index

CCM = "99490"
TCM = ("99495", "99496")


def line(facts: MonthFacts, book: RuleBook, code: str, units: int, because: str, *fields: str) -> Line:
    """A line of a code that the book knows, citing the fields that set it."""
    return Line(
        code=code,
        units=units,
        label=book.codes[code].label,
        because=because,
        amount=amount(facts, book, code, units),
        citations=tuple([book.cite(field) for field in fields]),
    )


def base_lines(facts: MonthFacts, book: RuleBook, base: str | None) -> tuple[Line, ...]:
    """The APCM base, where this practitioner bills it."""
    if base is None:
        return ()
    return (line(facts, book, base, 1, "This practitioner bills APCM this month.", f"codes.{base}.since"),)


def other_lines(facts: MonthFacts, book: RuleBook, base: str | None) -> tuple[tuple[Line, ...], bool]:
    """CCM, TCM and co-management lines in order; and whether one was dropped beside the APCM base."""
    if not facts.other_services:
        return (), False
    care_management = (*_ccm(facts, book), *_tcm(facts, book))
    kept = tuple(one for one in care_management if base is None or one.code not in book.apcm_excludes)
    return (*kept, *_comanagement(facts, book)), len(kept) < len(care_management)


def _ccm(facts: MonthFacts, book: RuleBook) -> tuple[Line, ...]:
    services = [one for one in facts.other_services if one.by == "billing" and one.code == CCM]
    if not services:
        return ()
    known = [one.minutes for one in services if one.minutes is not None]
    minutes = max(known) if known else facts.time.ccm_seconds // 60
    needs = book.codes[CCM].full_minutes or 0
    if minutes < needs:
        return ()
    because = f"{minutes} minutes of CCM; {needs} are needed."
    return (line(facts, book, CCM, 1, because, f"codes.{CCM}.full_minutes"),)


def _tcm(facts: MonthFacts, book: RuleBook) -> tuple[Line, ...]:
    listed = {one.code for one in facts.other_services if one.by == "billing"}
    return tuple(
        line(facts, book, code, 1, "This practitioner bills transitional care this month.", f"codes.{code}.since")
        for code in TCM
        if code in listed
    )


def _comanagement(facts: MonthFacts, book: RuleBook) -> tuple[Line, ...]:
    """The co-management reviews listed, as far as the limit of the last twelve months leaves room."""
    access = book.access
    if access is None or facts.access is None or not facts.access.aligned:
        return ()
    code = access.comanagement_code
    listed = sum(one.by == "billing" and one.code == code for one in facts.other_services)
    units = min(listed, access.comanagement_limit - _billed_lately(facts, code, access.comanagement_months))
    if units <= 0:
        return ()
    because = f"Co-management review; at most {access.comanagement_limit} in {access.comanagement_months} months."
    return (line(facts, book, code, units, because, f"codes.{code}.since", "access.comanagement_limit"),)


def _billed_lately(facts: MonthFacts, code: str, months: int) -> int:
    this = month_index(facts.month)
    return sum(
        one.units
        for one in (*facts.billed_before, *facts.own_lines)
        if one.code == code and this - months < month_index(one.month) < this
    )
