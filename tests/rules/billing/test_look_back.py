"""What comparing a billed month with its records shows: every finding, reversals, sums and sentences."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.findings import Citation, Considered, Gap, Line
from billing.rules.look_back import (
    OURS,
    Billed,
    Compared,
    Finding,
    Support,
    compare,
    months_after,
    netted,
)
from billing.rules.look_back_words import ANY_TIME, NOTHING_ENTERED, why, would_change

CITED = Citation("medicare_ffs_2026", "codes.99493.since", (), "read")
FEBRUARY_28 = date(2026, 2, 28)
AS_OF = date(2026, 4, 3)
PRICES = {
    "99492": Decimal("160.32"),
    "99493": Decimal("144.96"),
    "99494": Decimal("61.46"),
    "G2214": Decimal("60.79"),
    "99484": Decimal("57.45"),
    "G0569": Decimal("144.96"),
}
CODES = OURS - {"G0511", "G0512"}
SHORT = Gap("minutes_short", "The time that counts does not reach any code.", "More time.", CITED)
NO_CONSENT = Gap("consent_missing", "No consent was in force.", "Record it.", CITED)


def line(code: str, units: int = 1) -> Line:
    return Line(code, units, code, "", None, (CITED,))


def support(*lines: Line, **fields: Any) -> Support:
    known: dict[str, Any] = {"minutes": 40, "prices": PRICES, "codes": CODES, "is_open": True}
    return Support(FEBRUARY_28, lines, **{**known, **fields})


def billed(code: str, units: int = 1, paid: str | None = "100.00", on: date = FEBRUARY_28) -> Billed:
    return Billed(on, code, units, None if paid is None else Decimal(paid))


def found(*lines: Billed, by: Support, as_of: date = AS_OF, filing_months: int = 12) -> Compared | None:
    return compare(lines, by, filing_months=filing_months, as_of=as_of)


REVERSED = (billed("99493"), billed("99493", -1, "-100.00"))
TWO_BASE_CODES = (
    "More than one base code was billed; a month has one. If two rows are payments of one claim, keep one of them in "
    "the file."
)
LATER = support(line("99493"), line("99494", 2))


@pytest.mark.parametrize(
    ("lines", "by", "finding", "also", "difference"),
    [
        ((billed("99493"), billed("99494", 2)), LATER, "as_billed", (), "0.00"),
        ((billed("99494", 2), billed("99493")), LATER, "as_billed", (), "0.00"),
        ((billed("99493"),), support(gaps=(SHORT,)), "unsupported", (), "-144.96"),
        ((billed("99493", 2),), support(), "unsupported", ("twice",), "-289.92"),
        ((billed("99492"),), support(line("99493")), "higher", (), "-15.36"),
        ((billed("99493"), billed("99494", 3)), LATER, "higher", (), "-61.46"),
        ((billed("99493"),), LATER, "lower", (), "122.92"),
        ((billed("G2214"),), LATER, "lower", (), "207.09"),
        ((billed("99484"),), support(line("G2214")), "lower", (), "3.34"),
        ((billed("G0569"),), support(line("99493")), "other_code", (), "0.00"),
        ((billed("99493"), billed("99493")), support(line("99493")), "twice", (), "-144.96"),
        ((billed("99492"), billed("99493")), support(line("99493")), "twice", (), "-160.32"),
        ((billed("99484", 2),), support(line("99484")), "twice", (), "-57.45"),
        ((billed("99493"), billed("99484")), support(line("99493")), "two_families", (), "-57.45"),
        (
            (billed("99493", 2), billed("99484"), billed("G0512")),
            support(line("99493")),
            "two_families",
            ("twice", "not_in_force"),
            None,
        ),
        ((billed("G0512"),), support(line("99493")), "not_in_force", (), None),
        ((billed("99493"),), support(line("99493"), codes=None), "no_rules", (), "0.00"),
        ((), support(line("99493")), "missed", (), "144.96"),
        ((billed("99214"),), support(line("99493"), line("99490")), "missed", (), "144.96"),
        (REVERSED, support(line("99493")), "missed", ("taken_back",), "144.96"),
        (REVERSED, support(), "taken_back", (), "0"),
        (REVERSED, support(line("99493"), is_open=False), "taken_back", (), "144.96"),
    ],
)  # fmt: skip
def test_what_a_month_shows(
    lines: tuple[Billed, ...], by: Support, finding: str, also: tuple[str, ...], difference: str | None
):
    compared = found(*lines, by=by)
    assert compared is not None
    assert (compared.finding, compared.also) == (finding, also)
    assert compared.difference == (None if difference is None else Decimal(difference))


@pytest.mark.parametrize(
    ("lines", "by"),
    [
        ((), support()),
        ((billed("99214"), billed("90834")), support()),
        ((), support(line("99493"), is_open=False)),
        ((), support(line("99490"))),
    ],
)
def test_months_that_show_nothing(lines: tuple[Billed, ...], by: Support):
    assert found(*lines, by=by) is None


@pytest.mark.parametrize(
    ("as_of", "filing_months", "finding", "until"),
    [
        (date(2027, 2, 28), 12, "missed", date(2027, 2, 28)),
        (date(2027, 3, 1), 12, "missed_past", None),
        (date(2026, 5, 28), 3, "missed", date(2026, 5, 28)),
        (date(2026, 5, 29), 3, "missed_past", None),
    ],
)
def test_how_long_a_missed_month_can_be_filed(as_of: date, filing_months: int, finding: str, until: date | None):
    compared = found(by=support(line("99493")), as_of=as_of, filing_months=filing_months)
    assert compared is not None
    assert (compared.finding, compared.until) == (finding, until)


@pytest.mark.parametrize(("as_of", "until"), [(AS_OF, date(2027, 2, 28)), (date(2027, 3, 1), None)])
def test_until_when_a_month_billed_too_low_can_be_corrected(as_of: date, until: date | None):
    compared = found(billed("99493"), by=LATER, as_of=as_of)
    assert compared is not None
    assert (compared.finding, compared.until) == ("lower", until)


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 2, 28), 12, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
    ],
)
def test_the_same_day_months_later(day: date, count: int, then: date):
    assert months_after(day, count) == then


@pytest.mark.parametrize(
    ("lines", "units", "paid"),
    [
        ([billed("99493")], 1, "100.00"),
        ([billed("99493", 1, "100"), billed("99493", -1, "-100")], 0, "0"),
        ([billed("99493", 1, "-100"), billed("99493", 1, "100")], 0, "0"),
        ([billed("99493", 1, "-100"), billed("99493", 1, "100"), billed("99493", 1, "120")], 1, "120"),
        ([billed("99493", 1, "100"), billed("99493", 1, "-20")], 1, "80"),
        ([billed("99493", 1, "100"), billed("99493", 0, "-20")], 1, "80"),
        ([billed("99493", 1, "-100")], 0, "-100"),
        ([billed("99493", 1, "100"), billed("99493", 1, "-100"), billed("99493", 1, "-100")], 0, "-100"),
        ([billed("99493", 1, "0"), billed("99493", 1, "100")], 1, "100"),
        ([billed("99493", 1, "0"), billed("99493", 1, None)], 1, None),
        ([billed("99493", 1, "0")], 1, "0"),
        ([billed("99493", 1, None), billed("99493", 1, "100")], 2, None),
    ],
)
def test_what_stands_after_reversals_and_denials(lines: list[Billed], units: int, paid: str | None):
    (net,) = netted(lines).values()
    assert (net.units, net.paid) == (units, None if paid is None else Decimal(paid))


def test_what_was_paid_is_the_sum_of_our_lines_or_not_known():
    both = found(billed("99493", 1, "115.97"), billed("99494", 2, "98.34"), billed("99214", 1, "88"), by=LATER)
    assert both is not None
    assert both.paid == Decimal("214.31")
    unknown = found(billed("99493", 1, None), billed("99494", 2, "98.34"), by=LATER)
    assert unknown is not None
    assert unknown.paid is None


@pytest.mark.parametrize(
    ("lines", "supported", "finding"),
    [
        ((billed("99492"),), (line("99493"),), "higher"),
        ((billed("99493"),), (line("99492"),), "lower"),
        ((billed("99493"), billed("99494")), (line("99493"),), "higher"),
        ((billed("99493"),), (line("99493"), line("99494")), "lower"),
        ((billed("99484"),), (line("G2214"),), "lower"),
        ((billed("G0569"),), (line("99493"),), "other_code"),
        ((billed("99494", 2),), (line("99484"),), "lower"),
    ],
)
def test_without_amounts_the_base_code_decides_and_then_the_add_ons(
    lines: tuple[Billed, ...], supported: tuple[Line, ...], finding: str
):
    compared = found(*lines, by=support(*supported, prices={}))
    assert compared is not None
    assert (compared.finding, compared.difference) == (finding, None)


@pytest.mark.parametrize(
    ("code", "on", "is_found"),
    [
        ("G0512", date(2025, 12, 31), False),
        ("G0512", date(2026, 1, 1), True),
        ("G0511", date(2025, 9, 30), False),
        ("G0511", date(2025, 10, 1), True),
    ],
)
def test_codes_that_ended(code: str, on: date, *, is_found: bool):
    by = replace(support(line(code)), claim_on=on, codes=OURS)
    compared = found(billed(code, on=on), by=by, as_of=date(2026, 4, 3))
    assert compared is not None
    assert (compared.finding is Finding.NOT_IN_FORCE) == is_found


def test_a_payer_that_goes_on_with_a_code_is_believed():
    """NC and Texas Medicaid keep G0512 of health centers after Medicare ended it."""
    by = replace(support(line("G0512")), codes=OURS, clinic_codes=frozenset({"G0512"}))
    assert getattr(found(billed("G0512"), by=by), "finding", None) is Finding.AS_BILLED


CONSIDERED = (
    Considered("99492", "", 36, 32, (), "not_reached"),
    Considered("G2214", "", 16, 32, (), "bills"),
    Considered("99484", "", 20, 32, (), "not_needed"),
)


@pytest.mark.parametrize(
    ("lines", "by", "sentences", "papers"),
    [
        ((billed("99493"),), support(), (NOTHING_ENTERED,), (ANY_TIME,)),
        (
            (billed("99493"),),
            support(gaps=(NO_CONSENT,), considered=CONSIDERED),
            ("No consent was in force.",),
            ("a consent with the day on which it was given, before the work",),
        ),
        (
            (billed("99492"),),
            support(line("G2214"), considered=CONSIDERED, minutes=32),
            ("99492 needs 36 minutes; 32 count.",),
            (ANY_TIME,),
        ),
        (
            (billed("99492"),),
            support(line("99493"), considered=(Considered("99493", "", 31, 40, (), "bills"),)),
            ("99492 does not describe this month; 99493 does.",),
            (),
        ),
        (
            (billed("99493"), billed("99494", 3)),
            support(line("99493"), line("99494", 2), minutes=118),
            ("118 minutes count, which carry 2 of 3 units of 99494.",),
            (ANY_TIME,),
        ),
        (
            (billed("99493"), billed("99484")),
            LATER,
            ("Collaborative care and general BHI were both billed; a month bills one of the two.",),
            (),
        ),
        (
            (billed("99493", 2),),
            LATER,
            (TWO_BASE_CODES,),
            (),
        ),
        ((billed("99494"), billed("G0512")), LATER, ("G0512 is not among the payer's codes on Feb 28, 2026.",), ()),
        (
            (billed("99493"),),
            support(codes=None),
            ("No rules of the payer are on record for this month, so nothing can be said.",),
            (),
        ),
        (
            (billed("99493"), billed("99493", -1)),
            support(line("99493")),
            ("It was billed and taken back again in the file.",),
            (),
        ),
        ((billed("99493"),), support(line("99493"), gaps=(SHORT,)), (), ()),
    ],
)
def test_why_and_what_would_change_it(
    lines: tuple[Billed, ...], by: Support, sentences: tuple[str, ...], papers: tuple[str, ...]
):
    compared = found(*lines, by=by)
    assert compared is not None
    assert (why(compared, by), would_change(compared, by)) == (sentences, papers)
