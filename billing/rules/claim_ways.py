"""How a claim is corrected or taken back, by where it is: pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from billing.rules.x12.claim_checks import MEDICARE_PART_B

# The remark that returns a claim as one that could not be processed.
UNPROCESSABLE: Final = "MA130"


class Way(StrEnum):
    """How a correction or an end reaches whoever keeps the claim."""

    NONE = "none"
    ANEW = "anew"
    FILE = "file"
    REOPENING = "reopening"
    TABLE = "table"


def way_of(*, is_test: bool, is_filed: bool, is_kept: bool, filing_code: str) -> Way:
    """NONE of a test: no payer keeps it. TABLE of what was keyed: where it was keyed, it is corrected. ANEW of what no
    payer kept: a correction is a first claim again, and nobody needs telling of an end. REOPENING of what Medicare
    Part B keeps. FILE of all else: frequency 7 replaces, 8 takes back.

    Medicare's contractors take professional claims with frequency 1 only. What they decided is corrected by a
    reopening (42 CFR 405.980; Claims Processing Manual, chapter 34), what was paid too much is reported and returned
    (42 CFR 401.305), and what was returned as unprocessable is sent as a new claim (chapter 1, section 80.3).
    Regulation and manual are sources; that the contractors' edit refuses 7 and 8 is recalled from the trade, and not
    checked against their edit list.
    """
    if is_test:
        return Way.NONE
    if not is_filed:
        return Way.TABLE
    if not is_kept:
        return Way.ANEW
    return Way.REOPENING if filing_code == MEDICARE_PART_B else Way.FILE
