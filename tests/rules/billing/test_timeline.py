"""The same month of work, year by year: every date on which the law of the land changed what it bills."""

from datetime import date, timedelta

import pytest

from billing.rules.books import book_in_force
from billing.rules.facts import AccessModel, EarlierLine, MonthFacts, OtherService, Visit
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day
from caseload.rules.minutes import Counted, MonthMinutes


def month(name: str, minutes: int, *, bhi_only: bool = False, first: bool = False, **said) -> MonthFacts:
    """A later month (or the first) with everything that any line needs."""
    begins = first_day(name)
    day = begins + timedelta(days=10)
    before = begins if first else begins - timedelta(days=20)
    counted = Counted(0 if bhi_only else minutes * 60, minutes * 60, day, engaged=True)
    return MonthFacts(
        month=name,
        enrolled_on=before,
        time=MonthMinutes(counted, counted, logged_seconds=minutes * 60),
        visits=(Visit(before, "99214"),),
        diagnoses=("F32.1",),
        care_plans=(before,),
        scores=(day,),
        reviews=(day,),
        own_served=() if first else (str(before)[:7],),
        **said,
    )


def lines(facts: MonthFacts) -> list[tuple[str, int]]:
    verdict = judge(facts, book_in_force(facts.payer, first_day(facts.month)))
    return [(line.code, line.units) for line in verdict.lines]


@pytest.mark.parametrize(
    ("name", "minutes", "expected"),
    [
        ("2020-01", 40, [("99493", 1)]),
        ("2020-12", 25, [("99484", 1)]),
        ("2021-01", 25, [("G2214", 1)]),
        ("2026-12", 25, [("G2214", 1)]),
        ("2026-12", 106, [("99493", 1), ("99494", 2)]),
    ],
)
def test_at_an_office(name, minutes, expected):
    assert lines(month(name, minutes)) == expected


@pytest.mark.parametrize("setting", ["fqhc", "rhc"])
@pytest.mark.parametrize(
    ("name", "minutes", "expected"),
    [
        ("2020-06", 59, [("G0511", 1)]),
        ("2020-06", 60, [("G0512", 1)]),
        ("2024-12", 40, [("G0511", 1)]),
        ("2024-12", 106, [("G0512", 1)]),
        ("2025-01", 40, [("99484", 1)]),
        ("2025-09", 40, [("99484", 1)]),
        ("2025-10", 40, [("99484", 1)]),
        ("2025-12", 60, [("G0512", 1)]),
        ("2026-01", 30, [("G2214", 1)]),
        ("2026-01", 31, [("99493", 1)]),
        ("2026-01", 106, [("99493", 1), ("99494", 2)]),
    ],
)
def test_at_a_health_center(name, minutes, expected, setting):
    assert lines(month(name, minutes, setting=setting)) == expected


@pytest.mark.parametrize(
    ("name", "minutes", "code"),
    [("2025-12", 69, "99484"), ("2025-12", 70, "G0512"), ("2026-01", 35, "G2214"), ("2026-01", 36, "99492")],
)
def test_the_first_month_at_a_health_center(name, minutes, code):
    assert lines(month(name, minutes, first=True, setting="fqhc")) == [(code, 1)]


@pytest.mark.parametrize(
    ("name", "minutes", "bhi_only", "expected"),
    [
        ("2024-12", 40, False, ["99493"]),
        ("2025-01", 40, False, ["G0557", "99493"]),
        ("2025-12", 40, False, ["G0557", "99493"]),
        ("2025-12", 25, True, ["G0557", "99484"]),
        ("2026-01", 40, False, ["G0557", "G0569"]),
        ("2026-01", 1, False, ["G0557", "G0569"]),
        ("2026-01", 1, True, ["G0557", "G0570"]),
    ],
)
def test_beside_advanced_primary_care(name, minutes, bhi_only, expected):
    facts = month(name, minutes, bhi_only=bhi_only, other_services=(OtherService("G0557"),))
    assert [code for code, _ in lines(facts)] == expected


