"""Claims with every answer that payers gave of them, in the order in which they were given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import Claim, ClaimLine, PayerRoute
from billing.rules.answer_order import FIRST, in_turn, places_of
from billing.rules.denials import Adjusted, AnswerDays, Answered, AnsweredLine


@dataclass(frozen=True, slots=True)
class AnsweredClaim:
    """A claim, its answers, and what a denial of it needs to know.

    `keys` names by remittance line the line that it answers, `codes` by that name its code; `paid_on` is by answer.
    `earlier_ids` are the claims that it replaced, directly or through others.
    """

    id: UUID
    service_on: date
    is_superseded: bool
    zone: ZoneInfo
    days: AnswerDays | None
    answers: tuple[Answered, ...]
    paid_on: Mapping[UUID, date | None]
    keys: Mapping[UUID | None, str]
    codes: Mapping[str, str]
    replaced_id: UUID | None = None
    earlier_ids: tuple[UUID, ...] = field(default=())


def answered_claims(organization_id: UUID, claim_ids: Collection[UUID]) -> list[AnsweredClaim]:
    """These claims with all their answers: four statements for any number, and one for
    each step of replacement."""
    claims = list(
        Claim.objects.filter(organization_id=organization_id, id__in=list(claim_ids))
        .select_related("episode__clinic")
        .defer("facts", "verdict", "content")
        .order_by("id")
    )
    answers = answers_of(organization_id, claim_ids)
    days = answer_days(organization_id, {claim.payer_id for claim in claims})
    codes = _codes(organization_id, claim_ids)
    earlier = replaced_before(organization_id, claim_ids)
    return [
        AnsweredClaim(
            id=claim.id,
            service_on=claim.service_on,
            is_superseded=claim.is_superseded,
            zone=ZoneInfo(claim.episode.clinic.time_zone),
            days=days.get(claim.payer_id),
            answers=answers.of_claims.get(claim.id, ()),
            paid_on=answers.paid_on,
            keys=answers.keys,
            codes=codes.get(claim.id, {}),
            replaced_id=claim.replaces_id,
            earlier_ids=earlier.get(claim.id, ()),
        )
        for claim in claims
    ]


# Some claims with every answer in the order in which it was given, its lines and reasons, as one statement.
_ANSWERS = """
    SELECT k.id, k.batch_id, k.charge, c.id, c.is_reversal, c.charge, c.paid, c.payer_claim_number, r.paid_on,
           r.posted_at, c.position, c.status_code, r.id, coalesce(nullif(r.payer_identifier, ''), r.payer_name),
           (SELECT json_agg(json_build_array(l.id, l.claim_line_id, l.code, l.charge::text, l.paid::text, asked.code)
                            ORDER BY l.position, l.id)
            FROM billing_remittanceline l
            LEFT JOIN billing_claimline asked
                   ON asked.organization_id = l.organization_id AND asked.id = l.claim_line_id
            WHERE l.organization_id = %(organization)s AND l.remittance_claim_id = c.id),
           (SELECT json_agg(json_build_array(a.remittance_line_id, a."group", a.reason, a.amount::text)
                            ORDER BY a.position, a.id)
            FROM billing_adjustment a
            WHERE a.organization_id = %(organization)s AND a.remittance_claim_id = c.id)
    FROM billing_claim k
    LEFT JOIN billing_remittanceclaim c
           ON c.organization_id = k.organization_id AND c.claim_id = k.id AND c.set_aside_because = ''
    LEFT JOIN billing_remittance r ON r.organization_id = c.organization_id AND r.id = c.remittance_id
    WHERE k.organization_id = %(organization)s AND k.id = ANY(%(claims)s::uuid[])
    ORDER BY r.paid_on NULLS FIRST, r.posted_at, r.position, r.id, c.position, c.id
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """Some claims with everything that payers answered of them: their batches and charges, their answers in turn;
    `keys` names by remittance line the line that it answers, `codes` by that name its code, as far as one was answered;
    `numbers` says under which the first payer keeps a claim, as its last posted answer names it.
    """

    claims: dict[UUID, tuple[UUID, Decimal | None]]
    of_claims: dict[UUID, tuple[Answered, ...]]
    paid_on: dict[UUID, date | None]
    keys: dict[UUID | None, str]
    codes: dict[str, str]
    numbers: dict[UUID, str]


