"""Which records 42 CFR part 2 covers, repeated on each of them so that pages and files need no query for the notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from registry.models import Episode, PartTwoMark, PartTwoProgram, Patient
from registry.queries.part_two import programs_of


def refresh_part_two(patient_ids: Iterable[UUID]) -> None:
    """Set on each record whether it is covered: after marks were made, taken back, or moved by a merge."""
    _refresh(Patient.objects.filter(id__in=list(patient_ids)))


def refresh_all(organization_id: UUID) -> int:
    """Set it on every record of an organization. How many it was wrong on."""
    return _refresh(Patient.objects.filter(organization_id=organization_id))


def cover_new(by_kind: Mapping[type[Any], Sequence[Any]]) -> None:
    """Have patients and enrolments that are about to be stored covered where their clinic is a program.

    One statement where there is either, and another where one is enrolled in a program's clinic.
    """
    patients, episodes = by_kind.get(Patient, ()), by_kind.get(Episode, ())
    for one in (*patients[:1], *episodes[:1]):
        programs = programs_of(one.organization_id)
        break
    else:
        return
    clinics = {program.clinic_id for program in programs}
    for patient in patients:
        patient.is_part_two = patient.is_part_two or bool(clinics & {None, patient.clinic_id})
    enrolled = [episode for episode in episodes if clinics & {None, episode.clinic_id}]
    if enrolled:
        ids = {episode.patient_id for episode in enrolled}
        Patient.objects.filter(id__in=ids, is_part_two=False).update(is_part_two=True)


def _refresh(patients: Any) -> int:
    of = {"organization_id": OuterRef("organization_id")}
    programs = PartTwoProgram.objects.live().filter(**of)
    enrolled = Episode.objects.live().filter(
        **of, patient_id=OuterRef("pk"), clinic_id__in=PartTwoProgram.objects.live().values("clinic_id")
    )
    here = programs.filter(Q(clinic__isnull=True) | Q(clinic_id=OuterRef("clinic_id")))
    marks = PartTwoMark.objects.live().filter(**of, patient_id=OuterRef("pk"))
    covered = patients.annotate(is_covered=Exists(marks) | Exists(here) | Exists(enrolled))
    changed: int = covered.exclude(is_part_two=F("is_covered")).update(is_part_two=~F("is_part_two"))
    return changed
