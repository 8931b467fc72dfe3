"""The invented clinics, seats and sign-ins of the demonstration organizations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bhi.accounts.models import User
from bhi.accounts.operations import add_member, create_organization
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic, Membership, Organization, Role

ZONE: Final = "America/Chicago"
SLUG: Final = "demo"
SECOND_SLUG: Final = "demo-two"

SIGN_INS: Final = (
    (Role.CARE_MANAGER, "care.manager@demo.example", "Nora Ellison", "LCSW"),
    (Role.PSYCHIATRIC_CONSULTANT, "consultant@demo.example", "Priya Raman", "MD"),
    (Role.TREATING_CLINICIAN, "clinician@demo.example", "Ana Whitfield", "MD"),
    (Role.BILLING, "billing@demo.example", "Greta Lund", ""),
    (Role.CLINIC_LEAD, "lead@demo.example", "Samuel Price", "LCSW"),
    (Role.ADMIN, "admin@demo.example", "Iris Calloway", ""),
)
# Family name, given name, credential, NPI (with valid check digits; they belong to nobody we know of).
CLINICIANS: Final = (
    ("Whitfield", "Ana", "MD", "1234567893"),
    ("Baptiste", "Claude", "DO", "1245319599"),
    ("Sato", "Reiko", "NP", "1467560003"),
    ("Okafor", "Tunde", "MD", "1679285407"),
)
# How advice reaches each of them, and the address where it is a link.
CHANNELS: Final = (("inbox", ""), ("paper", ""), ("link", "sato@practice.example"), ("ehr", ""))


@dataclass(frozen=True)
class Staff:
    """Who works in the demonstration."""

    organization: Organization
    clinics: tuple[Clinic, ...]
    care_managers: tuple[Membership, ...]
    consultant: Membership
    clinician: Membership
    lead: Membership
    admin: Membership
    system: Membership


def make_staff(*, password: str, at: datetime) -> Staff:
    """Both organizations with everybody in them. The consultant has a seat in each, to show switching."""
    organization = create_organization(slug=SLUG, name="Cedar Hill Primary Care (demonstration)", at=at)
    seats = {
        role: add_member(
            organization=organization,
            user=User.objects.create_user(email, password, name=name),
            name=name,
            roles=[role],
            credential=credential,
        )
        for role, email, name, credential in SIGN_INS
    }
    colleague = add_member(
        organization=organization, user=None, name="Ben Otieno", roles=[Role.CARE_MANAGER], credential="RN"
    )
    _second_organization(seats[Role.PSYCHIATRIC_CONSULTANT].user, at=at)
    with tenant(organization):
        clinics = tuple(
            Clinic.objects.create(organization=organization, name=name, time_zone=ZONE, npi=npi)
            for name, npi in (("Cedar Hill", "1093817462"), ("Mill Creek", "1184728396"))
        )
        system = Membership.objects.get(organization=organization, is_system=True)
    return Staff(
        organization=organization,
        clinics=clinics,
        care_managers=(seats[Role.CARE_MANAGER], colleague),
        consultant=seats[Role.PSYCHIATRIC_CONSULTANT],
        clinician=seats[Role.TREATING_CLINICIAN],
        lead=seats[Role.CLINIC_LEAD],
        admin=seats[Role.ADMIN],
        system=system,
    )


def _second_organization(consultant: User | None, *, at: datetime) -> None:
    organization = create_organization(slug=SECOND_SLUG, name="Lakeside Family Medicine (demonstration)", at=at)
    add_member(
        organization=organization,
        user=consultant,
        name="Priya Raman",
        roles=[Role.PSYCHIATRIC_CONSULTANT],
        credential="MD",
    )
    with tenant(organization):
        Clinic.objects.create(organization=organization, name="Lakeside", time_zone="America/Denver")
