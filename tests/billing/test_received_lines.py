"""What a claim's answers leave of each line, also where they are said of the claim as a whole. No database."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.queries.received import _Asked, _paid_lines
from billing.rules.denials import Adjusted, Answered, AnsweredLine

Less = tuple[str, str, int]


def lines(amounts: dict[str, int], *less: Less, status: str = "1") -> Answered:
    """By line; the reasons stand at the first one."""
    reasons = tuple(Adjusted(group, reason, Decimal(amount)) for group, reason, amount in less)
    said = tuple(
        AnsweredLine(uuid4(), key, Decimal(100), Decimal(amount), () if at else reasons)
        for at, (key, amount) in enumerate(amounts.items())
    )
    paid = Decimal(sum(amounts.values()))
    return Answered(uuid4(), status == "22", Decimal(100), paid, (), said, status)


def whole(amount: int) -> Answered:
    return Answered(uuid4(), amount < 0, Decimal(100), Decimal(amount), status="22" if amount < 0 else "1")


@pytest.mark.parametrize(
    ("answers", "paid", "above"),
    [
        # A second payer pays what the first denied, and what it left to the patient; CO-45 nobody pays.
        ([lines({"a": 60}, ("PR", "119", 40)), lines({"a": 40}, ("OA", "23", 60), status="2")], 100, 0),
        ([lines({"a": 50}, ("CO", "151", 50)), lines({"a": 50}, ("OA", "23", 50), status="2")], 100, 0),
        (
            [lines({"a": 60}, ("CO", "45", 25), ("PR", "2", 15)), lines({"a": 20}, ("OA", "23", 85), status="2")],
            80,
            5,
        ),
        # Paid as a whole, then again by line; taken back as a whole, then twice by line.
        ([whole(80), lines({"a": 80})], None, 80),
        ([lines({"a": 80}), whole(-80), lines({"a": 80}), lines({"a": 80})], None, 80),
        ([lines({"a": 80}), whole(-80), lines({"a": 80})], None, 0),
        # What a payer split is no second payment, though one part is for a line that nobody asked for.
        ([lines({"a": 60}), lines({"x": 40})], None, 0),
        ([lines({"a": 60}), lines({"x": 40}), whole(-100), lines({"a": 60}), lines({"x": 40})], None, 0),
    ],
)
def test_what_came_for_a_line(answers: Sequence[Answered], paid: int | None, above: int):
    (line,) = _paid_lines({"a": _Asked("99493", 1, Decimal(100))}, answers)
    assert (line.paid, line.above) == (paid, above)


def test_a_void_s_line_is_the_line_of_its_code():
    (line,) = _paid_lines({"a": _Asked("99493", 1, None)}, [lines({"b": 80})], {"a": "99493", "b": "99493"})
    assert (line.paid, line.above) == (80, 0)
