"""Which program an episode is in on a day."""

from datetime import date

import pytest

from registry.rules.programs import consent_words, month_advice, program_on

PERIODS = ((date(2026, 2, 2), "bhi"), (date(2026, 3, 15), "cocm"))


@pytest.mark.parametrize(
    ("day", "program"),
    [
        (date(2026, 1, 31), "bhi"),
        (date(2026, 2, 2), "bhi"),
        (date(2026, 3, 14), "bhi"),
        (date(2026, 3, 15), "cocm"),
        (date(2030, 1, 1), "cocm"),
    ],
)
def test_the_last_period_begun_holds_and_the_first_also_before_it(day, program):
    assert program_on(PERIODS, day) == program


def test_without_periods_no_program_is_known():
    assert program_on((), date(2026, 2, 2)) == ""


@pytest.mark.parametrize(
    ("given_on", "to", "mentions", "expected"),
    [
        (None, "cocm", True, ("No consent on record: ask before minutes count", False)),
        (date(2026, 3, 2), "cocm", True, ("Consent of Mar 2, 2026", True)),
        (
            date(2026, 3, 2),
            "cocm",
            False,
            ("Consent of Mar 2, 2026; its words do not mention a psychiatric consultant: ask again", False),
        ),
        (date(2026, 3, 2), "bhi", False, ("Consent of Mar 2, 2026", True)),
    ],
)
def test_what_consent_says_to_a_move(
    given_on: date | None, to: str, mentions: bool, expected: tuple[str, bool]
) -> None:
    assert consent_words(given_on, to=to, mentions_consultant=mentions) == expected


def test_the_first_of_a_month_is_advised() -> None:
    assert month_advice(date(2026, 3, 1)) == "The whole month counts for the new program."
    assert "Choose the first of a month" in month_advice(date(2026, 3, 2))
