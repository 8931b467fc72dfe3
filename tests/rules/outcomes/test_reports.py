"""What reports hold, from numbers: order, past, targets, what is hidden, and that equal content has equal bytes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from outcomes.rules.figures import NOT_SHOWN, Beside, counts_of, figures, told_elsewhere
from outcomes.rules.measure import Kind
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.numbers import Number, Tally, number_from
from outcomes.rules.report_files import HEADER, fingerprint_of_content, report_csv
from outcomes.rules.reports import (
    BOARD,
    PAYER,
    STATE,
    Counted,
    Heading,
    ReportContent,
    clinic_keys,
    keys_of,
    past_months,
    report_content,
    trend_months,
)
from outcomes.rules.screening import SCREENED, YIELD, Share

OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
NORTH, SOUTH = UUID(int=1), UUID(int=2)


def share(key: str, met: int, of: int) -> Number:
    return number_from(measure(key), Tally(of, of, met))


def count(key: str, of: int) -> Number:
    return number_from(measure(key), Tally(of, of))


def heading(**fields: Any) -> Heading:
    usual: dict[str, Any] = {
        "kind": BOARD,
        "organization": "Lakeside",
        "scope": "",
        "month": OCTOBER,
        "edition": 2,
        "because": "A score was missing.",
        "is_final": True,
        "definitions": "2026-01",
        "facts": "f" * 64,
        "mask_under": 11,
    }
    return Heading(**(usual | fields))


def board(**fields: Any) -> ReportContent:
    now = {"enrolled": count("enrolled", 60), "contact_and_score": share("contact_and_score", 48, 60)}
    before = {"enrolled": count("enrolled", 9), "contact_and_score": share("contact_and_score", 3, 9)}
    counted = Counted(
        by_month={SEPTEMBER: before, OCTOBER: now},
        by_clinic={
            NORTH: {"enrolled": count("enrolled", 30), "contact_and_score": share("contact_and_score", 24, 30)},
            SOUTH: {"enrolled": count("enrolled", 30), "contact_and_score": share("contact_and_score", 24, 30)},
        },
        clinic_names={NORTH: "North", SOUTH: "=South"},
        targets={"contact_and_score": Decimal("79.96")},
    )
    keys = ["enrolled", "contact_and_score"]
    return report_content(heading(**fields), {SEPTEMBER: 1, OCTOBER: 2}, counted, keys=keys, by_clinic=keys)


def test_a_board_report_says_now_before_and_whether_targets_are_met() -> None:
    content = board()
    enrolled, contact = content.lines
    assert (enrolled.now.text, enrolled.target_words, enrolled.is_met) == ("60", "", None)
    assert (contact.now.text, contact.target_words, contact.is_met) == ("48 of 60, 80.0 %", "at least 79.96 %", True)
    assert [figure and figure.text for figure in contact.past] == [NOT_SHOWN, None]
    assert [one and (one.month, one.edition) for one in content.past] == [(SEPTEMBER, 1), None]
    assert [section.title for section in content.sections] == ["Who comes, and who stays"]
    assert [line.key for line in content.with_target] == ["contact_and_score"]
    assert content.hides is True


def test_charts_have_twelve_months_and_gaps() -> None:
    (trend,) = board().trends
    assert (len(trend.points), trend.points[-1][0], trend.points[0][0]) == (12, OCTOBER, date(2025, 11, 1))
    assert [figure.text for _, figure in trend.points[-3:]] == ["n/a", NOT_SHOWN, "48 of 60, 80.0 %"]
    assert [figure.value for _, figure in trend.points[-3:]] == [None, None, Decimal("80.0")]


def test_clinics_stand_by_name_above_their_total() -> None:
    table = board(mask_under=2).table
    assert table is not None
    assert [(row.name, [one.text for one in row.figures]) for row in table.rows] == [
        ("=South", ["30", "24 of 30, 80.0 %"]),
        ("North", ["30", "24 of 30, 80.0 %"]),
    ]
    assert [figure.text for figure in table.total] == ["60", "48 of 60, 80.0 %"]


def test_shares_whose_misses_are_few_are_hidden_clinic_by_clinic() -> None:
    """Six of thirty missed it at each clinic; of both together it is twelve."""
    table = board().table
    assert table is not None
    assert [[one.text for one in row.figures] for row in table.rows] == [["30", NOT_SHOWN], ["30", NOT_SHOWN]]
    assert table.total[1].text == "48 of 60, 80.0 %"


def test_one_clinic_has_no_table() -> None:
    counted = Counted(
        {OCTOBER: {"enrolled": count("enrolled", 60)}}, {NORTH: {"enrolled": count("enrolled", 60)}}, {}, {}
    )
    content = report_content(heading(), {OCTOBER: 1}, counted, keys=["enrolled"], by_clinic=["enrolled"])
    assert content.table is None


def test_the_same_content_has_the_same_bytes_and_number_and_any_other_has_not() -> None:
    assert report_csv(board()) == report_csv(board())
    assert fingerprint_of_content(board()) == fingerprint_of_content(board())
    others = [board(edition=3), board(mask_under=0), board(facts="e" * 64), board(scope="North")]
    assert len({fingerprint_of_content(one) for one in (board(), *others)}) == 5


def test_the_file_has_a_line_a_number_each_of_itself() -> None:
    lines = list(csv.DictReader(io.StringIO(report_csv(board(mask_under=2)).decode("utf-8-sig"))))
    assert list(lines[0]) == list(HEADER)
    told = [(line["month"], line["edition"], line["group"], line["measure"], line["shown_as"]) for line in lines]
    assert told == [
        ("2026-10", "2", "all", "enrolled", "60"),
        ("2026-10", "2", "all", "contact_and_score", "48 of 60, 80.0 %"),
        ("2026-09", "1", "all", "enrolled", "9"),
        ("2026-09", "1", "all", "contact_and_score", "3 of 9, 33.3 %"),
        ("2026-10", "2", "'=South", "enrolled", "30"),
        ("2026-10", "2", "'=South", "contact_and_score", "24 of 30, 80.0 %"),
        ("2026-10", "2", "North", "enrolled", "30"),
        ("2026-10", "2", "North", "contact_and_score", "24 of 30, 80.0 %"),
    ]
    assert [line["facts"] for line in lines if line["month"] == "2026-09"] == ["", ""]


def test_hidden_numbers_leave_no_digit_in_the_file() -> None:
    lines = list(csv.DictReader(io.StringIO(report_csv(board()).decode("utf-8-sig"))))
    hidden = [line for line in lines if line["is_hidden"] == "yes"]
    assert len(hidden) == 4
    columns = ("numerator", "denominator", "value", "shown_as")
    assert {tuple(line[name] for name in columns) for line in hidden} == {("", "", "", NOT_SHOWN)}


@pytest.mark.parametrize(
    ("numbers", "hidden"),
    [
        ({"nys_1": 50, "nys_2": 45}, {"nys_1"}),
        ({"nys_1": 50, "nys_2": 50}, set()),
        ({"nys_1": 50, "nys_2": 39}, set()),
        ({"nys_1": 50, "nys_2": 10}, {"nys_2"}),
        ({"newly_enrolled": 40, "enrolled": 50}, {"newly_enrolled"}),
    ],
)
def test_what_two_numbers_leave_between_them_is_not_told(numbers: dict[str, int], hidden: set[str]) -> None:
    shown = figures({key: count(key, of) for key, of in numbers.items()}, 11)
    assert {key for key, figure in shown.items() if figure.is_hidden} == hidden


def test_those_who_did_not_improve_are_not_told_by_who_was_reviewed() -> None:
    numbers = {"improvement": share("improvement", 20, 60), "consultation": share("consultation", 18, 36)}
    assert figures(numbers, 11)["consultation"].is_hidden
    assert min(count for count in counts_of("consultation", numbers) if count) == 4
    assert not figures(numbers, 4)["consultation"].is_hidden


def of_south(here: int, there: int) -> tuple[dict[str, Number], Beside]:
    """What a report of one clinic rests on, beside another clinic and one that has no patients of it."""
    own = {"enrolled": count("enrolled", here), "referred_enrolled": share("referred_enrolled", 30, 60)}
    rows: dict[UUID | None, Any] = {
        SOUTH: own,
        NORTH: {"enrolled": count("enrolled", there)},
        UUID(int=3): {"referred_enrolled": share("referred_enrolled", 30, 60)},
    }
    return own, Beside(SOUTH, {OCTOBER: rows})


@pytest.mark.parametrize(("there", "hidden"), [(5, ["enrolled"]), (11, []), (0, [])])
def test_a_report_of_one_clinic_does_not_tell_what_that_of_everybody_hides_of_another(
    there: int, hidden: list[str]
) -> None:
    """Of 65 patients 60 are at South: less these, five are at North."""
    own, beside = of_south(60, there)
    told = told_elsewhere(OCTOBER, [beside], 11)
    assert sorted(told) == hidden
    assert [key for key, one in figures(own, 11, told_elsewhere=told).items() if one.is_hidden] == hidden
    assert told_elsewhere(SEPTEMBER, [beside], 11) == frozenset()
    assert told_elsewhere(OCTOBER, [], 11) == frozenset()


def test_a_report_of_one_clinic_hides_it_in_every_month_and_line() -> None:
    own, beside = of_south(60, 5)
    counted = Counted({OCTOBER: own}, {}, {}, {}, clinic=SOUTH, beside=[beside])
    content = report_content(heading(scope="South"), {OCTOBER: 2}, counted, keys=list(own), by_clinic=[])
    assert [line.now.text for line in content.lines] == [NOT_SHOWN, "30 of 60, 50.0 %"]


@pytest.mark.parametrize(("seen", "texts"), [(5, [NOT_SHOWN, NOT_SHOWN]), (200, ["180 of 200, 90.0 %"] * 2)])
def test_screening_of_one_clinic_does_not_tell_that_of_another(seen: int, texts: list[str]) -> None:
    rows = {
        SOUTH: {SCREENED: Share(180, 200), YIELD: Share(30, 100)},
        NORTH: {SCREENED: Share(180 * seen // 200, seen), YIELD: Share(30, 100)},
    }
    shown = []
    for clinic in (SOUTH, NORTH):
        counted = Counted({OCTOBER: {"nys_1": count("nys_1", 60)}}, {}, {}, {}, screening=rows, clinic=clinic)
        content = report_content(heading(kind=STATE), {OCTOBER: 1}, counted, keys=["nys_1"], by_clinic=[])
        shown.append(content.sections[-1].lines[0].now.text)
    assert shown == texts


def test_a_target_that_is_hidden_is_neither_met_nor_missed() -> None:
    counted = Counted({OCTOBER: {"remission": share("remission", 3, 60)}}, {}, {}, {"remission": Decimal(30)})
    content = report_content(heading(), {OCTOBER: 1}, counted, keys=["remission"], by_clinic=[])
    assert (content.lines[0].is_met, content.lines[0].now.text, content.with_target) == (None, NOT_SHOWN, ())


@pytest.mark.parametrize(("kind", "past"), [(BOARD, (SEPTEMBER, date(2025, 10, 1))), (STATE, ()), (PAYER, ())])
def test_which_months_a_report_reads(kind: str, past: tuple[date, ...]) -> None:
    assert past_months(kind, OCTOBER) == past
    assert len(trend_months(kind, OCTOBER)) == (12 if kind == BOARD else 0)


POSTS = {uuid4(): Decimal("1.00"), uuid4(): Decimal("1.50")}


def state(
    screened: Share, found: Share, under: int = 11, posts: dict[UUID, Decimal] = POSTS
) -> list[tuple[str, str, str, bool | None]]:
    counted = Counted(
        {OCTOBER: {"nys_1": count("nys_1", 60)}},
        {},
        {},
        {},
        screening={NORTH: {SCREENED: screened, YIELD: found}},
        posts=posts,
    )
    content = report_content(heading(kind=STATE, mask_under=under), {OCTOBER: 1}, counted, keys=["nys_1"], by_clinic=[])
    return [(line.title, line.now.text, line.target_words, line.is_met) for line in content.sections[-1].lines]


def test_a_states_set_ends_with_screening_in_the_practice_and_staff() -> None:
    assert state(Share(180, 200), Share(30, 100)) == [
        ("NYS 9: patients screened for depression", "180 of 200, 90.0 %", "at least 85 %", True),
        ("NYS 10: first PHQ-9 of 10 or more", "30 of 100, 30.0 %", "", None),
        ("NYS 11: staff", "2.50 full-time posts", "", None),
    ]
    assert [text for _, text, _, _ in state(Share(), Share())] == ["n/a", "n/a", "2.50 full-time posts"]
    assert state(Share(), Share(), posts={})[-1] == ("NYS 11: staff", "n/a: shares of work are not set", "", None)


@pytest.mark.parametrize(
    ("screened", "found", "texts"),
    [
        (Share(195, 200), Share(30, 100), [NOT_SHOWN, "30 of 100, 30.0 %"]),
        (Share(180, 200), Share(5, 100), ["180 of 200, 90.0 %", NOT_SHOWN]),
        (Share(105, 200), Share(30, 100), ["105 of 200, 52.5 %", NOT_SHOWN]),
    ],
)
def test_small_counts_of_screening_are_hidden(screened: Share, found: Share, texts: list[str]) -> None:
    assert [text for _, text, _, _ in state(screened, found)][:2] == texts


def test_which_measures_a_report_has() -> None:
    assert keys_of(STATE, OCTOBER, is_whole=True) == tuple(one.key for one in MEASURES if one.family == "nys")
    assert "caseload_per_fte" in keys_of(BOARD, OCTOBER, is_whole=True)
    of_a_clinic = keys_of(BOARD, OCTOBER, is_whole=False)
    assert [key for key in of_a_clinic if measure(key).kind is Kind.PER_POST] == []
    assert [key for key in keys_of(PAYER, OCTOBER, is_whole=False) if measure(key).is_money] == []
    assert keys_of(BOARD, date(2024, 10, 1), is_whole=True) == ()
    assert clinic_keys(BOARD, OCTOBER, is_whole=False) == clinic_keys(PAYER, OCTOBER, is_whole=True) == ()


def test_money_and_days_have_words_for_their_targets() -> None:
    days = replace(count("attempt_days", 0), denominator=30, value=Decimal(2), subjects=30, numerator=None)
    numbers = {"attempt_days": days, "paid_mean": Number("paid_mean", None, 40, Decimal("99.5"), 40)}
    counted = Counted({OCTOBER: numbers}, {}, {}, {"attempt_days": Decimal(3), "paid_mean": Decimal("80.50")})
    content = report_content(heading(), {OCTOBER: 1}, counted, keys=list(numbers), by_clinic=[])
    assert [line.target_words.removeprefix("at least ") for line in content.lines] == ["at most 3 days", "$80.50"]
    assert content.lines[0].is_met is True
