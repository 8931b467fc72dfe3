"""Whom pages of claims, batches and answers show, for the audit."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from bhi.tenancy.sight import seeing_everything, sees_all
from billing.models import Acknowledgement, AnswerFile, AnswerState, Claim, RemittanceClaim
from billing.queries.answers_shown import PaidClaimShown, SaidShown
from billing.queries.closing import ClinicMonth


def patients_meant(rows: Iterable[PaidClaimShown | SaidShown | None]) -> set[UUID]:
    """Whom the rows of answers mean, as far as that was found."""
    return {row.claim.patient_id for row in rows if row is not None and row.claim is not None}


def episodes_of(months: Iterable[ClinicMonth]) -> set[UUID]:
    """Everybody on the pages of these closes."""
    found: set[UUID] = set()
    for month in months:
        found |= {row.episode_id for row in month.rows} | {one.episode_id for one in month.held}
        found |= {one.episode_id for one in month.changed}
        found |= {one.episode_id for one in month.exceptions if one.episode_id}
    return found


def patients_in_batch(organization_id: UUID, batch_id: UUID) -> frozenset[UUID]:
    """Whose claims a batch holds. One statement."""
    found = Claim.objects.filter(organization_id=organization_id, batch_id=batch_id)
    return frozenset(found.values_list("patient_id", flat=True))


def patients_in_answer(file: AnswerFile) -> frozenset[UUID]:
    """Of whom a file speaks, as far as it was found whom it means. Two statements."""
    paid = RemittanceClaim.objects.filter(organization_id=file.organization_id, remittance__file=file)
    said = Acknowledgement.objects.filter(organization_id=file.organization_id, file=file)
    found = (rows.exclude(claim=None).values_list("claim__patient_id", flat=True) for rows in (paid, said))
    return frozenset().union(*found)


def is_answer_seen_whole(file: AnswerFile, seen: frozenset[UUID]) -> bool:
    """Whether who looks may see everybody of whom a file speaks, `seen` being what patients_in_answer told them.

    Who may not see everything may have it only where each whom it names was found: not while it is read or where it was
    refused, nor where some claim of it is not known, some payment was known before or was left out as another's. No
    statement where they may see everything, else at most four.
    """
    if sees_all():
        return True
    if file.state != AnswerState.READ or file.summary.get("known") or file.summary.get("left_out", 1):
        return False
    with seeing_everything():
        return patients_in_answer(file) == seen and not _has_strangers(file)


def _has_strangers(file: AnswerFile) -> bool:
    """Whether it names somebody of whom no claim is known, set aside or not."""
    paid = RemittanceClaim.objects.filter(organization_id=file.organization_id, remittance__file=file, claim=None)
    said = Acknowledgement.objects.filter(organization_id=file.organization_id, file=file, claim=None)
    return paid.exists() or said.filter(is_of_claim=True).exists()
