"""Which of an organization's batches, claims and lines an answer means. Another organization's numbers mean nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from django.db.models import Q

from billing.models import Batch, Claim, ClaimLine
from billing.rules.x12.acknowledgements import BATCH, CLAIM, KIND_277CA, Said
from billing.rules.x12.numbers import dressed, is_nearly, looks_ours
from billing.rules.x12.remittances import PaidLine

# BHT03 of our files; a 277CA gives it back.
_BATCH_NAME: Final = re.compile(r"BATCH0*([0-9]{1,9})\Z", re.IGNORECASE)
_NUMBER: Final = re.compile(r"0*([0-9]{1,9})\Z")
_BATCHES: Final = ("id", "number", "interchange_number", "receiver__sender_id")
_LINES: Final = ("id", "claim_id", "code", "control_number")

Line = tuple[UUID, UUID, str, str]


def claims_by_number(organization_id: UUID, numbers: Collection[str], *, with_tests: bool = False) -> dict[str, UUID]:
    """The claim of each control number (in capitals) that is one of ours. One statement.

    A number that nobody has letter for letter, but that is built as ours are, is put in our dress and looked for so:
    numbers are found in the index that keeps them apart. Claims of test files only `with_tests`: no payer keeps them,
    so money is never theirs.
    """
    wanted = {number.upper() for number in numbers if number}
    # Said for Postgres: of more than a hundred numbers it does not see by itself that the index holds them all.
    rows = Claim.objects.filter(organization_id=organization_id).exclude(control_number="")
    if not with_tests:
        rows = rows.filter(batch__is_test=False)
    ours = {number: dressed(number) for number in wanted if looks_ours(number)}
    found = dict(rows.filter(control_number__in=wanted.union(ours.values())).values_list("control_number", "id"))
    return {number: claim_id for number in wanted if (claim_id := found.get(number) or found.get(ours.get(number, "")))}


def batches_of(organization_id: UUID, said: Iterable[Said]) -> dict[Said, UUID]:
    """The file of claims that each acknowledgement of files means. One statement.

    999 and TA1 give back the number of our interchange, a 277CA the name of the batch. Such numbers are short and
    count up with everybody: one that was addressed to another sender is not ours, whatever its number.
    """
    numbers = {one: _number(one) for one in said if one.of == BATCH}
    wanted = {number for number in numbers.values() if number is not None}
    either = Q(interchange_number__in=wanted) | Q(number__in=wanted)
    rows = Batch.objects.filter(either, organization_id=organization_id, interchange_number__isnull=False)
    by_name: dict[int | None, tuple[UUID, str]] = {}
    by_interchange: dict[int | None, tuple[UUID, str]] = {}
    for batch_id, number, interchange, sender in rows.values_list(*_BATCHES):
        by_name[number] = by_interchange[interchange] = (batch_id, (sender or "").upper())
    found: dict[Said, UUID] = {}
    for one, number in numbers.items():
        meant = (by_name if one.kind == KIND_277CA else by_interchange).get(number)
        if meant is not None and one.addressed.upper() in ("", meant[1]):
            found[one] = meant[0]
    return found


def _number(one: Said) -> int | None:
    found = (_BATCH_NAME if one.kind == KIND_277CA else _NUMBER).match(one.reference)
    return int(found[1]) if found else None


def said_claims(organization_id: UUID, said: Iterable[Said]) -> dict[str, UUID]:
    """The claims that acknowledgements name, those of test files too. One statement."""
    return claims_by_number(organization_id, {one.reference for one in said if one.of == CLAIM}, with_tests=True)


def lines_of(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, list[Line]]:
    """What each claim asks for, without what it takes back. One statement."""
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), units__gt=0)
    found: dict[UUID, list[Line]] = {}
    for line in rows.order_by("number").values_list(*_LINES):
        found.setdefault(line[1], []).append(line)
    return found


def line_meant(control: str, code: str, lines: Iterable[Line]) -> UUID | None:
    """The line with that control number, else the only one whose number was so altered; without one, the only line of
    that code.
    """
    listed = list(lines)
    named = [line[0] for line in listed if line[3] and line[3] == control.upper()]
    if named:
        return named[0]
    nearly = [line[0] for line in listed if line[3] and is_nearly(control, line[3])]
    if len(nearly) == 1:
        return nearly[0]
    same = [line[0] for line in listed if line[2] == code.upper()]
    return same[0] if len(same) == 1 else None


def line_asked(control: str, code: str, asked: str, lines: Iterable[Line]) -> UUID | None:
    """The same where the payer made another procedure of it: by what was asked, if it says so, before what it paid."""
    listed = list(lines)
    found = line_meant(control, asked, listed) if asked else None
    return found or line_meant(control, code, listed)


def meant_by(line: PaidLine, lines: Iterable[Line]) -> UUID | None:
    """The line of a claim that a paid line answers; None where that is not clear."""
    return line_asked(line.control, line.code, line.asked, lines)
