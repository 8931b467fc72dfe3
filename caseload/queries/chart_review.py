"""What the chart says for the psychiatric review: open questions, and when the treatment was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.tenancy.models import Membership
from caseload.models import ChangeOf, LoopState, QuestionKind, RecommendationKind
from caseload.queries.patient_record import PatientRecord, day
from caseload.rules.advice import UNDECIDED, goes_ahead


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


@dataclass(frozen=True)
class OpenAdvice:
    """A recommendation that is on its way: what is asked, where it stands, and until when."""

    ask: str
    state: str
    due_on: date


def open_advice_on(record: PatientRecord) -> Iterable[OpenAdvice]:
    """What is due first on top."""
    for row in record.of("advice"):
        said = ", ".join(filter(None, (row["text"].strip(), row["dose"].strip())))
        is_ours = row["state"] in UNDECIDED and goes_ahead(row["kind"])
        state = "To carry out" if is_ours else str(LoopState(row["state"]).label)
        yield OpenAdvice(said or str(RecommendationKind(row["kind"]).label), state, day(row["due_on"]))


def changes_on(record: PatientRecord) -> Iterable[tuple[date, str]]:
    """The changes of treatment in words, the first on top: `Medication: sertraline 50 to 100 mg`."""
    for row in record.of("change"):
        yield day(row["on"]), f"{ChangeOf(row['of']).label}: {row['text']}"


def announced_on(record: PatientRecord) -> list[tuple[str, str]]:
    """The signals that were announced to have begun: word and first day."""
    return [(row["word"], row["since_on"]) for row in record.of("began")]
