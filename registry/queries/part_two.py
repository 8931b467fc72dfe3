"""What of a patient's record 42 CFR part 2 covers, and which consents stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from registry.models import PartTwoConsent, PartTwoMark, Patient
from registry.rules.part_two import NOTICE, ConsentGiven, Use, consent_for, may_leave


@dataclass(frozen=True)
class PartTwo:
    """Marks and consents of one patient. `is_marked` where the record is covered."""

    is_marked: bool
    marks: tuple[PartTwoMark, ...]
    consents: tuple[PartTwoConsent, ...]

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
    """Live marks and consents, the newest first. Two statements."""
    of = {"organization_id": organization_id, "patient_id": patient_id}
    marks = tuple(PartTwoMark.objects.live().filter(**of).order_by("-from_on", "-id"))
    consents = tuple(PartTwoConsent.objects.live().filter(**of).order_by("-signed_on", "-id"))
    return PartTwo(bool(marks), marks, consents)


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


def notice_of_file(organization_id: UUID, patient_ids: Iterable[UUID]) -> str:
    """What stands on every line of a file of these patients; empty where no record is covered. One statement."""
    return NOTICE if any_part_two(organization_id, list(patient_ids)) else ""
