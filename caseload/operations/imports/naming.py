"""What the keys of an import plan stand for: fetched from the record, or made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bhi.accounts.operations import add_member
from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic, Membership, Role
from caseload.rules.imports.known import KnownClinic, KnownName
from caseload.rules.imports.people import is_self_pay
from caseload.rules.imports.plans import ContactPlan, ImportPlan
from registry.models import Episode, Patient, Payer, TreatingClinician
from registry.operations.people import payer_named, treating_clinician_named
from registry.operations.recording import Stamp
from registry.queries.protocols import Protocol, protocols_of
from registry.rules.names import read_person


@dataclass
class Named:
    """What the plan's keys stand for."""

    clinics: dict[str, Clinic] = field(default_factory=dict)
    staff: dict[str, Membership] = field(default_factory=dict)
    clinicians: dict[str, TreatingClinician] = field(default_factory=dict)
    payers: dict[str, Payer] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    new_episodes: dict[str, Episode] = field(default_factory=dict)
    protocols: Mapping[UUID, Protocol] = field(default_factory=dict)

    def episode_of(self, plan: ContactPlan) -> Episode:
        return self.episodes[plan.episode] if plan.episode else self.new_episodes[plan.patient]


def everything_named(plan: ImportPlan, stamp: Stamp) -> Named:
    """What the plan's keys stand for. Clinics, seats, clinicians and payers that are new are made here."""
    organization_id = stamp.by.organization_id
    named = Named(
        clinics=_by_key(Clinic.objects.filter(organization_id=organization_id)),
        staff={str(key): seat for key, seat in people_of(organization_id).items()},
        clinicians=_by_key(TreatingClinician.objects.filter(organization_id=organization_id)),
        payers=_by_key(Payer.objects.filter(organization_id=organization_id)),
        patients=_patients_on_record(plan, organization_id),
        episodes=_episodes_on_record(plan, organization_id),
        protocols=protocols_of(organization_id),
    )
    named.clinics |= {each.key: _make_clinic(each, stamp) for each in plan.clinics}
    named.staff |= {each.key: _make_seat(each, stamp) for each in plan.staff}
    named.clinicians |= {each.key: _make_clinician(each, stamp) for each in plan.clinicians}
    codes = _payer_codes(plan)
    named.payers |= {each.key: _make_payer(each, codes.get(each.key, ""), stamp) for each in plan.payers}
    return named


def _by_key(rows: Iterable[Any]) -> dict[str, Any]:
    return {str(row.id): row for row in rows}


def _patients_on_record(plan: ImportPlan, organization_id: UUID) -> dict[str, Patient]:
    keys = {each.key for each in plan.patients if not each.is_new}
    keys |= {each.patient for each in plan.contacts if not each.patient.startswith("row:")}
    return _by_key(Patient.objects.live().filter(organization_id=organization_id, id__in=keys))


def _episodes_on_record(plan: ImportPlan, organization_id: UUID) -> dict[str, Episode]:
    keys = {each.writes.episode_key for each in plan.patients} | {each.episode for each in plan.contacts}
    return _by_key(Episode.objects.live().filter(organization_id=organization_id, id__in=keys - {""}))


def _make_clinic(clinic: KnownClinic, stamp: Stamp) -> Clinic:
    made: Clinic = Clinic.objects.create(
        organization_id=stamp.by.organization_id, name=clinic.name[:200], time_zone=clinic.zone
    )
    return made


def _make_seat(person: KnownName, stamp: Stamp) -> Membership:
    """A seat without a user: somebody whose work is on record and who does not sign in."""
    return add_member(
        organization=stamp.by.organization,
        user=None,
        name=person.name[:200],
        credential=person.credential[:40],
        roles=[Role.CARE_MANAGER],
    )


def _make_clinician(person: KnownName, stamp: Stamp) -> TreatingClinician:
    name = read_person(person.name)
    return treating_clinician_named(
        by=stamp.by, family_name=name.family, given_name=name.given, credential=person.credential[:40]
    )


def _make_payer(payer: KnownName, code: str, stamp: Stamp) -> Payer:
    return payer_named(by=stamp.by, name=payer.name, payer_code=code, is_self_pay=is_self_pay(payer.name))


def _payer_codes(plan: ImportPlan) -> Mapping[str, str]:
    rows = ((each.payer, each.candidate.insurance) for each in plan.patients)
    return {key: insurance.payer_code for key, insurance in rows if insurance and insurance.payer_code}
