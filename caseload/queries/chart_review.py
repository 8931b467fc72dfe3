"""What the chart says for the psychiatric review: open questions, and when the treatment was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.tenancy.models import Membership
from caseload.models import ChangeOf, QuestionKind
from caseload.queries.patient_record import PatientRecord, day


@dataclass(frozen=True)
class OpenQuestion:
    """What the consultant was asked and has not answered."""

    on: date
    label: str
    text: str
    who: str


def open_questions_on(record: PatientRecord, people: Mapping[UUID, Membership]) -> Iterable[OpenQuestion]:
    """The first asked first."""
    for row in record.of("question"):
        who = people.get(UUID(row["asked_by_id"]))
        label = str(QuestionKind(row["kind"]).label)
        yield OpenQuestion(day(row["asked_on"]), label, row["text"], who.name if who else "")


def changes_on(record: PatientRecord) -> Iterable[tuple[date, str]]:
    """The changes of treatment in words, the first on top: `Medication: sertraline 50 to 100 mg`."""
    for row in record.of("change"):
        yield day(row["on"]), f"{ChangeOf(row['of']).label}: {row['text']}"


def announced_on(record: PatientRecord) -> list[tuple[str, str]]:
    """The signals that were announced to have begun: word and first day."""
    return [(row["word"], row["since_on"]) for row in record.of("began")]
