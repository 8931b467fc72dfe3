"""What stands denied after a payer's answers, and until when it can be set right."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.rules.denials import (
    REASONS,
    Adjusted,
    AnswerDays,
    Answered,
    AnsweredLine,
    Step,
    Unpaid,
    last_day,
    main_reason,
    reason_of,
    standing_after,
)

FIRST, SECOND, THIRD = (UUID(int=n) for n in (1, 2, 3))
LINE, ANEW = UUID(int=11), UUID(int=12)


def money(text: str) -> Decimal:
    return Decimal(text)


def adjusted(*reasons: tuple[str, str, str]) -> tuple[Adjusted, ...]:
    return tuple(Adjusted(group, reason, money(amount)) for group, reason, amount in reasons)


def line(id_: UUID, paid: str, *reasons: tuple[str, str, str], key: str = "99492") -> AnsweredLine:
    return AnsweredLine(id_, key, money("170"), money(paid), adjusted(*reasons))


def answer(id_: UUID, *lines: AnsweredLine, reversal: bool = False, whole: tuple[Adjusted, ...] = ()) -> Answered:
    paid = sum((one.paid for one in lines), Decimal(0))
    return Answered(id_, reversal, money("170"), paid, whole, lines)


@pytest.mark.parametrize(
    ("paid", "reasons", "expected"),
    [
        ("0", [("CO", "97", "170")], ("CO", "97", "170")),
        ("0", [("CO", "45", "44.35"), ("CO", "97", "125.65")], ("CO", "97", "125.65")),
        ("0", [("CO", "B20", "50"), ("PI", "119", "120")], ("PI", "119", "170")),
        ("0", [("PR", "1", "125.65"), ("CO", "45", "44.35")], None),
        ("0", [("PR", "204", "170")], None),
        ("0", [("CO", "45", "170")], ("CO", "45", "170")),
        ("0", [], ("", "none", "170")),
        ("0", [("CO", "999", "170")], ("CO", "999", "170")),
        ("125.65", [("CO", "45", "44.35")], None),
        ("125.65", [("CO", "253", "2.56"), ("PR", "2", "31")], None),
        ("60", [("CO", "151", "110")], ("CO", "151", "110")),
        ("60", [("CO", "999", "110")], None),
    ],
)
def test_a_line_is_denied_for_the_reason_that_takes_most_unless_the_patient_owes_it(
    paid: str, reasons: list[tuple[str, str, str]], expected: tuple[str, str, str] | None
):
    found = main_reason(money("170"), money(paid), adjusted(*reasons))
    assert found == (None if expected is None else Adjusted(expected[0], expected[1], money(expected[2])))


def test_what_was_denied_and_is_paid_later_stands_no_more():
    denied = answer(FIRST, line(LINE, "0", ("CO", "97", "170")))
    assert standing_after([denied]).unpaid == (Unpaid(FIRST, LINE, "99492", "CO", "97", money("170")),)
    assert standing_after([denied, answer(SECOND, line(ANEW, "125.65"))]).unpaid == ()


def test_denied_again_for_another_reason_stands_by_the_last_answer():
    first = answer(FIRST, line(LINE, "0", ("CO", "97", "170")))
    second = answer(SECOND, line(ANEW, "0", ("CO", "29", "170")))
    assert standing_after([first, second]).unpaid == (Unpaid(SECOND, ANEW, "99492", "CO", "29", money("170")),)


def test_a_reversal_without_an_answer_after_it_leaves_the_money_that_was_taken_back():
    paid = answer(FIRST, line(LINE, "125.65"))
    taken = answer(SECOND, line(ANEW, "-125.65"), reversal=True)
    assert standing_after([paid, taken]).unpaid == (Unpaid(SECOND, ANEW, "99492", "", "taken", money("125.65")),)
    again = answer(THIRD, line(UUID(int=13), "100"))
    assert standing_after([paid, taken, again]).unpaid == ()
    assert standing_after([paid, taken, again]).paid == {"99492": money("100")}


def test_a_reversed_denial_stands_no_more_and_what_stays_paid_is_not_taken_back():
    denied = answer(FIRST, line(LINE, "0", ("CO", "97", "170")))
    undone = answer(SECOND, line(ANEW, "0", ("CO", "97", "-170")), reversal=True)
    assert standing_after([denied, undone]).unpaid == ()
    paid = answer(FIRST, line(LINE, "125.65"))
    part = answer(SECOND, line(ANEW, "-25"), reversal=True)
    assert standing_after([paid, part]).unpaid == ()


def test_reasons_of_the_whole_claim_deny_it_once_where_no_line_says_why():
    reasons = adjusted(("CO", "16", "340"))
    lines = line(LINE, "0"), line(ANEW, "0", key="99494")
    assert standing_after([answer(FIRST, *lines, whole=reasons)]).unpaid == (
        Unpaid(FIRST, None, "", "CO", "16", money("340")),
    )
    without = Answered(FIRST, is_reversal=False, charge=money("340"), paid=money("0"), adjusted=reasons)
    assert standing_after([without]).unpaid == (Unpaid(FIRST, None, "", "CO", "16", money("340")),)
    paid = answer(SECOND, line(LINE, "125.65"), line(ANEW, "55", key="99494"))
    assert standing_after([without, paid]).unpaid == ()


def test_reasons_of_the_whole_claim_that_the_patient_owes_deny_nothing():
    owed = adjusted(("PR", "1", "170"))
    assert standing_after([answer(FIRST, line(LINE, "0"), whole=owed)]).unpaid == ()


def test_reasons_of_the_whole_claim_beside_a_denied_line_do_not_deny_twice():
    denied = line(LINE, "0", ("CO", "97", "170"))
    found = standing_after([answer(FIRST, denied, whole=adjusted(("CO", "16", "10")))])
    assert found.unpaid == (Unpaid(FIRST, LINE, "99492", "CO", "97", money("170")),)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("85", ("CO", "45", "10")), ("0", ("CO", "97", "75")), ("CO", "97", "75")),
        (("85", ("CO", "45", "10")), ("0", ("CO", "999", "75")), ("CO", "999", "75")),
        (("0", ("CO", "97", "95")), ("0", ("CO", "97", "75")), ("CO", "97", "170")),
        (("85", ("CO", "45", "10")), ("75",), None),
        (("85", ("CO", "45", "10")), ("0", ("PR", "1", "75")), None),
        (("0", ("CO", "B10", "170")), ("170", ("CO", "B10", "-170")), None),
    ],
)
def test_a_line_that_the_payer_splits_is_one_line(
    first: tuple[Any, ...], second: tuple[Any, ...], expected: tuple[str, str, str] | None, *, turned: bool
):
    """Whichever part comes first, and whichever part is denied."""
    parts = [
        AnsweredLine(
            id_, "99494", sum((money(one[2]) for one in reasons), money(paid)), money(paid), adjusted(*reasons)
        )
        for id_, (paid, *reasons) in ((LINE, first), (ANEW, second))
    ]
    standing = standing_after([answer(FIRST, *(reversed(parts) if turned else parts))])
    found = [(one.group, one.reason, one.amount) for one in standing.unpaid]
    assert found == ([] if expected is None else [(*expected[:2], money(expected[2]))])
    assert standing.paid == {"99494": money(first[0]) + money(second[0])}


def test_what_is_taken_back_of_a_split_line_is_taken_back_once():
    paid = answer(FIRST, line(LINE, "60", key="99494"), line(ANEW, "40", key="99494"))
    taken = answer(
        SECOND, line(UUID(int=13), "-60", key="99494"), line(UUID(int=14), "-40", key="99494"), reversal=True
    )
    assert standing_after([paid, taken]).unpaid == (Unpaid(SECOND, UUID(int=13), "99494", "", "taken", money("100")),)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step.CORRECT, date(2027, 2, 28)),
        (Step.APPEAL, date(2026, 7, 18)),
        (Step.EITHER, date(2026, 7, 18)),
        (Step.OTHER_PAYER, None),
        (Step.CLOSE, None),
    ],
)
def test_the_last_day_is_counted_from_service_or_answer(step: Step, expected: date | None):
    days = AnswerDays(corrected=365, appeal=120)
    assert last_day(step, date(2026, 2, 28), date(2026, 3, 20), days) == expected
    assert last_day(step, date(2026, 2, 28), date(2026, 3, 20), None) is None


def test_every_known_reason_says_what_it_means_and_what_to_do():
    assert {code for code, one in REASONS.items() if not (one.meaning and one.next_step.endswith("."))} == set()
    assert (reason_of("97").step, reason_of("B99").meaning) == (Step.EITHER, "Reason B99")
