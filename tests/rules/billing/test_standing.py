"""Where a claim stands after all answers of its payers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.answer_order import in_turn, places_of
from billing.rules.answered_lines import Unpaid
from billing.rules.denials import Adjusted, Answered, AnsweredLine
from billing.rules.standing import Standing, standing_after

FIRST, SECOND, THIRD = (UUID(int=n) for n in (1, 2, 3))
LINE, ANEW = UUID(int=11), UUID(int=12)


def money(text: str) -> Decimal:
    return Decimal(text)


def adjusted(*reasons: tuple[str, str, str]) -> tuple[Adjusted, ...]:
    return tuple(Adjusted(group, reason, money(amount)) for group, reason, amount in reasons)


def line(id_: UUID, paid: str, *reasons: tuple[str, str, str], key: str = "99492") -> AnsweredLine:
    return AnsweredLine(id_, key, money("170"), money(paid), adjusted(*reasons))


def answer(
    id_: UUID, *lines: AnsweredLine, reversal: bool = False, whole: tuple[Adjusted, ...] = (), **said: Any
) -> Answered:
    paid = sum((one.paid for one in lines), Decimal(0))
    return Answered(id_, reversal, money("170"), paid, whole, lines, **said)


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


def test_a_share_that_is_given_for_the_whole_claim_denies_nothing():
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


# Cases of one claim of $290.00 for one line: who answers (number), how (status), what it paid, and its reasons.
MEDICARE = ("A", "19", "160", "CO-45 90", "PR-2 40")
TAKEN = ("A", "22", "-160", "CO-45 -90", "PR-2 -40")
DEDUCTIBLE = ("A", "19", "0", "CO-45 90", "PR-1 200")
DENIED = ("A", "1", "0", "CO-16 290")
MEDIGAP = ("B", "2", "40", "OA-23 250")
MEDIGAP_TAKEN = ("B", "22", "-40", "OA-23 -250")
LESSER_OF = ("B", "2", "0", "OA-23 250", "CO-45 40")
Said = tuple[str, ...]


def said(at: int, given: Said, *, by_line: bool = True, payment: UUID | None = None) -> Answered:
    number, status, paid, *reasons = given
    less = tuple(
        Adjusted(code.partition("-")[0], code.partition("-")[2], money(amount))
        for code, _, amount in (reason.partition(" ") for reason in reasons)
    )
    charge = money("-290" if status == "22" else "290")
    lines = (AnsweredLine(UUID(int=100 + at), "99492", charge, money(paid), less),) if by_line else ()
    return Answered(
        UUID(int=at), status == "22", charge, money(paid), () if by_line else less, lines, status, number, "", payment
    )


def shown(standing: Standing) -> tuple[str, str, str, list[str]]:
    """Paid, owed, taken off, and what stands denied."""
    unpaid = [f"{one.group}-{one.reason} {one.amount}" for one in standing.unpaid]
    return str(standing.paid_in_all), str(standing.owed_in_all), str(standing.taken_off), unpaid


CASES: dict[str, tuple[tuple[Said, ...], tuple[str, str, str, list[str]]]] = {
    "the first alone": ((MEDICARE,), ("160", "40", "90", [])),
    "the second pays the share": ((MEDICARE, MEDIGAP), ("200", "0", "90", [])),
    "the second passes its own share on": (
        (MEDICARE, ("B", "2", "0", "OA-23 250", "PR-1 40")),
        ("160", "40", "90", []),
    ),
    "the second pays a part": ((MEDICARE, ("B", "2", "25", "OA-23 250", "PR-3 15")), ("185", "15", "90", [])),
    "Medicaid pays the lesser, which is nothing": ((MEDICARE, LESSER_OF), ("160", "0", "130", [])),
    "Medicaid puts all down to the first": ((MEDICARE, ("B", "2", "0", "OA-23 290")), ("160", "0", "130", [])),
    "a deductible, then Medicaid pays nothing": (
        (DEDUCTIBLE, ("B", "2", "0", "OA-23 90", "CO-45 200")),
        ("0", "0", "290", []),
    ),
    "the second denies": ((MEDICARE, ("B", "2", "0", "OA-23 250", "CO-27 40")), ("160", "0", "130", ["CO-27 40"])),
    "the second refuses, and says that another paid": (
        (MEDICARE, ("B", "4", "0", "OA-23 250", "PR-204 40")),
        ("160", "0", "130", ["PR-204 40"]),
    ),
    "a third pays what the second left": (
        (MEDICARE, ("B", "2", "25", "OA-23 250", "PR-3 15"), ("C", "3", "15", "OA-23 275")),
        ("200", "0", "90", []),
    ),
    "the second says no status, but speaks of the first": (
        (MEDICARE, ("B", "1", "40", "OA-23 250")),
        ("200", "0", "90", []),
    ),
    "the second before the first": ((MEDIGAP, MEDICARE), ("200", "0", "90", [])),
    "only the second": ((MEDIGAP,), ("40", "0", "0", [])),
    "the first denies, the second pays": ((DENIED, MEDIGAP), ("40", "0", "250", [])),
    "the first denies, the second adds nothing": (
        (DENIED, ("B", "2", "0", "OA-23 290")),
        ("0", "0", "290", ["CO-16 290"]),
    ),
    "the first takes back what the second still pays": (
        (MEDICARE, MEDIGAP, TAKEN),
        ("40", "0", "0", ["-taken 160"]),
    ),
    "the first takes back, and pays less": (
        (MEDICARE, MEDIGAP, TAKEN, ("A", "1", "100", "CO-45 150", "PR-2 40")),
        ("140", "0", "150", []),
    ),
    "the second takes back": ((MEDICARE, MEDIGAP, MEDIGAP_TAKEN), ("160", "40", "90", ["-taken 40"])),
    "the second takes back, known by its number alone": (
        (MEDICARE, MEDIGAP, ("B", "22", "-40", "OA-45 -250")),
        ("160", "40", "90", ["-taken 40"]),
    ),
    "a denial that is taken back": ((DENIED, ("A", "22", "0", "CO-16 -290")), ("0", "0", "0", [])),
    "denied, then paid without taking back": ((DENIED, MEDICARE), ("160", "40", "90", [])),
    "refused because it was paid already": (
        (MEDICARE, ("A", "4", "0", "OA-18 290")),
        ("160", "40", "90", []),
    ),
    "denied, then refused because it was denied already": (
        (("A", "4", "0", "CO-50 290"), ("A", "4", "0", "CO-18 290")),
        ("0", "0", "290", ["CO-50 290"]),
    ),
    "taken back, then refused because it was paid already": (
        (MEDICARE, TAKEN, ("A", "4", "0", "OA-18 290")),
        ("0", "0", "290", ["-taken 160"]),
    ),
    "a deductible, then refused because it was answered already": (
        (DEDUCTIBLE, ("A", "4", "0", "OA-18 290")),
        ("0", "200", "90", ["OA-18 290"]),
    ),
    "refused as a duplicate from the first": ((("A", "4", "0", "CO-18 290"),), ("0", "0", "290", ["CO-18 290"])),
    "all denied as the patient's": ((("A", "4", "0", "PR-27 290"),), ("0", "0", "290", ["PR-27 290"])),
    "called denied, whatever the reason": (
        (("A", "4", "0", "PR-1 200", "CO-45 90"),),
        ("0", "0", "290", ["PR-1 200"]),
    ),
    "a deductible is the patient's": ((DEDUCTIBLE,), ("0", "200", "90", [])),
}


@pytest.mark.parametrize("turned", [False, True], ids=["by line", "as a whole"])
@pytest.mark.parametrize("case", CASES)
def test_what_several_payers_answer_comes_to(case: str, *, turned: bool):
    given, expected = CASES[case]
    answers = [said(at, one, by_line=not turned) for at, one in enumerate(given, start=1)]
    assert shown(standing_after(answers)) == expected


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("first_by_line", [False, True])
def test_lines_and_whole_claims_meet(case: str, *, first_by_line: bool):
    """Answers by line and as a whole take turns: what is settled is settled, whichever of them says so."""
    given, expected = CASES[case]
    answers = [said(at, one, by_line=(at % 2 == 1) == first_by_line) for at, one in enumerate(given, start=1)]
    assert shown(standing_after(answers)) == expected


def test_a_reversal_of_the_whole_claim_takes_back_what_was_said_of_its_lines():
    """One line paid, one denied; taken back without lines; paid in full as a whole."""
    two = answer(FIRST, line(LINE, "145"), line(ANEW, "0", ("CO", "97", "120"), key="99494"))
    back = Answered(SECOND, is_reversal=True, charge=money("-290"), paid=money("-145"))
    taken = standing_after([two, back])
    assert taken.unpaid == (Unpaid(SECOND, None, "", "", "taken", money("145")),)
    assert (taken.is_answered, taken.is_taken_back) == (False, True)
    full = Answered(
        THIRD, is_reversal=False, charge=money("290"), paid=money("200"), adjusted=adjusted(("CO", "45", "90"))
    )
    assert shown(standing_after([two, back, full])) == ("200", "0", "90", [])


def test_a_part_that_a_payer_takes_back_leaves_the_rest_as_it_was():
    paid = answer(FIRST, line(LINE, "100", ("PR", "2", "25"), ("CO", "45", "45")))
    part = Answered(
        SECOND,
        is_reversal=True,
        charge=money("-70"),
        paid=money("-40"),
        lines=(
            AnsweredLine(ANEW, "99492", money("-70"), money("-40"), adjusted(("PR", "2", "-10"), ("CO", "45", "-20"))),
        ),
    )
    assert shown(standing_after([paid, part])) == ("60", "15", "25", [])


def test_what_nobody_read_before_is_taken_back_as_money_alone():
    standing = standing_after([said(1, TAKEN)])
    assert shown(standing) == ("-160", "0", "0", ["-taken 160"])


def test_a_share_that_is_given_for_the_whole_claim_beside_its_lines_is_owed():
    reasons = adjusted(("PR", "3", "40"), ("CO", "45", "100"))
    lines = line(LINE, "170"), line(ANEW, "30", key="99494")
    given = Answered(FIRST, is_reversal=False, charge=money("340"), paid=money("200"), adjusted=reasons, lines=lines)
    standing = standing_after([given])
    assert (standing.owed_in_all, standing.taken_off, standing.unpaid) == (money("40"), money("100"), ())


def test_a_denial_of_one_line_is_not_settled_by_a_later_payer_s_share_of_another():
    two = answer(
        FIRST, line(LINE, "145", ("PR", "2", "25")), line(ANEW, "0", ("CO", "97", "170"), key="99494"), status="1"
    )
    of_line = answer(SECOND, line(UUID(int=13), "25", ("OA", "23", "145")), status="2")
    as_whole = Answered(
        SECOND,
        is_reversal=False,
        charge=money("340"),
        paid=money("25"),
        adjusted=adjusted(("OA", "23", "315")),
        status="2",
    )
    for later in (of_line, as_whole):
        standing = standing_after([two, later])
        assert [(one.key, one.reason) for one in standing.unpaid] == [("99494", "97")]
        assert (standing.paid_in_all, standing.owed_in_all) == (money("170"), money("0"))


def test_within_a_payment_what_is_taken_back_counts_first_however_it_is_written():
    """A denial written before the reversal of what was paid stands; so does the reversal of what the payment paid."""
    together = UUID(int=50)
    paid = said(1, ("A", "1", "160", "CO-45 130"), payment=UUID(int=49))
    denied, back = said(2, DENIED, payment=together), said(3, ("A", "22", "-160", "CO-45 -130"), payment=together)
    for order in ([paid, denied, back], [paid, back, denied]):
        assert shown(standing_after(order)) == ("0", "0", "290", ["CO-16 290"])
    at_once = [said(1, ("A", "1", "160", "CO-45 130"), payment=together), back]
    assert in_turn(at_once) == tuple(at_once)
    assert shown(standing_after(at_once)) == ("0", "0", "0", ["-taken 160"])
    assert in_turn([denied, back]) == (back, denied)


def test_a_refusal_as_a_duplicate_leaves_what_was_denied_and_what_was_paid():
    """One line paid, one denied; all of it refused as a duplicate: by line, as a whole, or one line of two."""
    two = answer(FIRST, line(LINE, "80", ("CO", "45", "90")), line(ANEW, "0", ("CO", "16", "170"), key="99494"))
    of_lines = answer(
        SECOND, line(UUID(int=13), "0", ("CO", "18", "170")), line(UUID(int=14), "0", ("CO", "18", "170"), key="99494")
    )
    as_whole = answer(SECOND, whole=adjusted(("CO", "18", "340")))
    denied = (Unpaid(FIRST, ANEW, "99494", "CO", "16", money("170")),)
    for later in (of_lines, as_whole):
        standing = standing_after([two, later])
        assert (standing.unpaid, standing.paid_in_all, standing.taken_off) == (denied, money("80"), money("260"))
    paid = answer(SECOND, line(UUID(int=13), "0", ("CO", "18", "170")), line(UUID(int=14), "100", key="99494"))
    assert standing_after([two, paid]).unpaid == ()
    third = answer(SECOND, line(UUID(int=13), "0", ("CO", "18", "170"), key="99493"))
    assert [(one.key, one.reason) for one in standing_after([two, third]).unpaid] == [("99494", "16"), ("99493", "18")]


PAYS, BACK = ("A", "1", "80", "CO-45 210"), ("A", "22", "-80", "CO-45 -210")


@pytest.mark.parametrize(
    ("earlier", "together", "expected"),
    [
        ((DENIED,), (PAYS, BACK), ("0", "0", "0", ["-taken 80"])),
        ((PAYS, BACK), (PAYS, BACK), ("0", "0", "0", ["-taken 80"])),
        ((PAYS,), (PAYS, BACK), ("80", "0", "210", [])),
        ((DENIED,), (("A", "1", "0", "CO-50 290"), ("A", "22", "0", "CO-16 -290")), ("0", "0", "290", ["CO-50 290"])),
        ((MEDICARE,), (MEDIGAP, MEDIGAP_TAKEN), ("160", "40", "90", ["-taken 40"])),
        ((MEDICARE, MEDIGAP), (MEDIGAP, MEDIGAP_TAKEN), ("200", "0", "90", [])),
    ],
)
def test_what_a_payment_pays_and_takes_back_counts_as_written_unless_its_payer_had_paid_it_before(
    earlier: tuple[Said, ...], together: tuple[Said, ...], expected: tuple[str, str, str, list[str]]
):
    before = [said(at, one) for at, one in enumerate(earlier, start=1)]
    after = [said(at, one, payment=UUID(int=50)) for at, one in enumerate(together, start=11)]
    assert shown(standing_after([*before, *after])) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((MEDICARE, MEDIGAP), (0, 1)),
        ((MEDIGAP, MEDICARE, MEDIGAP_TAKEN, TAKEN), (1, 0, 1, 0)),
        ((("A", "21", "1"), ("B", "20", "1")), (2, 1)),
        ((("A", "4", "0"), ("B", "2", "1"), ("B", "4", "0")), (0, 1, 1)),
        ((("A", "3", "1"), ("A", "22", "-1", "OA-23 -1")), (2, 2)),
        ((("A", "2", "1"), ("A", "1", "1"), ("A", "22", "-1")), (1, 0, 0)),
        ((("", "22", "-1", "OA-23 -1"),), (1,)),
    ],
)
def test_whose_answer_it_is(given: tuple[Said, ...], expected: tuple[int, ...]):
    assert places_of([said(at, one) for at, one in enumerate(given)]) == expected


def test_a_payer_without_a_number_is_known_by_its_name():
    second = Answered(FIRST, is_reversal=False, charge=money("290"), paid=money("40"), status="2", payer="MEDIGAP")
    back = Answered(SECOND, is_reversal=True, charge=money("-290"), paid=money("-40"), status="22", payer="MEDIGAP")
    assert places_of([second, back]) == (1, 1)


AMOUNTS = st.sampled_from([money(text) for text in ("0", "0.01", "25", "40", "160")])
REASONS = st.sampled_from(
    [("CO", "45"), ("CO", "97"), ("PR", "1"), ("PR", "27"), ("OA", "23"), ("OA", "18"), ("PI", "999"), ("PR", "999")]
)


@st.composite
def answers(draw: st.DrawFn, number: str = "A") -> Answered:
    """One that adds up, of two lines or of the claim as a whole."""
    at = draw(st.integers(1, 10**6))
    lines = tuple(
        AnsweredLine(UUID(int=at * 10 + place), key, sum((one.amount for one in less), paid), paid, tuple(less))
        for place, key in enumerate(("99492", "99494"))
        for paid in [draw(AMOUNTS)]
        for less in [[Adjusted(*draw(REASONS), draw(AMOUNTS)) for _ in range(draw(st.integers(0, 2)))]]
    )
    charge, paid = (
        sum(amounts, Decimal(0)) for amounts in zip(*((one.charge, one.paid) for one in lines), strict=True)
    )
    status = draw(st.sampled_from("1234"))
    by_line = Answered(
        UUID(int=at), is_reversal=False, charge=charge, paid=paid, lines=lines, status=status, number=number
    )
    less = tuple(one for line in lines for one in line.adjusted)
    return by_line if draw(st.booleans()) else replace(by_line, lines=(), adjusted=less)


def turned(one: Answered) -> Answered:
    """What takes it back."""

    def less(adjusted: tuple[Adjusted, ...]) -> tuple[Adjusted, ...]:
        return tuple(replace(reason, amount=-reason.amount) for reason in adjusted)

    lines = tuple(
        replace(line, charge=-line.charge, paid=-line.paid, adjusted=less(line.adjusted)) for line in one.lines
    )
    return replace(
        one, id=UUID(int=one.id.int + 10**9), is_reversal=True, charge=-one.charge, paid=-one.paid,
        adjusted=less(one.adjusted), lines=lines, status="22",
    )  # fmt: skip


@given(st.lists(answers(), max_size=4))
def test_money_is_what_all_answers_paid_and_nothing_owed_or_taken_off_is_below_nothing(given: list[Answered]):
    standing = standing_after(given)
    assert standing.paid_in_all == sum((one.paid for one in given), Decimal(0))
    assert min([*standing.owed.values(), standing.taken_off, Decimal(0)]) == 0
    assert {one.amount > 0 or one.reason == "none" for one in standing.unpaid} <= {True}


@given(answers())
def test_what_is_taken_back_whole_leaves_only_the_money_that_is_gone(one: Answered):
    standing = standing_after([one, turned(one)])
    assert (standing.paid_in_all, standing.owed, standing.taken_off) == (Decimal(0), {}, Decimal(0))
    taken = sum((gone.amount for gone in standing.unpaid), Decimal(0))
    assert {gone.reason for gone in standing.unpaid} <= {"taken"}
    assert taken == one.paid


@given(answers(), answers(number="B"))
def test_what_a_second_payer_takes_back_leaves_what_the_first_said(first: Answered, second: Answered):
    one, two = replace(first, status="1"), replace(second, status="2", id=UUID(int=second.id.int + 10**8))
    alone, after = standing_after([one]), standing_after([one, two, turned(two)])
    if places_of([one]) == (0,):
        assert (after.owed, after.taken_off, after.paid_in_all) == (alone.owed, alone.taken_off, alone.paid_in_all)
        assert tuple(gone for gone in after.unpaid if gone.reason != "taken") == alone.unpaid
