"""Claims of a month that brought less than they asked for and that nobody works on any more: given up, or too late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from billing.models import Claim, ClaimLine, Denial, DenialState, Frequency, PayerRoute
from billing.queries.answered import Answers, answers_of, replaced_before
from billing.queries.claim_states import REJECTED, claim_states
from billing.queries.claims import claim_name
from billing.queries.denial_days import dated
from billing.rules.answered_lines import WHOLE
from billing.rules.money import NOTHING, lost_of
from billing.rules.standing import Standing, standing_after
from caseload.rules.clock import first_day


class Lost(StrEnum):
    """How a claim was lost: denied, and given up or past its last day; rejected and not sent again, while the payer
    still takes it or after that.
    """

    DENIED = "denied"
    REJECTED = "rejected"
    REJECTED_LATE = "rejected_late"


@dataclass(frozen=True, slots=True)
class LostClaim:
    """A claim, how it was lost, and how much it would still have brought by national amounts (None: not known)."""

    id: UUID
    name: str
    episode_id: UUID
    patient_id: UUID
    patient_name: str
    payer: str
    why: Lost
    amount: Decimal | None


def claims_lost(organization_id: UUID, month: str, *, on: date) -> list[LostClaim]:
    """Claims of the month that stand and were lost by that day, by patient's name. At most nine statements, and one for
    each step of replacement, whatever the number.
    """
    claims = _standing(organization_id, month)
    ids = [claim.id for claim in claims]
    states = claim_states(organization_id, ids)
    rejected = {id_ for id_ in ids if states[id_].word == REJECTED}
    denied = _given_up(organization_id, ids, on)
    wanted = rejected | set(denied)
    if not wanted:
        return []
    days = _days(organization_id)
    came = _came(organization_id, wanted)
    lines = _lines(organization_id, wanted)
    found = []
    for claim in claims:
        if claim.id in rejected:
            why = Lost.REJECTED_LATE if _is_late(claim, days, on) else Lost.REJECTED
            amount = came.lost(claim.id, lines[claim.id], [WHOLE])
        elif claim.id in denied:
            why, amount = Lost.DENIED, came.lost(claim.id, lines[claim.id], denied[claim.id])
        else:
            continue
        if amount != NOTHING:
            found.append(_lost(claim, why, amount))
    return found


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of claims and of those before them, by line and in all."""

    standing: Mapping[UUID, Standing]
    codes: Mapping[str, str]
    before: Mapping[UUID, tuple[UUID, ...]]

    def lost(self, claim_id: UUID, lines: Mapping[str, ClaimLine], keys: Iterable[str]) -> Decimal | None:
        chain = [self.standing[id_] for id_ in (claim_id, *self.before.get(claim_id, ())) if id_ in self.standing]
        own = self.standing.get(claim_id)
        got: dict[str, Decimal] = {}
        for key, amount in [*own.paid.items(), *own.owed.items()] if own is not None else ():
            got[_line_of(lines, key, self.codes)] = got.get(_line_of(lines, key, self.codes), NOTHING) + amount
        return lost_of(
            {key: line.amount for key, line in lines.items()},
            {_line_of(lines, key, self.codes) for key in keys},
            got,
            sum((one.paid_in_all + one.owed_in_all for one in chain), NOTHING),
        )


def _line_of(lines: Mapping[str, ClaimLine], key: str, codes: Mapping[str, str]) -> str:
    """The line that an answer means, where it names none by its code; the whole claim where that is none of its."""
    if key in lines:
        return key
    return next((id_ for id_, line in lines.items() if line.code == codes.get(key, key)), WHOLE)


def _standing(organization_id: UUID, month: str) -> list[Claim]:
    rows = Claim.objects.filter(organization_id=organization_id, month=first_day(month), is_superseded=False)
    parts = rows.exclude(batch__is_test=True).select_related("patient", "payer", "batch")
    return list(parts.defer("facts", "verdict", "content").order_by("patient__sort_name", "id"))


def _given_up(organization_id: UUID, claim_ids: Collection[UUID], on: date) -> dict[UUID, list[str]]:
    """By claim the lines whose denial was written off, or passed its last day without anybody working on it."""
    rows = dated(Denial.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids)))
    over = Q(state=DenialState.WRITTEN_OFF) | Q(state=DenialState.OPEN, last_day__lt=on)
    found: dict[UUID, list[str]] = {}
    for claim_id, is_line, line, code in rows.filter(over).values_list(
        "claim_id", "remittance_line_id", "remittance_line__claim_line_id", "remittance_line__code"
    ):
        found.setdefault(claim_id, []).append(WHOLE if is_line is None else str(line or code))
    return found


def _came(organization_id: UUID, claim_ids: Collection[UUID]) -> _Came:
    before = replaced_before(organization_id, claim_ids)
    answers: Answers = answers_of(organization_id, [*claim_ids, *(id_ for ids in before.values() for id_ in ids)])
    return _Came({id_: standing_after(said) for id_, said in answers.of_claims.items()}, answers.codes, before)


def _lines(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, dict[str, ClaimLine]]:
    found: dict[UUID, dict[str, ClaimLine]] = {id_: {} for id_ in claim_ids}
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=list(claim_ids), units__gt=0)
    for line in rows.order_by("claim_id", "number"):
        found[line.claim_id][str(line.id)] = line
    return found


def _days(organization_id: UUID) -> dict[UUID, tuple[int, int]]:
    """By payer, how long it takes a claim, and a corrected one."""
    rows = PayerRoute.objects.filter(organization_id=organization_id)
    return {
        payer: (first, again) for payer, first, again in rows.values_list("payer_id", "filing_days", "corrected_days")
    }


def _is_late(claim: Claim, days: Mapping[UUID, tuple[int, int]], on: date) -> bool:
    of_payer = days.get(claim.payer_id)
    if of_payer is None:
        return False
    first, again = of_payer
    return claim.service_on + timedelta(days=first if claim.frequency == Frequency.ORIGINAL else again) < on


def _lost(claim: Claim, why: Lost, amount: Decimal | None) -> LostClaim:
    return LostClaim(
        id=claim.id,
        name=claim.control_number or claim_name(claim.batch.number, claim.number),
        episode_id=claim.episode_id,
        patient_id=claim.patient_id,
        patient_name=f"{claim.patient.family_name}, {claim.patient.given_name}",
        payer=claim.payer.name,
        why=why,
        amount=amount,
    )
