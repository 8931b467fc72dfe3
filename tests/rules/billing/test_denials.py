"""What reasons deny and what patients owe, and until when a denial can be set right."""

from datetime import date
from decimal import Decimal

import pytest

from billing.rules.denials import REASONS, Adjusted, AnswerDays, Step, decided, last_day, reason_of


def money(text: str) -> Decimal:
    return Decimal(text)


def adjusted(*reasons: tuple[str, str, str]) -> tuple[Adjusted, ...]:
    return tuple(Adjusted(group, reason, money(amount)) for group, reason, amount in reasons)


@pytest.mark.parametrize(
    ("paid", "reasons", "expected", "share"),
    [
        ("0", [("CO", "97", "170")], ("CO", "97", "170"), "0"),
        ("0", [("CO", "45", "44.35"), ("CO", "97", "125.65")], ("CO", "97", "125.65"), "0"),
        ("0", [("CO", "B20", "50"), ("PI", "119", "120")], ("PI", "119", "170"), "0"),
        ("0", [("CO", "45", "170")], ("CO", "45", "170"), "0"),
        ("0", [], ("", "none", "170"), "0"),
        ("0", [("CO", "999", "170")], ("CO", "999", "170"), "0"),
        ("125.65", [("CO", "45", "44.35")], None, "0"),
        ("125.65", [("CO", "253", "2.56"), ("PR", "2", "31")], None, "31"),
        ("60", [("CO", "151", "110")], ("CO", "151", "110"), "0"),
        ("60", [("CO", "999", "110")], None, "0"),
        # A share of the cost is no denial; every other reason of the patient's group is one, and no share.
        ("0", [("PR", "1", "125.65"), ("CO", "45", "44.35")], None, "125.65"),
        ("0", [("PR", "3", "170")], None, "170"),
        ("0", [("PR", "66", "170")], None, "170"),
        ("0", [("PR", "187", "170")], None, "170"),
        ("0", [("PR", "241", "170")], None, "170"),
        *(
            ("0", [("PR", reason, "170")], ("PR", reason, "170"), "0")
            for reason in ("22", "26", "27", "31", "96", "109", "119", "204", "999")
        ),
        ("0", [("PR", "1", "75"), ("PR", "96", "95")], ("PR", "96", "95"), "75"),
        ("0", [("PR", "1", "75"), ("CO", "97", "95")], ("CO", "97", "95"), "75"),
        ("0", [("PR", "1", "75"), ("PR", "45", "95")], None, "170"),
        ("0", [("PR", "45", "170")], ("PR", "45", "170"), "0"),
        ("100", [("PR", "204", "70")], ("PR", "204", "70"), "0"),
        ("100", [("PR", "2", "40"), ("PR", "45", "30")], None, "70"),
        ("100", [("PR", "2", "40"), ("PR", "999", "30")], None, "70"),
    ],
)
def test_a_line_is_denied_for_the_reason_that_takes_most_unless_the_patient_owes_a_share(
    paid: str, reasons: list[tuple[str, str, str]], expected: tuple[str, str, str] | None, share: str
):
    found = decided(money("170"), money(paid), adjusted(*reasons))
    assert found.denied == (None if expected is None else Adjusted(expected[0], expected[1], money(expected[2])))
    assert found.share == money(share)


@pytest.mark.parametrize(
    ("reasons", "had_before", "expected", "share"),
    [
        ([("OA", "23", "170")], "125", None, "0"),
        ([("OA", "23", "140"), ("CO", "45", "30")], "125", None, "0"),
        ([("OA", "23", "140"), ("PR", "1", "30")], "125", None, "30"),
        ([("OA", "23", "140"), ("PR", "45", "30")], "125", None, "30"),
        ([("OA", "23", "140"), ("CO", "999", "30")], "125", None, "0"),
        ([("OA", "23", "140"), ("CO", "27", "30")], "125", ("CO", "27", "30"), "0"),
        ([("OA", "23", "140"), ("PR", "204", "30")], "125", ("PR", "204", "30"), "0"),
        ([("OA", "23", "45"), ("CO", "999", "125")], "0", ("CO", "999", "125"), "0"),
        ([("OA", "23", "170")], "0", None, "0"),
        ([], "125", None, "0"),
    ],
)
def test_a_later_payer_denies_only_by_a_reason_that_denies(
    reasons: list[tuple[str, str, str]], had_before: str, expected: tuple[str, str, str] | None, share: str
):
    found = decided(money("170"), money("0"), adjusted(*reasons), had_before=money(had_before))
    assert found.denied == (None if expected is None else Adjusted(expected[0], expected[1], money(expected[2])))
    assert found.share == money(share)


def test_what_the_payer_calls_denied_is_no_share_whatever_reason_it_gives():
    found = decided(money("170"), money("0"), adjusted(("PR", "1", "125"), ("CO", "45", "45")), is_refused=True)
    assert (found.denied, found.share) == (Adjusted("PR", "1", money("125")), money("0"))
    assert decided(money("0"), money("0"), (), is_refused=True).denied is None


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
    assert reason_of("1").meaning == "Called denied, for a share of the cost"
