"""What becomes of a clinician's link, and its codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caseload.rules.decision_links import LinkFacts, code_from, read_code

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
LATER = AT + timedelta(days=7)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "open"),
        ({"wrong_codes": 4}, "open"),
        ({"wrong_codes": 5}, "locked"),
        ({"expires_at": AT}, "expired"),
        ({"is_voided": True}, "withdrawn"),
        ({"is_theirs": False}, "withdrawn"),
        ({"is_decided": True, "is_voided": True, "expires_at": AT}, "decided"),
    ],
)
def test_what_became_of_it(facts: dict[str, Any], state: str) -> None:
    assert LinkFacts(**{"expires_at": LATER, **facts}).state(AT) == state


def test_a_code_is_good_for_ten_minutes_and_sent_three_times() -> None:
    sent = LinkFacts(LATER, codes_sent=2, code_sent_at=AT, wrong_codes=3)
    assert (sent.has_code(AT), sent.has_code(AT + timedelta(minutes=10)), LinkFacts(LATER).has_code(AT)) == (1, 0, 0)
    assert (sent.may_send_code, LinkFacts(LATER, codes_sent=3).may_send_code, sent.tries_left) == (True, False, 2)


def test_codes_have_six_digits() -> None:
    assert code_from(bytes(8)) == "000000"
    assert code_from(bytes(7) + b"\x07" + b"rest") == "000007"
    assert read_code(" 123-456 ") == "123456"
    assert [read_code(text) for text in ("12345", "1234567", "abcdef", "१२३४५६")] == [""] * 4
