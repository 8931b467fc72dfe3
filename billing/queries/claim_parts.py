"""A claim's lines, its denials and the other claims of its month, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.models import Claim, DenialState
from billing.queries.claims import claim_name


@dataclass(frozen=True, slots=True)
class DenialShown:
    """A denial as the claim's page names it."""

    id: UUID
    reason: str
    amount: Decimal
    state: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Relative:
    """Another claim of the same patient and month: the one before, or after."""

    id: UUID
    name: str
    frequency: str
    is_superseded: bool


@dataclass(frozen=True, slots=True)
class LinePart:
    """A line as it stands on the claim. `amount` is the national one; None where it is not known."""

    number: int
    code: str
    units: int
    charge: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class ClaimParts:
    """Lines and relatives in their order, denials as they were found."""

    lines: tuple[LinePart, ...]
    denials: tuple[DenialShown, ...]
    relatives: tuple[Relative, ...]


_PARTS: Final = """
    SELECT 'line', l.id, l.code, '', l.charge, l.amount, l.number, l.units, false, NULL::date
      FROM billing_claimline l
     WHERE l.organization_id = %(organization)s AND l.claim_id = %(claim)s
     UNION ALL
    SELECT 'denial', d.id, d."group" || '-' || d.reason, d.state, d.amount, NULL, 0, 0, false, d.found_on
      FROM billing_denial d
     WHERE d.organization_id = %(organization)s AND d.claim_id = %(claim)s
     UNION ALL
    SELECT 'relative', c.id, c.frequency, '', NULL, NULL, b.number, c.number, c.is_superseded, NULL
      FROM billing_claim c
      JOIN billing_batch b ON b.organization_id = c.organization_id AND b.id = c.batch_id
     WHERE c.organization_id = %(organization)s AND c.patient_id = %(patient)s AND c.month = %(month)s
       AND c.id <> %(claim)s
     ORDER BY 1, 10, 7, 8, 2
"""


def claim_parts(claim: Claim) -> ClaimParts:
    """What hangs on one claim. One statement."""
    given: dict[str, Any] = {
        "organization": claim.organization_id,
        "claim": claim.id,
        "patient": claim.patient_id,
        "month": claim.month,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, given)
        rows = cursor.fetchall()
    return ClaimParts(
        lines=tuple(_line(row) for row in rows if row[0] == "line"),
        denials=tuple(_denial(row) for row in rows if row[0] == "denial"),
        relatives=tuple(_relative(row) for row in rows if row[0] == "relative"),
    )


def _line(row: tuple[Any, ...]) -> LinePart:
    _, _, code, _, charge, amount, number, units, _, _ = row
    return LinePart(number, code, units, charge, amount)


def _denial(row: tuple[Any, ...]) -> DenialShown:
    _, id_, reason, state, amount, *_ = row
    return DenialShown(id_, reason, amount, str(DenialState(state).label), state == DenialState.OPEN)


def _relative(row: tuple[Any, ...]) -> Relative:
    _, id_, frequency, _, _, _, batch, number, is_superseded, _ = row
    return Relative(id_, claim_name(batch, number), frequency, is_superseded)
