"""Whose months may not be told to a payer: marked under 42 CFR part 2, without a consent that stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from bhi.tenancy.sight import seeing_everything
from billing.models import Claim, Frequency, Packet
from billing.queries.calendar import page_zone
from billing.queries.whom_shown import patients_in_batch
from caseload.rules.clock import local_date
from registry.models import Patient
from registry.queries.part_two import any_part_two, part_two_of, refused_among
from registry.rules.part_two import NOTICE, Use


def refused_of(organization_id: UUID, patients: Iterable[Patient], *, at: datetime) -> frozenset[UUID]:
    """Of these patients, those of whom nothing may leave for payment now. No statement where none is marked."""
    marked = [patient.id for patient in patients if patient.is_part_two]
    if not marked:
        return frozenset()
    on = local_date(at, page_zone(organization_id))
    return refused_among(organization_id, marked, use=Use.PAYMENT, on=on)


def refused_ids(organization_id: UUID, patient_ids: Iterable[UUID], *, at: datetime) -> frozenset[UUID]:
    """Of these, those of whom nothing may leave for payment now: also whom who looks may not see, since they stand in
    the file all the same. One statement more where none is marked than the clinic's day takes.
    """
    on = local_date(at, page_zone(organization_id))
    with seeing_everything():
        return refused_among(organization_id, patient_ids, use=Use.PAYMENT, on=on)


def refused_in_batch(organization_id: UUID, batch_id: UUID, *, at: datetime) -> frozenset[UUID]:
    """Of a batch's patients, those of whom nothing may leave for payment now.

    A claim that takes an earlier one back (frequency 8) leaves all the same: the payer has what it says, under the
    consent that held then, and only money goes back (2.31(a)(6); docs/adr/0041).
    """
    with seeing_everything():
        asking = Claim.objects.filter(organization_id=organization_id, batch_id=batch_id).exclude(
            frequency=Frequency.VOID
        )
        return refused_ids(organization_id, asking.values_list("patient_id", flat=True).distinct(), at=at)


def states_of(organization_id: UUID, patients: Iterable[Patient], *, at: datetime) -> dict[UUID, str]:
    """Of those who are marked: `allowed` to leave for payment, or `refused`. No statement where none is marked."""
    marked = [patient for patient in patients if patient.is_part_two]
    refused = refused_of(organization_id, marked, at=at)
    return {patient.id: "refused" if patient.id in refused else "allowed" for patient in marked}


def notices_of(packet: Packet, *, at: datetime) -> tuple[str, ...]:
    """What stands on each page of a packet of marked records: the statement, and of one patient the consent's scope."""
    on = local_date(at, page_zone(packet.organization_id))
    if packet.episode is not None:
        return part_two_of(packet.organization_id, packet.episode.patient_id).notices(Use.PAYMENT, on)
    assert packet.batch_id is not None
    patients = list(patients_in_batch(packet.organization_id, packet.batch_id))
    return (NOTICE,) if any_part_two(packet.organization_id, patients) else ()
