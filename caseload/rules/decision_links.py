"""The link with which a clinician without an account decides: once, within a week, after a code sent apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LINK_DAYS: Final = 7
CODE_MINUTES: Final = 10
CODE_DIGITS: Final = 6
MOST_CODES: Final = 3
MOST_WRONG: Final = 5


class LinkState(StrEnum):
    """What became of a link."""

    OPEN = "open"
    DECIDED = "decided"
    EXPIRED = "expired"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What is stored of a link. `is_theirs`: the one to whom it was sent still treats the patient."""

    expires_at: datetime
    is_voided: bool = False
    is_decided: bool = False
    is_theirs: bool = True
    codes_sent: int = 0
    code_sent_at: datetime | None = None
    wrong_codes: int = 0

    def state(self, at: datetime) -> LinkState:
        """Its state at an instant; one that was used stays so."""
        if self.is_decided:
            return LinkState.DECIDED
        if self.is_voided or not self.is_theirs:
            return LinkState.WITHDRAWN
        if self.wrong_codes >= MOST_WRONG:
            return LinkState.LOCKED
        return LinkState.EXPIRED if at >= self.expires_at else LinkState.OPEN

    def has_code(self, at: datetime) -> bool:
        """Whether a code was sent that is good at an instant."""
        return self.code_sent_at is not None and at < self.code_sent_at + timedelta(minutes=CODE_MINUTES)

    @property
    def may_send_code(self) -> bool:
        return self.codes_sent < MOST_CODES

    @property
    def tries_left(self) -> int:
        return MOST_WRONG - self.wrong_codes


def code_from(secret: bytes) -> str:
    """Six digits from at least eight secret bytes; over so many, no digit is likelier than another."""
    return f"{int.from_bytes(secret[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def read_code(text: str) -> str:
    """The digits of what was typed, with whatever stands between them left out; empty where it is no code."""
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    return digits if len(digits) == CODE_DIGITS else ""
