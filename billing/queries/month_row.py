"""One patient's month as lists of a month show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.queries.claims import ClaimedMonth, CodeUnits
from billing.queries.frozen import FrozenAsk, asked_after_close
from billing.rules.closing import NOTHING_TOLD, FrozenLine, OnClaim, asks_otherwise
from billing.rules.decisions import Release
from billing.rules.expected import ExpectedAmount, added
from billing.rules.findings import Flag, Gap, Line, NextStep
from billing.rules.stakes import NOTHING, Stakes
from billing.rules.words import rests_on_unseen


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One patient's month as the page shows it. Amounts are None where unknown, zero where nothing bills."""

    episode_id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    clinic_id: UUID
    clinic: str
    payer: str
    payer_note: str
    minutes: int
    logged_minutes: int
    verdict_lines: tuple[Line, ...]
    refusal: str
    gaps: tuple[Gap, ...]
    flags: tuple[Flag, ...]
    next_step: NextStep | None
    amount: Decimal | None
    held_entries: int
    claimed: ClaimedMonth | None
    stakes: Stakes = NOTHING
    missed: Stakes = NOTHING
    payer_id: UUID | None = None
    care_manager_id: UUID | None = None
    release: Release | None = None
    closed: FrozenAsk | None = None
    on_claim: OnClaim = NOTHING_TOLD
    of_lines: tuple[ExpectedAmount, ...] = ()

    @property
    def expected(self) -> ExpectedAmount:
        """What all lines together are expected to bring, where the page was asked for it."""
        return added(self.of_lines)

    @property
    def asked_lines(self) -> Sequence[Line | FrozenLine]:
        """What is asked of the payer after a coder's decision, or would be once nothing holds it back; of a closed
        month what was frozen.
        """
        if self.closed is not None:
            return self.closed.lines
        if self.refusal:
            return ()
        if self.release is None:
            return self.verdict_lines
        return () if self.release.is_not_billed else self.release.would_ask

    @property
    def asks_now(self) -> tuple[FrozenLine, ...]:
        """What a closed month would ask for as it stands."""
        if self.refusal:
            return ()
        is_asked = self.closed is not None and bool(self.closed.lines)
        lines = self.verdict_lines if self.release is None else asked_after_close(self.release, is_asked)
        return tuple(FrozenLine(line.code, line.units, line.amount) for line in lines)

    @property
    def is_closed_otherwise(self) -> bool:
        """Whether the month is closed and would ask something else, or somebody else, as it stands."""
        if self.closed is None:
            return False
        is_other_payer = bool(self.closed.lines) and self.closed.payer_id != self.payer_id
        return is_other_payer or asks_otherwise(self.closed.lines, self.asks_now)

    @property
    def lines(self) -> CodeUnits:
        return tuple((line.code, line.units) for line in self.asked_lines or self.verdict_lines)

    @property
    def bills(self) -> bool:
        return bool(self.asked_lines)

    @property
    def is_held_back(self) -> bool:
        """Whether a release check or a coder keeps it from being claimed."""
        if self.closed is not None and self.closed.lines:
            return False
        return self.release is not None and self.release.is_held and self.claimed is None and not self.refusal

    @property
    def is_changed(self) -> bool:
        """Whether the month would now be claimed otherwise than it was; closed, whether it asks otherwise by now."""
        if self.claimed is None:
            return False
        now = self.lines if self.bills else ()
        return self.claimed.lines != now

    @property
    def is_time_changed(self) -> bool:
        """Whether the claim rests on other minutes than those of now, though it would be made for the same lines."""
        now = self.minutes if self.closed is None else self.closed.minutes
        return self.claimed is not None and not self.is_changed and self.claimed.minutes not in (None, now)

    @property
    def has_remarks(self) -> bool:
        is_other = self.is_changed or self.is_time_changed or self.is_closed_otherwise
        is_stopped = self.release is not None and bool(self.release.chip)
        return bool(self.gaps or self.flags or self.refusal or self.held_entries or is_other or is_stopped)

    @property
    def is_claimable(self) -> bool:
        """Whether a claim can be made of it; a closed month's payer is the one that it asks."""
        if self.closed is not None and self.closed.payer_id != self.payer_id:
            return False
        return self.bills and self.claimed is None and not self.is_held_back

    @property
    def rests_on_unseen(self) -> bool:
        return rests_on_unseen(flag.word for flag in self.flags)

    @property
    def changed_words(self) -> str:
        if self.claimed is None:
            return ""
        if self.closed is not None:
            return "Claimed otherwise: corrected claim needed"
        return f"Changed since batch {self.claimed.batch_number}"

    @property
    def claimed_time_words(self) -> str:
        return f"Claimed with {self.claimed.minutes} minutes" if self.claimed is not None else ""

    @property
    def held_words(self) -> str:
        return "1 entry held" if self.held_entries == 1 else f"{self.held_entries} entries held"
