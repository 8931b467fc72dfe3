"""Where the points, lines and labels of a measure's months lie."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.charts import (
    NARROW,
    PERCENT,
    SPARK_EDGE,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    WIDE,
    Dot,
    short_label,
    spark,
    trend,
)
from outcomes.rules.months import month_before

OCTOBER = date(2026, 10, 1)


def months(*values: str | None) -> list[tuple[date, Decimal | None]]:
    """Values of months that end with October 2026."""
    count = len(values)
    return [
        (month_before(OCTOBER, count - 1 - place), None if value is None else Decimal(value))
        for place, value in enumerate(values)
    ]


def known(*values: str | None) -> list[Decimal | None]:
    return [value for _, value in months(*values)]


def test_nothing_known_draws_nothing() -> None:
    assert spark([]) is None
    assert spark(known(None, None)) is None
    assert trend(months(None, None)) is None
    assert trend([]) is None


def test_a_spark_goes_from_left_to_right_and_from_0_to_the_highest() -> None:
    found = spark(known("0", "50", "100"), highest=PERCENT)
    assert found is not None
    assert (found.width, found.height) == (SPARK_WIDTH, SPARK_HEIGHT)
    assert found.lines == ("4,32 100,18 196,4",)
    assert (found.alone, found.last) == ((), Dot(196, 4))


def test_a_gap_breaks_the_line_and_a_month_between_gaps_is_a_dot() -> None:
    found = spark(known("10", "10", None, "10", None, "10", "10"), highest=Decimal(10))
    assert found is not None
    assert found.lines == ("4,4 36,4", "164,4 196,4")
    assert found.alone == (Dot(100, 4),)


def test_the_last_known_month_is_marked_where_the_present_one_has_no_number() -> None:
    found = spark(known("1", "2", None), highest=Decimal(2))
    assert found is not None
    assert found.last == Dot(100, 4)


def test_without_a_highest_the_greatest_value_is_at_the_top_and_only_zeros_lie_on_the_ground() -> None:
    up, flat = spark(known("1", "4")), spark(known("0", "0"))
    assert up is not None
    assert flat is not None
    assert (up.last.y, flat.last.y) == (SPARK_EDGE, SPARK_HEIGHT - SPARK_EDGE)


def test_a_share_lies_between_0_and_100_with_its_target_across() -> None:
    chart = trend(months("0", "50", "100"), target=Decimal(80), highest=PERCENT)
    assert chart is not None
    wide, narrow = chart.drawings
    assert (wide.sheet, narrow.sheet) == (WIDE, NARROW)
    assert [line.label for line in wide.grid] == ["0", "25", "50", "75", "100"]
    assert [point.y for point in wide.points] == [226, 125, 24]
    assert wide.target_y == 226 - 161
    assert wide.lines == (" ".join(f"{point.x},{point.y}" for point in wide.points),)
    assert [(tick.month.month, tick.shows_year) for tick in wide.ticks] == [(8, True), (9, False), (10, False)]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (("1",), ["0", "1"]),
        (("3",), ["0", "1", "2", "3"]),
        (("4",), ["0", "1", "2", "3", "4"]),
        (("5",), ["0", "2", "4", "6"]),
        (("18.7",), ["0", "5", "10", "15", "20"]),
        (("78",), ["0", "20", "40", "60", "80"]),
        (("81",), ["0", "25", "50", "75", "100"]),
        (("1200",), ["0", "500", "1,000", "1,500"]),
        (("0", "0"), ["0", "1"]),
    ],
)
def test_the_axis_ends_at_a_round_number_that_nothing_passes(values: tuple[str, ...], labels: list[str]) -> None:
    chart = trend(months(*values))
    assert chart is not None
    assert [line.label for line in chart.drawings[0].grid] == labels


def test_a_target_above_all_values_is_on_the_chart() -> None:
    chart = trend(months("2", "3"), target=Decimal(75))
    assert chart is not None
    assert [line.label for line in chart.drawings[0].grid] == ["0", "20", "40", "60", "80"]
    assert chart.drawings[0].target_y == 226 - 189


def test_a_gap_breaks_the_trend() -> None:
    chart = trend(months("10", "20", None, "30"), highest=PERCENT)
    assert chart is not None
    drawing = chart.drawings[0]
    assert len(drawing.lines) == 1
    assert [point.month.month for point in drawing.points] == [7, 8, 10]
    assert [tick.month.month for tick in drawing.ticks] == [7, 8, 9, 10]


def test_a_single_month_lies_at_the_right() -> None:
    chart = trend(months("40"), highest=PERCENT)
    assert chart is not None
    assert [(point.x, point.label) for point in chart.drawings[0].points] == [(688, "40")]


def test_labels_are_thinned_on_small_screens_counted_back_from_the_last() -> None:
    chart = trend(months(*(str(value) for value in range(1, 13))), highest=PERCENT)
    assert chart is not None
    wide, narrow = chart.drawings
    assert [point.label for point in wide.points] == [str(value) for value in range(1, 13)]
    assert [point.label for point in narrow.points if point.label] == ["3", "6", "9", "12"]
    assert [tick.month.month for tick in narrow.ticks] == [1, 4, 7, 10]
    assert [tick.shows_year for tick in narrow.ticks] == [True, False, False, False]


def test_a_new_year_is_named_where_it_begins() -> None:
    chart = trend(months(*("1" for _ in range(24))), highest=PERCENT)
    assert chart is not None
    named = [(tick.month.year, tick.month.month) for tick in chart.drawings[0].ticks if tick.shows_year]
    assert named == [(2024, 12), (2025, 2), (2026, 2)]


def test_a_label_lies_below_a_valley_and_above_all_else() -> None:
    chart = trend(months("60", "20", "60", "0", "60"), highest=PERCENT)
    assert chart is not None
    below = [point.label_y > point.y for point in chart.drawings[0].points]
    assert below == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("value", "label"), [("87.5", "87.5"), ("80.0", "80"), ("0.0", "0"), ("1200", "1,200"), ("10", "10")]
)
def test_numbers_of_a_chart_are_short(value: str, label: str) -> None:
    assert short_label(Decimal(value)) == label


@given(
    st.lists(st.one_of(st.none(), st.decimals(0, 5000, places=1)), min_size=1, max_size=24),
    st.one_of(st.none(), st.decimals(0, 5000, places=1)),
)
def test_nothing_lies_outside_its_sheet(values: list[Decimal | None], target: Decimal | None) -> None:
    in_order = [(month_before(OCTOBER, len(values) - 1 - place), value) for place, value in enumerate(values)]
    chart = trend(in_order, target=target)
    if chart is None:
        assert not any(value is not None for value in values)
        return
    for drawing in chart.drawings:
        sheet = drawing.sheet
        assert all(sheet.left <= point.x <= sheet.right for point in drawing.points)
        assert all(sheet.top <= point.y <= sheet.bottom for point in drawing.points)
        assert drawing.grid[0].y == sheet.bottom
        assert drawing.grid[-1].y == sheet.top
        assert 2 <= len(drawing.grid) <= 5
        assert len(drawing.points) == sum(value is not None for value in values)
