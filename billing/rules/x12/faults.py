"""What keeps a file of claims from leaving: each fault with a sentence, its field, and where it is mended.

Clearinghouses and both validators of the test suite find what breaks the format. These checks find what they do not
see, so that a claim comes back from nobody weeks later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from billing.rules.x12 import claim_checks, head_checks, program_checks
from billing.rules.x12.filed import ClaimFile, FiledClaim
from billing.rules.x12.found import Found
from billing.rules.x12.layout import Block, blocks
from billing.rules.x12.writing import Written, written


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `kind` and `object_id` say on whose page (`provider`, `receiver`, `route`, `patient`,
    `coverage`, `clinician`, `clinic`, `site`, which is its address, `diagnoses`, `consent`, `month`, `fees`, `claim`,
    or `product`, which nobody but its makers mends). `claim` is the place in the file; None where the whole file is
    stopped.
    """

    word: str
    sentence: str
    field: str
    kind: str
    object_id: str = ""
    claim: int | None = None


def faults_of(file: ClaimFile) -> tuple[Fault, ...]:
    """Everything that keeps the file or a claim of it from leaving, the head's first. Empty: it may leave."""
    return faults_in(file, written(file))


def faults_in(file: ClaimFile, segments: Iterable[Written]) -> tuple[Fault, ...]:
    """The same of segments that were written for the file already."""
    return tuple(_fault(file, block.claim, one) for block in blocks(segments) for one in _of_block(file, block))


def _of_block(file: ClaimFile, block: Block) -> Iterator[Found]:
    if block.claim is None:
        yield from head_checks.found_in(block, file.head)
        return
    claim = file.claims[block.claim]
    yield from claim_checks.found_in(block, claim, file.head)
    yield from program_checks.found_in(claim)


def _fault(file: ClaimFile, place: int | None, one: Found) -> Fault:
    object_id = "" if place is None else _object(file.claims[place], one.kind)
    return Fault(one.word, one.sentence, one.field, one.kind, object_id, place)


def _object(claim: FiledClaim, kind: str) -> str:
    ids = claim.ids
    return {
        "patient": ids.patient,
        "coverage": ids.patient,
        "consent": ids.patient,
        "part_two": ids.patient,
        "diagnoses": ids.patient,
        "month": ids.episode,
        "clinician": ids.clinician,
        "clinic": ids.clinic,
        "site": ids.clinic,
        "route": ids.payer,
    }.get(kind, "")
