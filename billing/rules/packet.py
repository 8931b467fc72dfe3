"""What a packet prints: everything that would answer an auditor for one patient's month, and its fingerprint.

Totals and dates, never what somebody wrote about the patient or answered: billing sees no more than it needs
(45 CFR 164.502(b)). Equal facts have an equal fingerprint, whoever prints them and whenever.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billing.rules import canonical
from billing.rules.findings import Verdict

PACKET_VERSION = 2
# What stands in a packet for billing where somebody wrote a reason in their own words.
ON_RECORD = "Reason on record."
HOW_ON_RECORD = "how is on record"

# A mark is short and stands in a short stream; whoever sends a file made to swell gets no further.
MOST_OF_A_STREAM = 64 * 1024
MOST_IN_ALL = 64 * 1024 * 1024
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_MARK = re.compile(rb"bhi-packet:([0-9a-f]{64})")

CodeUnits = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose month it is, where, and who answers for it."""

    organization: str
    clinic: str
    zone: str
    month: str
    patient: str
    mrn: str
    born_on: date
    program: str
    enrolled_on: date
    ended_on: date | None
    clinician: str
    clinician_npi: str
    payer: str


@dataclass(frozen=True, slots=True)
class ConsentOn:
    """A consent: to what, when, in which form, to whose care, and who asked. Only the day may be known."""

    service: str
    given_at: datetime
    is_time_known: bool
    form: str
    given_by: str
    clinician: str
    taken_by: str
    revoked_on: date | None


@dataclass(frozen=True, slots=True)
class VisitOn:
    """A visit before or in the month."""

    on: date
    code: str
    with_whom: str


@dataclass(frozen=True, slots=True)
class DiagnosisOn:
    """A diagnosis, and who confirmed it, when and how; nobody where `confirmed_on` is None."""

    code: str
    from_on: date | None
    confirmed_on: date | None
    confirmed_by: str
    confirmed_how: str


@dataclass(frozen=True, slots=True)
class ScoreOn:
    """A rating scale's total; None where too much was missing. Never its answers."""

    scale: str
    on: date
    total: int | None
    by_patient: bool


@dataclass(frozen=True, slots=True)
class PlanOn:
    """A version of the care plan, and who signed it off."""

    number: int | None
    on: date
    is_assumed: bool
    signed_by: str
    signed_on: date | None


@dataclass(frozen=True, slots=True)
class EntryOn:
    """A time entry, or the part of it that lies in the month, and what became of it."""

    on: date
    starts_at: datetime | None
    ends_at: datetime | None
    who: str
    credential: str
    role: str
    activity: str
    service: str
    seconds: int
    counted_seconds: int
    sentence: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An entry of the month that was taken back or replaced: why, by whom, when."""

    on: date | None
    seconds: int
    who: str
    because: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Excluded:
    """Seconds of the month that do not count, for one reason."""

    reason: str
    seconds: int


@dataclass(frozen=True, slots=True)
class StepOn:
    """What became of a recommendation on a day."""

    word: str
    on: date


@dataclass(frozen=True, slots=True)
class AdviceOn:
    """A recommendation by its kind, with what became of it. Never its words."""

    number: int
    kind: str
    steps: tuple[StepOn, ...]


@dataclass(frozen=True, slots=True)
class ReviewOn:
    """A psychiatric review of the patient, by whom, and its recommendations."""

    on: date
    consultant: str
    signed_at: datetime | None
    advice: tuple[AdviceOn, ...]


@dataclass(frozen=True, slots=True)
class CheckOn:
    """A release check that the month did not pass, whether it held it, and what was found."""

    title: str
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class DecisionOn:
    """What a coder decided."""

    kind: str
    because: str
    lines: CodeUnits
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FrozenOn:
    """The month as it was closed (number 1) or corrected since: what it asks for, by whom, when and why."""

    number: int
    at: datetime
    by: str
    because: str
    lines: CodeUnits
    minutes: int


@dataclass(frozen=True, slots=True)
class LateOn:
    """Something written into the closed month all the same."""

    kind: str
    because: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CloseOn:
    """The close of the month with its corrections and what came after it."""

    closed_at: datetime
    closed_by: str
    rows: tuple[FrozenOn, ...]
    late: tuple[LateOn, ...]


@dataclass(frozen=True, slots=True)
class AnswerOn:
    """What a payer or clearinghouse said of a claim, with its money where it is a payment."""

    on: date | None
    kind: str
    said: str
    charge: Decimal | None = None
    paid: Decimal | None = None
    patient_owes: Decimal | None = None
    adjustments: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimOn:
    """A claim for the month, and every answer to it, in order."""

    name: str
    control_number: str
    frequency: str
    batch: int
    made_at: datetime
    made_by: str
    service_on: date
    lines: CodeUnits
    charge: Decimal | None
    is_superseded: bool
    answers: tuple[AnswerOn, ...]


@dataclass(frozen=True, slots=True)
class Minutes:
    """The month's time: what was logged and counts, in seconds, and where the entries say otherwise by now."""

    logged_seconds: int
    counted_seconds: int
    minutes: int
    remark: str


