"""How a claim is corrected or taken back, by where it is."""

import pytest

from billing.rules.claim_ways import Way, way_of


@pytest.mark.parametrize(
    ("is_test", "is_filed", "is_kept", "filing_code", "way"),
    [
        (True, True, True, "CI", Way.NONE),
        (True, True, False, "MB", Way.NONE),
        (False, False, False, "", Way.TABLE),
        (False, False, False, "MB", Way.TABLE),
        (False, True, False, "CI", Way.ANEW),
        (False, True, False, "MB", Way.ANEW),
        (False, True, True, "MB", Way.REOPENING),
        (False, True, True, "CI", Way.FILE),
        (False, True, True, "MC", Way.FILE),
        (False, True, True, "16", Way.FILE),
    ],
)
def test_by_where_it_is(is_test: bool, is_filed: bool, is_kept: bool, filing_code: str, way: Way):
    assert way_of(is_test=is_test, is_filed=is_filed, is_kept=is_kept, filing_code=filing_code) == way
