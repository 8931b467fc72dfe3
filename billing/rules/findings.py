"""What a verdict says: lines, gaps, flags, what was considered, and the next step. Plain frozen values."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule was read."""

    key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Which book set a field, and on whose word.

    `evidence` is `read` (in the source), `derived` (by arithmetic or logic from it) or `recalled`
    (unverified); `confidence` is stated for what was not read.
    """

    book: str
    field: str
    sources: tuple[Source, ...]
    evidence: str
    confidence: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that the month supports. `amount` is the national amount of all its units, None where
    unknown.
    """

    code: str
    units: int
    label: str
    because: str
    amount: Decimal | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a month bills nothing, or less than its minutes would; and what would close it."""

    word: str
    sentence: str
    closes: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Flag:
    """Billable, but a coder should look."""

    word: str
    sentence: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Considered:
    """One candidate, in order, and why it did not hold.

    `needed_minutes` is its threshold (None: any counting time), `minutes` what the month has of its kind,
    `missing` the gaps it would have, `outcome` one of `bills`, `held`, `missing`, `not_covered`,
    `not_reached`, `not_needed`.
    """

    code: str
    label: str
    needed_minutes: int | None
    minutes: int
    missing: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """The nearest better line: its code and units, the whole minutes still missing, and what it would add."""

    code: str
    units: int
    minutes: int
    amount_more: Decimal | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one month may bill, and why; and what is missing.

    `minutes` are those of the program that bills, `month_type` is `initial` or `subsequent`, `served` says
    whether any CoCM second counted. `book_sha256` pins the book with all that it extends.
    """

    month: str
    minutes: int
    lines: tuple[Line, ...]
    gaps: tuple[Gap, ...]
    flags: tuple[Flag, ...]
    considered: tuple[Considered, ...]
    next_step: NextStep | None
    month_type: str
    served: bool
    book_id: str
    book_sha256: str

    @property
    def amount(self) -> Decimal | None:
        """The national amount of all lines; None as soon as one is unknown."""
        amounts = [line.amount for line in self.lines]
        return None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0))