@dataclass(frozen=True, slots=True)
class PacketMonth:
    """Everything about one patient's month. `close` is None where the month is not closed: then it is live.

    `asks` is what is asked of the payer; `refusal` says why nothing is.
    """

    heading: Heading
    asks: CodeUnits
    refusal: str
    verdict: Verdict | None
    minutes: Minutes
    consents: tuple[ConsentOn, ...]
    visits: tuple[VisitOn, ...]
    diagnoses: tuple[DiagnosisOn, ...]
    scores: tuple[ScoreOn, ...]
    plans: tuple[PlanOn, ...]
    entries: tuple[EntryOn, ...]
    taken_back: tuple[TakenBack, ...]
    excluded: tuple[Excluded, ...]
    reviews: tuple[ReviewOn, ...]
    checks: tuple[CheckOn, ...]
    decisions: tuple[DecisionOn, ...]
    close: CloseOn | None
    claims: tuple[ClaimOn, ...]


@dataclass(frozen=True, slots=True)
class PacketContent:
    """What one part of a packet prints: one patient's month, or some of those of a batch in its order.

    `tells_reasons`: also what people wrote as reasons, for those who may see the chart.
    """

    months: tuple[PacketMonth, ...]
    batch: int | None = None
    version: int = PACKET_VERSION
    part: int = 1
    parts: int = 1
    tells_reasons: bool = False


EXCLUDED_WORDS = {
    "held": "Held: overlaps another patient’s time",
    "role_never_counts": "Time of a role that never counts",
    "scheduling": "Scheduling",
    "billed_as": "Billed as another service",
    "facility": "During a facility stay",
    "before_episode": "Before the program began",
    "after_end": "After the program ended",
    "no_consent": "Without consent on file",
    "before_consent": "Before consent",
    "after_revocation": "After consent was withdrawn",
    "no_consent_all_day": "No clock time on a day on which consent did not hold throughout",
    "overlaps_billed": "Under a separately billed service",
    "overlaps_same_patient": "The same minutes as another entry",
    "overlaps_bhi": "Minutes that count elsewhere",
}


def fingerprint(content: PacketContent) -> str:
    """sha256 of the content's canonical JSON, in hexadecimal."""
    return canonical.sha256(content)


def fingerprint_of(parts: Sequence[str]) -> str:
    """The hash of a whole packet, from those of its parts in order: of one part, that part's own."""
    return parts[0] if len(parts) == 1 else canonical.sha256(list(parts))


def excluded_sums(reasons: Iterable[tuple[str, int]]) -> tuple[Excluded, ...]:
    """Seconds that do not count, added up by reason (a word and seconds each), the most first."""
    sums: dict[str, int] = {}
    for word, seconds in reasons:
        sums[word] = sums.get(word, 0) + seconds
    ordered = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Excluded(EXCLUDED_WORDS.get(word, word), seconds) for word, seconds in ordered)


def mark_of(pdf: bytes) -> str:
    """The content hash that a PDF says it has, in its own words about itself; empty where it says none.

    It proves nothing: anybody may write it. Streams are read from the last to the first, each and all within limits.
    """
    found = _MARK.search(pdf)
    left = MOST_IN_ALL
    for stream in reversed(list(_STREAM.finditer(pdf))) if found is None else ():
        plain = _unpacked(stream[1])
        found, left = _MARK.search(plain), left - len(plain)
        if found is not None or left <= 0:
            break
    return found[1].decode() if found is not None else ""


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream, MOST_OF_A_STREAM)
    except zlib.error:
        return b""
