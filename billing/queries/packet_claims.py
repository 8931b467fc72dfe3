"""The claims for a month and everything that was answered, as a packet lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q

from bhi.tenancy.models import Membership
from billing.models import Acknowledgement, Adjustment, Claim, ClaimLine, RemittanceClaim
from billing.queries.claims import claim_name
from billing.rules.packet import AnswerOn, ClaimOn
from caseload.rules.clock import first_day
from registry.models import Episode

ACKNOWLEDGED = {True: "Accepted", False: "Rejected"}


def packet_claims(episode: Episode, month: str, people: Mapping[UUID, Membership]) -> tuple[ClaimOn, ...]:
    """Every claim for the episode's month in the order in which they were made; a test file's asked for nothing and
    is none. Five statements.
    """
    rows = Claim.objects.filter(
        organization_id=episode.organization_id, episode_id=episode.id, month=first_day(month), batch__is_test=False
    ).defer("facts", "verdict", "content")
    claims = list(rows.select_related("batch").order_by("batch__number", "number"))
    if not claims:
        return ()
    lines = _lines(episode.organization_id, claims)
    answers = _answers(episode.organization_id, claims)
    return tuple(_claim(claim, lines.get(claim.id, []), answers[claim.id], people) for claim in claims)


def _claim(claim: Claim, lines: list[ClaimLine], answers: list[AnswerOn], people: Mapping[UUID, Membership]) -> ClaimOn:
    return ClaimOn(
        name=claim_name(claim.batch.number, claim.number),
        control_number=claim.control_number,
        frequency=claim.get_frequency_display(),
        batch=claim.batch.number,
        made_at=claim.batch.made_at,
        made_by=people[claim.batch.made_by_id].name,
        service_on=claim.service_on,
        lines=tuple((line.code, line.units) for line in lines),
        charge=claim.charge,
        is_superseded=claim.is_superseded,
        answers=tuple(answers),
    )


def _lines(organization_id: UUID, claims: Iterable[Claim]) -> dict[UUID, list[ClaimLine]]:
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=[claim.id for claim in claims])
    found: dict[UUID, list[ClaimLine]] = {}
    for line in rows.order_by("number"):
        found.setdefault(line.claim_id, []).append(line)
    return found


def _answers(organization_id: UUID, claims: list[Claim]) -> dict[UUID, list[AnswerOn]]:
    """What was said of each claim or of its whole file, then what was paid for it."""
    found: dict[UUID, list[AnswerOn]] = {claim.id: [] for claim in claims}
    of = Q(claim_id__in=list(found)) | Q(claim__isnull=True, batch_id__in=[claim.batch_id for claim in claims])
    said = Acknowledgement.objects.filter(of, organization_id=organization_id)
    for one in said.order_by("file__received_at", "position"):
        answer = AnswerOn(one.said_on, one.kind, f"{ACKNOWLEDGED[one.is_accepted]} ({one.code})")
        for claim in claims:
            if one.claim_id == claim.id or (one.claim_id is None and one.batch_id == claim.batch_id):
                found[claim.id].append(answer)
    paid = RemittanceClaim.objects.filter(organization_id=organization_id, claim_id__in=list(found))
    adjusted = _adjusted(organization_id, list(found))
    for row in paid.select_related("remittance").order_by("remittance__posted_at", "position"):
        found[row.claim_id].append(_payment(row, adjusted.get(row.id, [])))  # type: ignore[index]
    return found


def _payment(row: RemittanceClaim, adjusted: list[Adjustment]) -> AnswerOn:
    said = "Payment taken back" if row.is_reversal else "Answered"
    trace = row.remittance.trace_number
    return AnswerOn(
        on=row.remittance.paid_on,
        kind="835",
        said=f"{said}, payment {trace}" if trace else said,
        charge=row.charge,
        paid=row.paid,
        patient_owes=row.patient_owes,
        adjustments=tuple((f"{one.group}-{one.reason}", one.amount) for one in adjusted),
    )


def _adjusted(organization_id: UUID, claim_ids: list[UUID]) -> dict[UUID, list[Adjustment]]:
    rows = Adjustment.objects.filter(organization_id=organization_id, remittance_claim__claim_id__in=claim_ids)
    found: dict[UUID, list[Adjustment]] = {}
    for row in rows.order_by("position"):
        found.setdefault(row.remittance_claim_id, []).append(row)
    return found
