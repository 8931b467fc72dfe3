"""What a 999, a 277CA or a TA1 says of files and claims, fault by fault, in codes as received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billing.rules.x12.reading import Interchange, Transaction, as_text
from billing.rules.x12.segments import Segment, Separators
from billing.rules.x12.values import day_of, fitting, money_of, names_of

KIND_999: Final = "999"
KIND_277CA: Final = "277CA"
KIND_TA1: Final = "TA1"

# Of a functional group or transaction set: taken, taken with errors noted, taken in part.
_TAKEN: Final = ("A", "E", "P")
# Claim status categories of a 277CA: received, taken on, split, forwarded.
_CLAIM_TAKEN: Final = ("A0", "A1", "A2", "A5")
_CLAIM_REFUSED: Final = ("A3", "A4", "A6", "A7", "A8", "R0", "R1", "R3", "E0", "E1", "E2", "E3", "E4", "DR")
# Older 997s name the same things otherwise.
_AS_999: Final = {"AK3": "IK3", "AK4": "IK4", "AK5": "IK5"}
_IN_999: Final = ("AK1", "AK2", "IK3", "IK4", "IK5", "AK9", "CTX")
_IN_277: Final = (
    *("BHT", "HL", "NM1", "TRN", "STC", "REF", "DTP", "DTM", "QTY", "AMT", "SVC", "PER", "N3", "N4", "DMG"),
)

_PEOPLE: Final = {"QC": "patient", "IL": "insured"}
# Levels of a 277CA: who sends, receives and provides; whose claim it is.
_OF_FILES: Final = ("20", "21", "19")
_OF_CLAIMS: Final = ("PT", "22", "23")
# How many claims of a file were taken and refused, and their charges, by segment and qualifier.
_COUNTED: Final = {
    ("QTY", "90"): "taken",
    ("QTY", "QA"): "taken",
    ("QTY", "AA"): "refused",
    ("QTY", "QC"): "refused",
    ("AMT", "YU"): "taken_charges",
    ("AMT", "YY"): "refused_charges",
}

BATCH: Final = "batch"
CLAIM: Final = "claim"
# A group that is no group of claims.
ELSE: Final = "else"


@dataclass(frozen=True, slots=True)
class Told:
    """One fault: where it is, and the payer's code for it. `element` is `5:1` for the first part of the fifth."""

    code: str
    segment: str = ""
    position: str = ""
    element: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many claims of a file were taken and refused, and for which charges, as received; empty where not said."""

    taken: str = ""
    refused: str = ""
    taken_charges: str = ""
    refused_charges: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a batch (by the number of its group or interchange) or of a claim (by its control number)."""

    kind: str
    of: str
    reference: str
    is_accepted: bool
    code: str
    detail: tuple[Told, ...] = ()
    payer_claim_number: str = ""
    said_on: date | None = None
    addressed: str = ""
    """To whom the interchange went, as ISA08 has it; empty without an envelope."""
    counts: Counts = Counts()
    names: tuple[tuple[str, str], ...] = ()
    """Of a claim: its patient as received, and below its day and charge: to find it where its number was altered."""
    service_on: date | None = None
    charge: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """All that a transaction said, and the segments that nobody understood."""

    said: tuple[Said, ...]
    unknown: tuple[str, ...] = ()


def said_of_interchanges(one: Interchange) -> tuple[Said, ...]:
    """TA1: whether the envelope of a file was taken, by the number of its interchange."""
    return tuple(
        Said(
            KIND_TA1,
            BATCH,
            fitting(ta1.at(1), 60),
            ta1.at(4) in ("A", "E"),
            fitting(ta1.at(4), 20),
            (Told(fitting(ta1.at(5), 20)),) if ta1.at(5).strip("0") else (),
            said_on=day_of(ta1.at(2)),
        )
        for ta1 in one.acknowledged
        if ta1.at(1)
    )


def said_in_999(transaction: Transaction, separators: Separators) -> Acknowledged:
    """Per transaction set whether it was taken, with each fault's segment and element.

    A group of which nothing single is said, or that was refused although its sets were taken, is told of itself.
    """
    segments = [Segment(_AS_999.get(one.tag, one.tag), one.elements) for one in transaction.segments]
    unknown = tuple(as_text(one, separators) for one in segments if one.tag not in _IN_999)
    sets = list(_sets(segments))
    group = next((one for one in segments if one.tag == "AK1"), Segment("AK1"))
    verdict = next((one.at(1) for one in segments if one.tag == "AK9"), "")
    said = [_said_of_set(group, one) for one in sets]
    refused_whole = verdict and verdict not in _TAKEN and all(one.is_accepted for one in said)
    if verdict and (not said or refused_whole):
        said.append(_of_group(group, verdict))
    return Acknowledged(tuple(said), unknown)


def _sets(segments: list[Segment]) -> Iterator[list[Segment]]:
    """From each AK2 to its IK5; a set of which the end is not said is not told of."""
    inside: list[Segment] = []
    for one in segments:
        if one.tag == "AK2":
            inside = [one]
        elif inside and one.tag in ("IK3", "IK4", "IK5"):
            inside.append(one)
            if one.tag == "IK5":
                yield inside
                inside = []


def _said_of_set(group: Segment, segments: list[Segment]) -> Said:
    return replace(_of_group(group, segments[-1].at(1)), detail=tuple(_faults(segments)))


