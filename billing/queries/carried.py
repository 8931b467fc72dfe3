"""What somebody carries in a role, or at a clinic, that is to be taken from them."""

from __future__ import annotations

from uuid import UUID

from bhi.tenancy.models import Membership, Role
from bhi.tenancy.sight import seeing_everything
from caseload.models import ReviewSlot
from registry.models import ClinicianChannel, Episode, TreatingClinician


def carried(seat: Membership, roles_lost: frozenset[str], clinics: frozenset[UUID] | None) -> list[str]:
    """Sentences about open patients, review slots and inboxes that a change of roles or clinics would leave to nobody.

    `clinics` are those that remain; None: all. Counted whole, whichever clinics whoever asks may see.
    """
    with seeing_everything():
        found = [sentence for role, count, sentence in _in_roles(seat) if role in roles_lost and count]
        if clinics is not None:
            found += _elsewhere(seat, roles_lost, clinics)
    return found


def _in_roles(seat: Membership) -> list[tuple[str, int, str]]:
    open_ones = Episode.objects.live().filter(organization_id=seat.organization_id, ended_on=None)
    managed, consulted = open_ones.filter(care_manager=seat).count(), open_ones.filter(consultant=seat).count()
    slots = ReviewSlot.objects.filter(organization_id=seat.organization_id, consultant=seat, is_current=True).count()
    inboxes = TreatingClinician.objects.filter(
        organization_id=seat.organization_id, membership=seat, channel=ClinicianChannel.INBOX
    ).count()
    consultant = Role.PSYCHIATRIC_CONSULTANT.value
    return [
        (Role.CARE_MANAGER.value, managed, f"Open patients as care manager: {managed}."),
        (consultant, consulted, f"Open patients as psychiatric consultant: {consulted}."),
        (consultant, slots, f"Weekly review slots: {slots}."),
        (Role.TREATING_CLINICIAN.value, inboxes, "A treating clinician decides in this person’s inbox."),
    ]


def _elsewhere(seat: Membership, roles_lost: frozenset[str], clinics: frozenset[UUID]) -> list[str]:
    """Open patients of other clinics; a patient whose home is one of these is seen wherever they are enrolled."""
    if Role.CARE_MANAGER.value in roles_lost:
        return []  # said already, of all of them
    open_ones = Episode.objects.live().filter(organization_id=seat.organization_id, ended_on=None, care_manager=seat)
    count = open_ones.exclude(clinic_id__in=clinics).exclude(patient__clinic_id__in=clinics).count()
    return [f"Open patients of other clinics: {count}."] if count else []
