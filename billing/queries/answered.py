"""Claims with every answer that payers gave of them, in the order in which they were given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F

from billing.models import Adjustment, Claim, ClaimLine, PayerRoute, RemittanceClaim, RemittanceLine
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
    """These claims with all their answers: five statements for any number, and one for each step of replacement."""
    claims = list(
        Claim.objects.filter(organization_id=organization_id, id__in=list(claim_ids))
        .select_related("episode__clinic")
        .defer("facts", "verdict", "content")
        .order_by("id")
    )
    answers, paid_on, keys = _answers(organization_id, claim_ids)
    days = _days(organization_id, {claim.payer_id for claim in claims})
    codes = _codes(organization_id, claim_ids)
    earlier = _earlier(organization_id, claims)
    return [
        AnsweredClaim(
            id=claim.id,
            service_on=claim.service_on,
            is_superseded=claim.is_superseded,
            zone=ZoneInfo(claim.episode.clinic.time_zone),
            days=days.get(claim.payer_id),
            answers=tuple(answers.get(claim.id, ())),
            paid_on=paid_on,
            keys=keys,
            codes=codes.get(claim.id, {}),
            replaced_id=claim.replaces_id,
            earlier_ids=earlier.get(claim.id, ()),
        )
        for claim in claims
    ]


def _answers(
    organization_id: UUID, claim_ids: Collection[UUID]
) -> tuple[dict[UUID, list[Answered]], dict[UUID, date | None], dict[UUID | None, str]]:
    rows = list(
        RemittanceClaim.objects.filter(
            organization_id=organization_id, claim_id__in=list(claim_ids), set_aside_because=""
        )
        .select_related("remittance")
        .order_by(
            F("remittance__paid_on").asc(nulls_first=True),
            "remittance__posted_at",
            "remittance__position",
            "position",
            "id",
        )
    )
    ids = [row.id for row in rows]
    of_claim, of_line = _adjusted(organization_id, ids)
    lines: dict[UUID, list[AnsweredLine]] = {}
    keys: dict[UUID | None, str] = {}
    found_lines = RemittanceLine.objects.filter(organization_id=organization_id, remittance_claim_id__in=ids)
    for line in found_lines.order_by("position", "id"):
        keys[line.id] = str(line.claim_line_id or line.code)
        adjusted = tuple(of_line.get(line.id, ()))
        one = AnsweredLine(line.id, keys[line.id], line.charge, line.paid, adjusted)
        lines.setdefault(line.remittance_claim_id, []).append(one)
    found: dict[UUID, list[Answered]] = {}
    for row in rows:
        answer = Answered(
            row.id,
            row.is_reversal,
            row.charge,
            row.paid,
            tuple(of_claim.get(row.id, ())),
            tuple(lines.get(row.id, ())),
        )
        assert row.claim_id is not None
        found.setdefault(row.claim_id, []).append(answer)
    return found, {row.id: row.remittance.paid_on for row in rows}, keys


def _adjusted(
    organization_id: UUID, ids: Collection[UUID]
) -> tuple[dict[UUID, list[Adjusted]], dict[UUID, list[Adjusted]]]:
    """Reasons by answer, of the whole claim, and by line."""
    of_claim: dict[UUID, list[Adjusted]] = {}
    of_line: dict[UUID, list[Adjusted]] = {}
    rows = Adjustment.objects.filter(organization_id=organization_id, remittance_claim_id__in=list(ids))
    for row in rows.order_by("position", "id"):
        one = Adjusted(row.group, row.reason, row.amount)
        if row.remittance_line_id is None:
            of_claim.setdefault(row.remittance_claim_id, []).append(one)
        else:
            of_line.setdefault(row.remittance_line_id, []).append(one)
    return of_claim, of_line


def _days(organization_id: UUID, payer_ids: Collection[UUID]) -> dict[UUID, AnswerDays]:
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


def _earlier(organization_id: UUID, claims: Collection[Claim]) -> dict[UUID, tuple[UUID, ...]]:
    """By claim, those that it replaced, the last one first."""
    found: dict[UUID, tuple[UUID, ...]] = {
        claim.id: (claim.replaces_id,) for claim in claims if claim.replaces_id is not None
    }
    to_look = {ids[-1] for ids in found.values()}
    while to_look:
        rows = Claim.objects.filter(organization_id=organization_id, id__in=to_look, replaces__isnull=False)
        before = dict(rows.values_list("id", "replaces_id"))
        found = {id_: (*ids, before[ids[-1]]) if ids[-1] in before else ids for id_, ids in found.items()}
        to_look = {id_ for id_ in before.values() if id_ is not None}
    return found
