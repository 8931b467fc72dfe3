"""The three questions: their words in both languages, when they may be asked, what answers add up to."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest

from outcomes.rules.asking import (
    KEYS,
    WORDS,
    Said,
    Words,
    end_of_quarter,
    is_open,
    language_of,
    may_be_asked_from,
    message,
    quarter_of,
    quarter_words,
    quarters_until,
    said_of,
)

AT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def test_both_languages_say_everything() -> None:
    said = {key: [getattr(words, field.name) for field in fields(Words)] for key, words in WORDS.items()}
    assert [len(every) for every in said.values()] == [len(fields(Words))] * 2
    assert [every for every in said.values() if not all(every)] == []
    assert [tuple(words.questions) for words in WORDS.values()] == [KEYS, KEYS]
    assert [one for one, other in zip(*said.values(), strict=True) if one == other] == []


@pytest.mark.parametrize("language", list(WORDS))
def test_a_message_says_nothing_of_the_program(language: str) -> None:
    text = WORDS[language].subject + message(language, link="https://here/x/abc/", until=date(2026, 3, 16))
    words = ("behavior", "conduct", "depres", "psych", "psiqui", "mental", "program", "ansie", "anxi")
    assert [word for word in words if word in text.casefold()] == []
    assert [text.count(part) for part in ("https://here/x/abc/", "988", "911")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("language", "day"), [("en", "until 03/16/2026"), ("es", "hasta el 16/03/2026")], ids=["en", "es"]
)
def test_the_day_is_written_as_the_language_does(language: str, day: str) -> None:
    assert message(language, link="", until=date(2026, 3, 16)).count(day) == 1


def test_nobody_is_asked_twice_in_ninety_days() -> None:
    assert may_be_asked_from(date(2026, 1, 1)) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("seconds", "is_answered", "is_voided", "is_now_open"),
    [(1, False, False, True), (0, False, False, False), (1, True, False, False), (1, False, True, False)],
)
def test_a_link_is_open_until_it_expires_or_is_answered(
    seconds: int, is_answered: bool, is_voided: bool, is_now_open: bool
) -> None:
    expires_at = AT + timedelta(seconds=seconds)
    assert is_open(at=AT, expires_at=expires_at, is_answered=is_answered, is_voided=is_voided) is is_now_open


@pytest.mark.parametrize(
    ("spoken", "language"), [("Spanish", "es"), (" español", "es"), ("es", "es"), ("", "en"), ("Hmong", "en")]
)
def test_who_speaks_spanish_is_asked_in_it(spoken: str, language: str) -> None:
    assert language_of(spoken) == language


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 1, 1), date(2026, 1, 1)),
        (date(2026, 3, 31), date(2026, 1, 1)),
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2026, 10, 1)),
    ],
)
def test_quarters(day: date, first: date) -> None:
    assert quarter_of(day) == first


def test_quarters_follow_each_other() -> None:
    quarters = quarters_until(date(2026, 2, 3), 3)
    assert quarters == [date(2026, 1, 1), date(2025, 10, 1), date(2025, 7, 1)]
    assert [end_of_quarter(one) for one in quarters] == [date(2026, 4, 1), date(2026, 1, 1), date(2025, 10, 1)]
    assert quarter_words(quarters[1]) == "October to December 2025"


@pytest.mark.parametrize(
    ("answers", "mean", "share"),
    [([], "n/a", "n/a"), ([5, 4, 4], "4.3", "100.0 %"), ([1, 2], "1.5", "0.0 %"), ([3, 3, 3, 4], "3.3", "25.0 %")],
)
def test_answers_together(answers: list[int], mean: str, share: str) -> None:
    said = said_of(answers)
    assert (said.mean, said.share) == (mean, share)
    assert said == Said(len(answers), sum(answers), sum(one > 3 for one in answers))
