"""What the table of `manage.py bench` says of a measurement."""

import pytest

from bench.measuring import Count, Measurement, Times, duration, side_by_side, table


@pytest.mark.parametrize(
    ("measured", "is_met"),
    [
        (Measurement("a", 2.0, limit=1.0, budget=2), True),
        (Measurement("a", 2.1, limit=1.0, budget=2), False),
        (Measurement("a", 0.01, budget=0.01), True),
        (Measurement("a", 0.02, budget=0.01), False),
        (Measurement("a", 9.0, limit=1.0), None),
        (Count("a", 8, 8), True),
        (Count("a", 9, 8), False),
    ],
)
def test_a_budget_is_a_ratio_to_the_limit_else_a_time(measured: Measurement | Count, is_met: bool | None) -> None:
    assert measured.is_met is is_met


@pytest.mark.parametrize(
    ("seconds", "words"), [(12.345, "12.35 s"), (1.0, "1.00 s"), (0.0123, "12.3 ms"), (0.000_05, "50 µs")]
)
def test_times_are_said_in_their_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_median_and_the_slowest_but_few() -> None:
    times = Times([0.001 * number for number in range(1, 101)])
    assert (times.median, times.p95) == (pytest.approx(0.0505), 0.096)
    assert Times([0.004]).p95 == 0.004


def test_works_take_turns() -> None:
    order: list[str] = []
    times = side_by_side(lambda: order.append("a"), lambda: order.append("b"), rounds=2, warm=1)
    assert "".join(order) == "ababab"
    assert [len(one.seconds) for one in times] == [2, 2]


def test_the_table_lines_up_and_names_what_was_missed() -> None:
    lines = list(table([Measurement("page", 0.05, 0.01, 4, "50 rows"), Count("statements", 7, 8)]))
    assert lines == [
        "            measured    limit   ratio  budget",
        "page         50.0 ms  10.0 ms  5.00 ×   ≤ 4 ×  MISSED",
        "    50 rows",
        "statements         7                      ≤ 8      ok",
    ]