def _of_group(group: Segment, verdict: str) -> Said:
    of = BATCH if group.at(1) in ("HC", "") else ELSE
    return Said(KIND_999, of, fitting(group.at(2), 60), verdict in _TAKEN, fitting(verdict, 20))


def _faults(segments: list[Segment]) -> Iterator[Told]:
    """Elements' faults where they are told, else the segment's, then those of the whole set."""
    segment, is_told = Segment(""), True
    for one in segments[1:]:
        if one.tag in ("IK3", "IK5") and not is_told:
            yield _of_segment(segment)
        if one.tag == "IK3":
            segment, is_told = one, False
        elif one.tag == "IK4":
            is_told = True
            yield replace(_of_segment(segment), code=fitting(one.at(3), 20), element=fitting(one.at(1), 20))
        else:
            yield from (Told(fitting(code, 20)) for code in one.elements[1:] if code)


def _of_segment(one: Segment) -> Told:
    return Told(fitting(one.at(4), 20), segment=fitting(one.at(1), 5), position=fitting(one.at(2), 10))


@dataclass(slots=True)
class _Level:
    """One status of a 277CA while it is read: whose it is, its numbers, and what was said.

    Every TRN begins one: several claims may stand in the level of one patient.
    """

    kind: str = ""
    trace: str = ""
    status: Segment | None = None
    lines: tuple[Told, ...] = ()
    line: str = ""
    is_in_line: bool = False
    payer_claim_number: str = ""
    counts: Counts = Counts()
    names: tuple[tuple[str, str], ...] = ()
    service_on: date | None = None


def said_in_277ca(transaction: Transaction, separators: Separators) -> Acknowledged:
    """Of the file as a whole (levels 20, 21 and 19) and of each claim (level PT) whether it was taken, by TRN02."""
    unknown = tuple(as_text(one, separators) for one in transaction.segments if one.tag not in _IN_277)
    levels = list(_levels(transaction.segments, separators))
    file_trace = next((one.trace for one in levels if one.kind == "21"), "")
    said: list[Said] = []
    for level in levels:
        file_trace = level.trace if level.kind == "21" else file_trace
        said.extend(_said_of(level, file_trace, separators))
    return Acknowledged(tuple(said), unknown)


def _levels(segments: Iterable[Segment], separators: Separators) -> Iterator[_Level]:
    """Each status in its order, with the level in which it stands."""
    level = _Level()
    for one in segments:
        if one.tag == "HL" or (one.tag == "TRN" and (level.trace or level.status)):
            yield level
            level = _Level(kind=one.at(3)) if one.tag == "HL" else _Level(kind=level.kind, names=level.names)
        _note(level, one, separators)
    yield level


def _note(level: _Level, one: Segment, separators: Separators) -> None:
    match one.tag:
        case "NM1" if one.at(1) in _PEOPLE:
            level.names = (*level.names, *names_of(one, _PEOPLE[one.at(1)]).items())
        case "DTP" if one.at(1) == "472" and level.service_on is None:
            level.service_on = day_of(one.at(3))
        case "TRN":
            level.trace = one.at(2)
        case "SVC":
            level.is_in_line, level.line = True, ""
        case "STC" if level.is_in_line:
            told = tuple(Told(code, line=level.line) for code in _codes(one, separators))
            level.lines = (*level.lines, *told)
        case "STC" if level.status is None or _is_refusal(one, separators):
            level.status = one
        case "REF" if one.at(1) == "1K":
            level.payer_claim_number = one.at(2)
        case "REF" if one.at(1) == "FJ" and level.is_in_line:
            level.line = fitting(one.at(2), 60)
            level.lines = tuple(replace(told, line=told.line or level.line) for told in level.lines)
        case "QTY" | "AMT" if (field := _COUNTED.get((one.tag, one.at(1)))) is not None:
            level.counts = replace(level.counts, **{field: fitting(one.at(2), 15)})


def _said_of(level: _Level, file_trace: str, separators: Separators) -> Iterator[Said]:
    """What a status comes to: of a sender or provider only a refusal, which is the file's."""
    status = level.status
    if status is None or level.kind not in (*_OF_FILES, *_OF_CLAIMS):
        return
    refused = _is_refusal(status, separators)
    if level.kind in ("19", "20") and not refused:
        return
    codes = _codes(status, separators)
    is_claim = level.kind in _OF_CLAIMS
    yield Said(
        KIND_277CA,
        CLAIM if is_claim else BATCH,
        fitting(level.trace if is_claim else file_trace or level.trace, 60),
        not refused,
        fitting(codes[0] if codes else "", 20),
        (*(Told(code) for code in codes[1:]), *level.lines),
        fitting(level.payer_claim_number, 50),
        day_of(status.at(2)),
        counts=level.counts,
        **(_to_find_it(level, status) if is_claim else {}),
    )


def _to_find_it(level: _Level, status: Segment) -> dict[str, Any]:
    charge = money_of(status.at(4)) if status.at(4) else None
    return {"names": level.names, "service_on": level.service_on, "charge": charge}


def _codes(status: Segment, separators: Separators) -> tuple[str, ...]:
    """Category and status of each of the up to three that a segment says: `A3:21`."""
    parted = (status.parts(place, separators) for place in (1, 10, 11))
    return tuple(fitting(":".join(parts[:2]), 20) for parts in parted if parts)


def _is_refusal(status: Segment, separators: Separators) -> bool:
    categories = [code.split(":")[0] for code in _codes(status, separators)]
    return any(one in _CLAIM_REFUSED for one in categories) or not any(one in _CLAIM_TAKEN for one in categories)
