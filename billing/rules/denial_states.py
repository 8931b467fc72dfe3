"""What may become of a denial, and through whom: pure.

The words are those of `DenialState`. What was paid after all or answered anew is settled by an answer; only another
answer changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

OPEN: Final = "open"
CORRECTED: Final = "corrected"
APPEALED: Final = "appealed"
WRITTEN_OFF: Final = "written_off"
PAID: Final = "paid"
SUPERSEDED: Final = "superseded"

STATES: Final = (OPEN, CORRECTED, APPEALED, WRITTEN_OFF, PAID, SUPERSEDED)


class Through(StrEnum):
    """What moves a denial: a person who works it, a claim sent in its claim's place, what the receiver says of that
    one, a payer's answer.
    """

    PERSON = "person"
    CLAIM = "claim"
    RECEIPT = "receipt"
    ANSWER = "answer"


_WORKED = frozenset({OPEN, CORRECTED, APPEALED, WRITTEN_OFF})
# What somebody wrote off is not brought up again by another refusal, but is paid when money comes.
_MOVES: Final[Mapping[Through, Mapping[str, frozenset[str]]]] = {
    Through.PERSON: dict.fromkeys((OPEN, CORRECTED, APPEALED, WRITTEN_OFF), _WORKED),
    Through.CLAIM: {CORRECTED: frozenset({OPEN, APPEALED})},
    # What was sent in place of a denied claim was rejected: nobody will answer it.
    Through.RECEIPT: {OPEN: frozenset({CORRECTED})},
    Through.ANSWER: {PAID: _WORKED, SUPERSEDED: frozenset({OPEN, CORRECTED, APPEALED, PAID})},
}


def may_become(through: Through, before: str, after: str) -> bool:
    """Whether a denial that stands as `before` may be made `after`. To stay as it is, is no move."""
    return before != after and before in _MOVES[through].get(after, ())
