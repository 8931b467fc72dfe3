"""Letters: the wordings in force, and what was printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.errors import NotFound
from caseload.models import Letter, LetterKind, LetterTemplate
from caseload.rules.letters import DEFAULTS, LANGUAGES

KINDS = tuple((str(value), str(label)) for value, label in LetterKind.choices)


@dataclass(frozen=True)
class Wording:
    """A letter's text in force; `changed_at` None where it is ours."""

    kind: str
    language: str
    title: str
    body: str
    changed_at: datetime | None


def wordings(organization_id: UUID) -> dict[tuple[str, str], Wording]:
    """Every letter in every language, the organization's own where it wrote one. One statement."""
    own = {(row.kind, row.language): row for row in LetterTemplate.objects.filter(organization_id=organization_id)}
    found = {}
    for kind, label in KINDS:
        for language, name in LANGUAGES:
            row = own.get((kind, language))
            body, changed_at = (row.body, row.changed_at) if row else (DEFAULTS[kind, language], None)
            found[kind, language] = Wording(kind, language, f"{label}, {name}", body, changed_at)
    return found


def letter_of(organization_id: UUID, patient_id: UUID, letter_id: UUID) -> Letter:
    """A letter that was printed for a patient. Raises NotFound."""
    found = Letter.objects.live().filter(organization_id=organization_id, patient_id=patient_id, id=letter_id)
    letter: Letter | None = found.first()
    if letter is None:
        raise NotFound
    return letter


def letters_of(organization_id: UUID, patient_id: UUID) -> tuple[Letter, ...]:
    """Every letter to a patient, the latest first. One statement."""
    found = Letter.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    return tuple(found.order_by("-on", "-id"))
