"""What hangs on a patient's record, and whether two records can become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet

from bhi.errors import NotFound
from bhi.tenancy.base import TenantModel
from billing.models import ChargePosted, Claim
from registry.models import Episode, Patient, PatientMerge, Referral
from registry.rules.people import SECTIONS

HOME: Final = "home"
"""The home clinic and the record number there: chosen together, as the number is the clinic's."""
FIELDS: Final = tuple(name for section in ("person", "contact", "address", "visit") for name in SECTIONS[section])

# What tells of records as they were: it stays with the record that it was said of.
STAYING: Final = frozenset({
    ("registry.PatientMerge", "kept"), ("registry.PatientMerge", "merged"),
    ("registry.NotTheSame", "patient"), ("registry.NotTheSame", "other"),
})  # fmt: skip

# What is shown of the rows that would move: one and several of a kind.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "registry.Episode": ("enrolment", "enrolments"),
    "registry.Referral": ("referral", "referrals"),
    "caseload.Contact": ("contact", "contacts"),
    "caseload.TimeEntry": ("time entry", "time entries"),
    "caseload.CaseReview": ("case review", "case reviews"),
    "caseload.FollowUp": ("follow-up", "follow-ups"),
    "registry.Assessment": ("score", "scores"),
    "registry.Consent": ("consent", "consents"),
    "registry.InitiatingVisit": ("initiating visit", "initiating visits"),
    "registry.Coverage": ("insurance", "insurances"),
    "registry.RelatedPerson": ("related person", "related people"),
    "registry.Stay": ("stay", "stays"),
    "registry.SafetyPlan": ("safety plan", "safety plans"),
    "registry.SafetyNotice": ("safety notice", "safety notices"),
    "registry.RiskCase": ("risk case", "risk cases"),
    "registry.SelfReport": ("questionnaire", "questionnaires"),
    "registry.RecordNumber": ("record number", "record numbers"),
    "billing.Claim": ("claim", "claims"),
    "billing.PriorService": ("earlier service", "earlier services"),
    "billing.OtherService": ("other service", "other services"),
}


@cache
def keys_to_patient() -> tuple[tuple[type[Model], str], ...]:
    """Every column of a tenant table that refers to a patient and moves with a merge, found from the models."""
    return tuple(
        (model, field.name)
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        for field in model._meta.concrete_fields
        if field.related_model is Patient and (model._meta.label, field.name) not in STAYING
    )


def rows_of(model: type[Model], field: str, patient_id: UUID) -> QuerySet[Any]:
    """Rows of a table that go with a patient. What was voided cannot be changed any more, and stays."""
    found: QuerySet[Any] = model._default_manager.filter(**{field: patient_id})
    return found.filter(voided_at__isnull=True) if is_fact(model) else found


def is_fact(model: type[Model]) -> bool:
    """Whether rows of a table can be voided, and then stay as they are."""
    return any(field.name == "voided_at" for field in model._meta.concrete_fields)


@dataclass(frozen=True)
class Record:
    """One of two records that may be one person."""

    patient: Patient
    clinic: str
    moves: tuple[str, ...]

    @property
    def moves_words(self) -> str:
        """What hangs on it, as a sentence part."""
        return ", ".join(self.moves) or "nothing yet"


@dataclass(frozen=True)
class Comparison:
    """Two records side by side. `refusal` says why they cannot be merged, empty if they can."""

    one: Record
    other: Record
    differing: tuple[str, ...]
    refusal: str


def comparison(organization_id: UUID, one_id: UUID, other_id: UUID) -> Comparison:
    """Two live records of the organization, what differs, and what would move. Raises NotFound."""
    if one_id == other_id:
        raise NotFound
    moves = _moves(organization_id, [one_id, other_id])
    one, other = (_record(organization_id, patient_id, moves) for patient_id in (one_id, other_id))
    differing = tuple(_differing(one.patient, other.patient))
    return Comparison(one, other, differing, refusal(one_id, other_id))


def refusal(one_id: UUID, other_id: UUID) -> str:
    """Why two records cannot become one, as a sentence with what to do; empty if they can."""
    if _are_enrolled_at_once(one_id, other_id):
        return (
            "Both records were enrolled at the same time, so minutes and claims of both would fall together. "
            "One of the enrolments has to be taken back first."
        )
    open_referrals = Referral.objects.live().filter(patient_id__in=(one_id, other_id), ended_on__isnull=True)
    if open_referrals.count() == 2:
        return "Both records have an open referral. End one of them as a duplicate first."
    month = _claimed_twice(one_id, other_id)
    if month:
        return f"Both records have a claim for {month:%B %Y}. Correct one of the claims first."
    month = _posted_and_claimed(one_id, other_id)
    if month:
        return (
            f"{month:%B %Y} was claimed under one record and its charge is ticked as posted under the other. "
            "Take one of them back first."
        )
    return ""