def answers_of(organization_id: UUID, claim_ids: Collection[UUID]) -> Answers:
    """These claims and their answers. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"organization": organization_id, "claims": list(claim_ids)})
        rows = cursor.fetchall()
    found: dict[UUID, list[Answered]] = {}
    keys: dict[UUID | None, str] = {}
    codes: dict[str, str] = {}
    posted: dict[UUID, tuple[datetime, int]] = {}
    answered = [row for row in rows if row[3] is not None]
    for row in answered:
        found.setdefault(row[0], []).append(_answer(row, keys, codes))
        posted[row[3]] = row[9], row[10]
    of_claims = {claim_id: in_turn(answers) for claim_id, answers in found.items()}
    return Answers(
        claims={row[0]: (row[1], row[2]) for row in rows},
        of_claims=of_claims,
        paid_on={row[3]: row[8] for row in answered},
        keys=keys,
        codes=codes,
        numbers={claim_id: number for claim_id, said in of_claims.items() if (number := _number(said, posted))},
    )


def _answer(row: Sequence[Any], keys: dict[UUID | None, str], codes: dict[str, str]) -> Answered:
    id_, is_reversal, charge, paid, number = row[3:8]
    status, payment, payer, lines, less = row[11:]
    of_claim, of_line = _adjusted(less or ())
    return Answered(
        id=id_,
        is_reversal=is_reversal,
        charge=charge,
        paid=paid,
        adjusted=of_claim,
        lines=tuple(_line(line, of_line, keys, codes) for line in lines or ()),
        status=status,
        number=number,
        payer=payer,
        payment=payment,
    )


def _number(answers: Sequence[Answered], posted: Mapping[UUID, tuple[datetime, int]]) -> str:
    """A later payer's number is no name for a claim at the first, which is the one that we ask."""
    places = zip(answers, places_of(answers), strict=True)
    named = [one for one, place in places if place == FIRST and one.number]
    return max(named, key=lambda one: posted[one.id]).number if named else ""


def _line(
    line: Sequence[str], of_line: Mapping[str, list[Adjusted]], keys: dict[UUID | None, str], codes: dict[str, str]
) -> AnsweredLine:
    text, claim_line, code, charge, paid, asked = line
    id_ = UUID(text)
    keys[id_] = claim_line or code
    codes[keys[id_]] = asked or code
    return AnsweredLine(id_, keys[id_], Decimal(charge), Decimal(paid), tuple(of_line.get(text, ())))


def _adjusted(less: Iterable[Sequence[str]]) -> tuple[tuple[Adjusted, ...], dict[str, list[Adjusted]]]:
    """The reasons given for a claim as a whole, and those of each of its lines."""
    of_claim: list[Adjusted] = []
    of_line: dict[str, list[Adjusted]] = {}
    for line_id, group, reason, amount in less:
        one = Adjusted(group, reason, Decimal(amount))
        (of_claim if line_id is None else of_line.setdefault(line_id, [])).append(one)
    return tuple(of_claim), of_line


def answer_days(organization_id: UUID, payer_ids: Collection[UUID]) -> dict[UUID, AnswerDays]:
    """By payer, how long it takes corrected claims and appeals; nothing where nobody set it."""
    rows = PayerRoute.objects.filter(organization_id=organization_id, payer_id__in=list(payer_ids))
    return {row.payer_id: AnswerDays(row.corrected_days, row.appeal_days) for row in rows}


def _codes(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """By claim, the codes that it asks for, by the name of their line; a code stands for itself where a payer named
    no line.
    """
    found: dict[UUID, dict[str, str]] = {}
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), units__gt=0)
    for line_id, claim_id, code in rows.values_list("id", "claim_id", "code"):
        found.setdefault(claim_id, {}).update({str(line_id): code, code: code})
    return found


def replaced_before(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """By claim, those that it replaced, the last one first. One statement for each step of replacement."""
    found: dict[UUID, tuple[UUID, ...]] = dict.fromkeys(claim_ids, ())
    while found:
        to_look = {ids[-1] if ids else id_ for id_, ids in found.items()}
        rows = Claim.objects.filter(organization_id=organization_id, id__in=to_look, replaces__isnull=False)
        before = dict(rows.values_list("id", "replaces_id"))
        if not before:
            break
        longer = {id_: before.get(ids[-1] if ids else id_) for id_, ids in found.items()}
        found = {id_: ids if (more := longer[id_]) is None else (*ids, more) for id_, ids in found.items()}
    return {id_: ids for id_, ids in found.items() if ids}


def in_place_of(organization_id: UUID, claim_ids: Collection[UUID]) -> set[UUID]:
    """The claims that were sent in place of these, directly or through others. One statement for each step."""
    found: set[UUID] = set()
    step = set(claim_ids)
    while step:
        rows = Claim.objects.filter(organization_id=organization_id, replaces_id__in=step)
        step = set(rows.values_list("id", flat=True)) - found
        found |= step
    return found
