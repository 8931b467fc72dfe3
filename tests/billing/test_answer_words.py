"""How a payer's reasons are said on the pages of answers."""

from decimal import Decimal

import pytest

from billing.templatetags.answer_words import less_words


@pytest.mark.parametrize(
    ("group", "reason", "expected"),
    [
        ("PR", "1", "PR-1 deductible: $40.00"),
        ("PR", "66", "PR-66 owed by the patient: $40.00"),
        ("PR", "27", "PR-27 the day is after the coverage ended: $40.00"),
        ("PR", "999", "PR-999 put on the patient: $40.00"),
        ("OA", "23", "OA-23 settled by the payer before this one: $40.00"),
        ("CO", "97", "CO-97 the payer sees this as part of another service: $40.00"),
        ("CO", "999", "CO-999: $40.00"),
    ],
)
def test_a_reason_is_said_in_plain_words_and_only_a_share_as_owed(group: str, reason: str, expected: str) -> None:
    assert less_words((group, reason, Decimal("40.00"))) == expected
