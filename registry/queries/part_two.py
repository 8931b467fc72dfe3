"""What of a patient's record 42 CFR part 2 covers, and which consents stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from registry.models import Episode, PartTwoConsent, PartTwoMark, PartTwoNotice, PartTwoProgram, Patient
from registry.rules.part_two import NOTICE, ConsentGiven, Use, consent_for, may_leave


@dataclass(frozen=True)
class PartTwo:
    """Marks, consents and the programs that the patient is of. `is_marked` where the record is covered."""

    is_marked: bool
    marks: tuple[PartTwoMark, ...]
    consents: tuple[PartTwoConsent, ...]
    programs: tuple[PartTwoProgram, ...] = ()

    def may_leave(self, use: Use, on: date) -> bool:
        """Whether something of the record may leave for a use."""
        return may_leave(is_marked=self.is_marked, consents=map(given, self.consents), use=use, on=on)

    def consent(self, use: Use, on: date) -> ConsentGiven | None:
        """The consent under which it leaves."""
        return consent_for(map(given, self.consents), use, on)

    def notices(self, use: Use, on: date) -> tuple[str, ...]:
        """What stands on something that leaves: the statement, and the scope of the consent (2.32)."""
        if not self.is_marked:
            return ()
        consent = self.consent(use, on)
        return (NOTICE, consent.scope) if consent is not None else (NOTICE,)


def given(row: PartTwoConsent) -> ConsentGiven:
    """A consent as the rules see it."""
    is_revoked = row.revoked_at is not None
    return ConsentGiven(row.purpose, row.signed_on, row.until_on, is_revoked, row.recipient, row.what)


def part_two_of(organization_id: UUID, patient_id: UUID) -> PartTwo:
    """Live marks and consents, the newest first, and programs. Three statements."""
    of = {"organization_id": organization_id, "patient_id": patient_id}
    marks = tuple(PartTwoMark.objects.live().filter(**of).order_by("-from_on", "-id"))
    consents = tuple(PartTwoConsent.objects.live().filter(**of).order_by("-signed_on", "-id"))
    programs = programs_of_patient(organization_id, patient_id)
    return PartTwo(bool(marks or programs), marks, consents, programs)


def programs_of(organization_id: UUID) -> tuple[PartTwoProgram, ...]:
    """What of the organization is a program itself: all of it, which stands first, or clinics. One statement."""
    rows = PartTwoProgram.objects.live().filter(organization_id=organization_id).select_related("clinic")
    return tuple(rows.order_by(F("clinic__name").asc(nulls_first=True), "id"))


def programs_of_patient(organization_id: UUID, patient_id: UUID) -> tuple[PartTwoProgram, ...]:
    """The programs that a patient is of: by their own clinic, or by one where they were enrolled. One statement."""
    of = {"organization_id": organization_id}
    home = Patient.objects.filter(**of, id=patient_id).values("clinic_id")
    enrolled = Episode.objects.live().filter(**of, patient_id=patient_id).values("clinic_id")
    here = Q(clinic__isnull=True) | Q(clinic_id__in=home) | Q(clinic_id__in=enrolled)
    return tuple(PartTwoProgram.objects.live().filter(here, **of).order_by(F("clinic_id").asc(nulls_first=True), "id"))


def notices_given(organization_id: UUID, patient_id: UUID) -> tuple[PartTwoNotice, ...]:
    """When the patient was given the notice of 42 CFR 2.22, the newest first. One statement."""
    rows = PartTwoNotice.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    return tuple(rows.order_by("-given_on", "-id"))


def refused_among(organization_id: UUID, patient_ids: Iterable[UUID], *, use: Use, on: date) -> frozenset[UUID]:
    """Of these patients, those of whom nothing may leave for a use. One statement where none is marked, else two."""
    marked = marked_among(organization_id, patient_ids)
    if not marked:
        return frozenset()
    consents = PartTwoConsent.objects.live().filter(organization_id=organization_id, patient_id__in=marked)
    by_patient: dict[UUID, list[ConsentGiven]] = {}
    for row in consents:
        by_patient.setdefault(row.patient_id, []).append(given(row))

    return frozenset(
        one for one in marked if not may_leave(is_marked=True, consents=by_patient.get(one, ()), use=use, on=on)
    )


def marked_among(organization_id: UUID, patient_ids: Iterable[UUID]) -> list[UUID]:
    """Of these patients, those whose record is covered, in order. One statement."""
    rows = Patient.objects.filter(organization_id=organization_id, id__in=list(patient_ids), is_part_two=True)
    return list(rows.order_by("id").values_list("id", flat=True))


def is_part_two(organization_id: UUID, patient_id: UUID) -> bool:
    """Whether part of a record is covered. One statement."""
    return any_part_two(organization_id, [patient_id])


def any_part_two(organization_id: UUID, patient_ids: Sequence[UUID]) -> bool:
    """Whether part of any of these records is covered. One statement."""
    found = Patient.objects.filter(organization_id=organization_id, id__in=patient_ids, is_part_two=True)
    return bool(found.exists())


def any_on_paper(organization_id: UUID, patient_ids: Collection[UUID]) -> bool:
    """Whether a page that shows these needs the notice when it is printed. One statement, of the frame's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM registry_patient AS on_paper"
            " WHERE organization_id = %s AND id = ANY(%s) AND is_part_two)",
            [organization_id, list(patient_ids)],
        )
        return bool(cursor.fetchone()[0])


def notice_of_file(organization_id: UUID, patient_ids: Iterable[UUID]) -> str:
    """What stands on every line of a file of these patients; empty where no record is covered. One statement."""
    return NOTICE if any_part_two(organization_id, list(patient_ids)) else ""