@dataclass(frozen=True)
class MergeShown:
    """A merge that can be taken apart."""

    id: UUID
    name: str
    mrn: str
    by_id: UUID
    at: datetime


def merges_into(patient_id: UUID) -> tuple[MergeShown, ...]:
    """Records that were merged into this one and stand so, the latest first. One statement."""
    found = PatientMerge.objects.filter(kept_id=patient_id, undone_at__isnull=True).select_related("merged")
    return tuple(
        MergeShown(row.id, row.merged.name, row.merged.mrn, row.by_id, row.at) for row in found.order_by("-at", "-id")
    )


def merge_of(organization_id: UUID, patient_id: UUID, merge_id: UUID) -> PatientMerge:
    """A merge into this patient. Raises NotFound."""
    found = PatientMerge.objects.filter(organization_id=organization_id, kept_id=patient_id, id=merge_id).first()
    if found is None:
        raise NotFound
    return found


def _record(organization_id: UUID, patient_id: UUID, moves: Mapping[UUID, list[str]]) -> Record:
    found = Patient.objects.live().filter(organization_id=organization_id, id=patient_id)
    patient = found.select_related("clinic").first()
    if patient is None:
        raise NotFound
    return Record(patient, patient.clinic.name, tuple(moves.get(patient_id, ())))


def _moves(organization_id: UUID, people: Sequence[UUID]) -> dict[UUID, list[str]]:
    """How many rows of each kind hang on each record, in words. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_counts(), {"organization": organization_id, "people": list(people)})
        rows = cursor.fetchall()
    found: dict[UUID, list[str]] = {}
    for label, patient_id, count in rows:
        found.setdefault(patient_id, []).append(f"{count} {_WORDS[label][count != 1]}")
    return found


@cache
def _counts() -> str:
    """One count per kind of row, in the order of the words."""
    keys = {model._meta.label: (model, field) for model, field in keys_to_patient()}
    return " UNION ALL ".join(_count(label, *keys[label]) for label in _WORDS)


def _count(label: str, model: type[Model], field: str) -> str:
    column = model._meta.get_field(field).column  # type: ignore[union-attr]
    live = " AND voided_at IS NULL" if is_fact(model) else ""
    return (
        f"SELECT '{label}', {column}, count(*) FROM {model._meta.db_table} "  # noqa: S608 - names of our own tables
        f"WHERE organization_id = %(organization)s AND {column} = ANY(%(people)s){live} GROUP BY {column}"
    )


def _differing(one: Patient, other: Patient) -> Iterable[str]:
    if (one.clinic_id, one.mrn) != (other.clinic_id, other.mrn):
        yield HOME
    yield from (name for name in FIELDS if getattr(one, name) != getattr(other, name))


def _are_enrolled_at_once(one_id: UUID, other_id: UUID) -> bool:
    """Leaving on the day on which the other enrolment begins is one after the other."""
    spans: dict[UUID, list[tuple[date, date]]] = {one_id: [], other_id: []}
    found = Episode.objects.live().filter(patient_id__in=spans)
    for patient_id, enrolled_on, ended_on in found.values_list("patient_id", "enrolled_on", "ended_on"):
        spans[patient_id].append((enrolled_on, ended_on or date.max))
    return any(
        (first[0] < second[1] and second[0] < first[1]) or first[0] == second[0]
        for first in spans[one_id]
        for second in spans[other_id]
    )


def _claimed_twice(one_id: UUID, other_id: UUID) -> date | None:
    """The first month and family for which both have a live claim."""
    rows = Claim.objects.filter(patient_id__in=(one_id, other_id), is_superseded=False)
    # One record has one live claim of a family a month.
    times = Counter(rows.values_list("month", "family"))
    return min((month for (month, _), count in times.items() if count > 1), default=None)


def _posted_and_claimed(one_id: UUID, other_id: UUID) -> date | None:
    """The first month that was posted of the one and claimed of the other: together they would be billed twice."""
    both = (one_id, other_id)
    of_other = Claim.objects.filter(patient_id__in=both, month=OuterRef("month"), is_superseded=False)
    rows = ChargePosted.objects.live().filter(
        Exists(of_other.exclude(patient_id=OuterRef("patient_id"))), patient_id__in=both
    )
    return min(rows.values_list("month", flat=True), default=None)