@pytest.mark.parametrize(
    ("name", "is_participant", "expected", "gaps"),
    [
        ("2026-06", True, ["99493"], []),
        ("2026-07", True, [], ["access_participant"]),
        ("2026-06", False, ["99493"], []),
        ("2026-07", False, ["99493", "G0678"], []),
    ],
)
def test_in_the_access_model(name, is_participant, expected, gaps):
    facts = month(
        name,
        40,
        access=AccessModel(aligned=True, participant=is_participant),
        other_services=(OtherService("G0678"),),
    )
    verdict = judge(facts, book_in_force("medicare_ffs", first_day(name)))
    assert ([line.code for line in verdict.lines], [gap.word for gap in verdict.gaps]) == (expected, gaps)


@pytest.mark.parametrize(
    ("payer", "name", "minutes", "first", "expected", "gaps"),
    [
        ("nc_medicaid", "2022-02", 25, False, [("99484", 1)], []),
        ("nc_medicaid", "2022-03", 25, False, [("G2214", 1)], []),
        ("nc_medicaid", "2024-06", 200, False, [("99493", 1), ("99494", 2)], []),
        ("nc_medicaid", "2024-07", 200, False, [("99493", 1), ("99494", 4)], []),
        ("wi_medicaid", "2026-10", 30, False, [("99484", 1)], ["not_covered"]),
        ("tx_medicaid", "2026-10", 30, False, [("99484", 1)], ["not_covered"]),
        ("bcbs_nd", "2026-10", 31, False, [("99493", 1)], []),
        ("michigan", "2026-10", 29, False, [("99484", 1)], []),
        ("michigan", "2026-10", 30, False, [("G2214", 1)], []),
        ("regence", "2026-10", 16, False, [("G2214", 1)], []),
        ("medicare_advantage", "2026-10", 16, False, [("G2214", 1)], []),
        ("horizon", "2026-10", 36, True, [("99492", 1)], []),
        ("co_medicaid", "2026-10", 36, True, [("99492", 1)], []),
    ],
)
def test_by_payer(payer, name, minutes, first, expected, gaps):
    facts = month(name, minutes, first=first, payer=payer)
    verdict = judge(facts, book_in_force(payer, first_day(name)))
    assert [(line.code, line.units) for line in verdict.lines] == expected
    assert [gap.word for gap in verdict.gaps] == gaps


@pytest.mark.parametrize(
    ("payer", "name", "minutes", "first", "code"),
    [
        ("nc_medicaid", "2022-11", 60, True, "99492"),
        ("nc_medicaid", "2022-12", 59, True, "99484"),
        ("nc_medicaid", "2022-12", 60, True, "G0512"),
        ("nc_medicaid", "2026-10", 60, False, "G0512"),
        ("tx_medicaid", "2025-02", 60, False, "99493"),
        ("tx_medicaid", "2025-03", 60, False, "G0512"),
        ("tx_medicaid", "2026-10", 69, True, "99484"),
        ("tx_medicaid", "2026-10", 70, True, "G0512"),
        ("medicare_advantage", "2025-12", 60, False, "G0512"),
        ("medicare_advantage", "2026-01", 60, False, "99493"),
    ],
)
def test_health_centers_by_payer(payer, name, minutes, first, code):
    assert lines(month(name, minutes, first=first, payer=payer, setting="fqhc")) == [(code, 1)]


@pytest.mark.parametrize(
    ("payer", "billed_in", "code"),
    [
        ("michigan", "2026-01", "99493"),
        ("michigan", "2025-12", "99492"),
        ("commercial", "2026-01", "99492"),
    ],
)
def test_michigan_pays_an_initial_month_once_a_calendar_year(payer, billed_in, code):
    """After a break of six months, which elsewhere begins anew."""
    facts = month("2026-10", 40, first=True, payer=payer, billed_before=(EarlierLine(billed_in, "99492"),))
    assert lines(facts) == [(code, 1)]


def test_what_another_professional_bills_as_g0323_holds_ours():
    """It is not ours to bill: psychologists and social workers bill it under their own benefit."""
    facts = month("2026-10", 40, other_services=(OtherService("G0323", by="other"),))
    verdict = judge(facts, book_in_force("medicare_ffs", date(2026, 10, 1)))
    assert (verdict.lines, [gap.word for gap in verdict.gaps]) == ((), ["other_biller"])
    ours = month("2026-10", 40, other_services=(OtherService("G0323"),))
    assert lines(ours) == [("99493", 1)]
