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
    """Open patients and review slots of other clinics, in the roles that stay: of those lost it is said already.

    A patient whose home is one of the clinics is seen wherever they are enrolled.
    """
    open_ones = Episode.objects.live().filter(organization_id=seat.organization_id, ended_on=None)
    away = open_ones.exclude(clinic_id__in=clinics).exclude(patient__clinic_id__in=clinics)
    slots = ReviewSlot.objects.filter(organization_id=seat.organization_id, consultant=seat, is_current=True)
    consultant = Role.PSYCHIATRIC_CONSULTANT.value
    found = [
        (Role.CARE_MANAGER.value, away.filter(care_manager=seat), "Open patients of other clinics: {}."),
        (consultant, away.filter(consultant=seat), "Open patients of other clinics as psychiatric consultant: {}."),
        (consultant, slots.exclude(clinic_id__in=clinics), "Weekly review slots at other clinics: {}."),
        (
            Role.TREATING_CLINICIAN.value,
            away.filter(treating_clinician__membership=seat),
            "Open patients of other clinics whose treating clinician this is: {}.",
        ),
    ]
    counted = [(rows.count(), sentence) for role, rows, sentence in found if role not in roles_lost]
    return [sentence.format(count) for count, sentence in counted if count]
